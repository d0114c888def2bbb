"""The graph of a running mesh: what doctor and verify found, as the health of its parts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from cryptography import x509

from hybrid_mesh.operate.doctor.checks.authorities import called, read_issuers
from hybrid_mesh.operate.doctor.checks.certificates import OVERDUE, SOON
from hybrid_mesh.operate.doctor.evidence import Evidence
from hybrid_mesh.operate.doctor.findings import Severity
from hybrid_mesh.operate.doctor.machines import MachineEvidence
from hybrid_mesh.operate.doctor.proxies import ProxyEvidence
from hybrid_mesh.operate.doctor.run import Diagnosis
from hybrid_mesh.operate.topology.graph import (
    Certificate,
    Edge,
    Health,
    Kind,
    Node,
    Probe,
    Relation,
    Topology,
)

_SEVERITIES: Final = {Severity.BROKEN: Health.BROKEN, Severity.WARNING: Health.WARNING}
_WORST: Final = (Health.BROKEN, Health.UNKNOWN, Health.WARNING, Health.HEALTHY)
_LIVING: Final = (Kind.CLUSTER, Kind.GROUP, Kind.VM)
"""Kinds that doctor looks at, one by one."""
_MEMBER: Final = re.compile(r"\b(cluster|VM|group|ingress|network|service) (\S+)")
_PLACE: Final = re.compile(r" (?:of|in) (\S+)$")


@dataclass(frozen=True)
class Mark:
    """What was seen of one thing, called as doctor and verify call it (`cluster east`, `VM legacy-0`)."""

    subject: str
    health: Health
    note: str


def live(
    topology: Topology, evidence: Evidence, diagnosis: Diagnosis, verified: Mapping[str, Any]
) -> Topology:
    """`verified` is the report of verify as JSON (`operate.verify.report.as_json`). Pure."""
    probes = tuple(_probes(verified["checks"]))
    found = [*_findings(evidence, diagnosis), *_verified(verified["checks"]), *_gaps(verified["notChecked"])]
    return replace(
        _marked(topology, found),
        live=f"{diagnosis.taken:%Y-%m-%d %H:%M:%S} UTC",
        probes=probes,
        certificates=tuple(_certificates(evidence)),
    )


def unknown(topology: Topology, reason: str) -> Topology:
    """The graph of a mesh that cannot be looked at."""
    return _marked(topology, [Mark("mesh", Health.UNKNOWN, reason)])


def summary(topology: Topology) -> str:
    """How many parts are how, in one line."""
    counts = {health: [each.name for each in topology.nodes if each.health is health] for health in _WORST}
    parts = [f"{len(names)} {health.value}" for health, names in counts.items() if names]
    failed = sum(each.health is Health.BROKEN for each in topology.probes)
    asked = f"; {failed} of {len(topology.probes)} requests failed" if topology.probes else ""
    return f"Parts of the mesh: {', '.join(parts) or 'none'}{asked}."


def _findings(evidence: Evidence, diagnosis: Diagnosis) -> Iterator[Mark]:
    """What was not looked at is unknown; but not a whole cluster that answered, of which a proxy did not."""
    read = {name for name, found in evidence.answering() if not found.unread}
    for each in diagnosis.findings:
        yield Mark(each.subject, _SEVERITIES[each.severity], f"{each.subject}: {each.problem}")
    for subject, reason in diagnosis.unseen:
        place = _PLACE.search(subject)
        known = (place[1] if place else subject.removeprefix("cluster ")) in read
        health = Health.HEALTHY if known else Health.UNKNOWN
        yield Mark(subject, health, f"{subject} was not looked at: {reason}")


def _verified(checks: Sequence[Mapping[str, Any]]) -> Iterator[Mark]:
    """Every destination: broken if no request did what it should, a warning if one did not."""
    outcomes: dict[str, list[Mapping[str, Any]]] = {}
    for each in checks:
        for target in each["to"]:
            outcomes.setdefault(target, []).append(each)
    for target, found in outcomes.items():
        failed = [each for each in found if not each["holds"]]
        if not failed:
            yield Mark(target, Health.HEALTHY, f"verify: {len(found)} of {len(found)} checks passed")
            continue
        health = Health.BROKEN if len(failed) == len(found) else Health.WARNING
        first = f"{failed[0]['subject']}: {failed[0]['detail']}"
        yield Mark(target, health, f"verify: {len(failed)} of {len(found)} checks failed, such as {first}")


def _gaps(gaps: Sequence[Mapping[str, Any]]) -> Iterator[Mark]:
    for each in gaps:
        yield Mark(each["subject"], Health.UNKNOWN, f"{each['subject']} was not verified: {each['reason']}")


def _probes(checks: Sequence[Mapping[str, Any]]) -> Iterator[Probe]:
    for each in checks:
        health = Health.HEALTHY if each["holds"] else Health.BROKEN
        member = _MEMBER.search(each["destination"])
        column = member[0] if member and member[0] in each["to"] else next(iter(each["to"]), "")
        row = next(iter(each["from"]), "")
        ends = each["source"], each["destination"]
        yield Probe(*ends, each["expected"], health, each["detail"], row, column)


def _marked(topology: Topology, marks: Sequence[Mark]) -> Topology:
    """Each mark at the node or edge that it is about; at the whole mesh, if it is about none."""
    by_name = {_called(each): each for each in topology.nodes}
    of: dict[str, list[Mark]] = {}
    for mark in marks:
        parts = _parts(mark.subject, by_name, topology.edges)
        for part in parts or ([] if mark.health is Health.HEALTHY else [""]):
            of.setdefault(part, []).append(mark)
    everywhere = of.pop("", [])
    unseen = any(each.health is Health.UNKNOWN and each.subject == "mesh" for each in everywhere)
    usual = Health.UNKNOWN if unseen else Health.HEALTHY
    return replace(
        topology,
        nodes=tuple(_node(each, of.get(each.id, ()), usual) for each in topology.nodes),
        edges=tuple(_edge(each, of.get(each.id, ())) for each in topology.edges),
        notes=(*topology.notes, *(each.note for each in everywhere)),
    )


def _node(node: Node, marks: Sequence[Mark], usual: Health) -> Node:
    if not marks and node.kind not in _LIVING:
        return node
    health = next((each for each in _WORST if any(mark.health is each for mark in marks)), usual)
    return replace(node, health=health, notes=(*node.notes, *(mark.note for mark in marks)))


def _edge(edge: Edge, marks: Sequence[Mark]) -> Edge:
    if not marks:
        return edge
    health = next(each for each in _WORST if any(mark.health is each for mark in marks))
    return replace(edge, health=health, notes=(*edge.notes, *(mark.note for mark in marks)))


def _called(node: Node) -> str:
    return f"{'VM' if node.kind is Kind.VM else node.kind.value} {node.name}"


def _parts(subject: str, by_name: Mapping[str, Node], edges: Sequence[Edge]) -> list[str]:
    """The ids of what a subject is about: of a pair of clusters its edge and the first one, of an object
    the cluster that has it."""
    named = [
        by_name[f"{kind} {name}"] for kind, name in _MEMBER.findall(subject) if f"{kind} {name}" in by_name
    ]
    if " → " in subject and len(named) > 1:
        ends = {each.id for each in named[:2]}
        pair = [
            each.id
            for each in edges
            if each.relation is Relation.PEERS and {each.source, each.target} == ends
        ]
        return [named[0].id, *pair]
    if named:
        return [named[0].id]
    place = _PLACE.search(subject)
    holder = by_name.get(f"cluster {place[1]}") if place else None
    return [holder.id] if holder else []


def _certificates(evidence: Evidence) -> Iterator[Certificate]:
    """Of each cluster its root, its intermediate, the certificate of a pod that ends first and those of its
    ingress; of each VM its own."""
    issuers = read_issuers(evidence)
    for name, found in evidence.answering():
        issuer, subject = issuers[name], f"cluster {name}"
        for kind, each in (("root", issuer.root), ("intermediate", issuer.intermediate)):
            if each is not None:
                yield _authority(subject, f"{kind} {called(each)}", each, evidence)
        served = {pod: each for pod, each in found.proxies.items() if isinstance(each, ProxyEvidence)}
        own = [(pod, each.chain[0]) for pod, each in served.items() if each.chain]
        if own:
            pod, first = min(own, key=lambda each: each[1].not_valid_after_utc)
            yield _workload(f"pod {pod} of {name}", first, evidence)
        for pod, proxy in served.items():
            for other, certificate in proxy.others.items():
                yield _authority(f"pod {pod} of {name}", other, certificate, evidence)
    for name, machine in evidence.machines.items():
        if isinstance(machine, MachineEvidence):
            chain = machine.proxy.chain if machine.proxy else machine.chain
            if chain:
                yield _workload(f"VM {name}", chain[0], evidence)


def _authority(subject: str, name: str, certificate: x509.Certificate, evidence: Evidence) -> Certificate:
    """One that somebody renews: a warning while there is time to."""
    left = certificate.not_valid_after_utc - evidence.taken
    return _certificate(subject, name, certificate, left, warned=left <= SOON)


def _workload(subject: str, certificate: x509.Certificate, evidence: Evidence) -> Certificate:
    """One that an agent renews: a warning if it should have."""
    ends = certificate.not_valid_after_utc
    left, whole = ends - evidence.taken, ends - certificate.not_valid_before_utc
    return _certificate(subject, "workload", certificate, left, warned=left < whole * (1 - OVERDUE))


def _certificate(
    subject: str, name: str, certificate: x509.Certificate, left: timedelta, *, warned: bool
) -> Certificate:
    ended = Health.BROKEN if left <= timedelta(0) else Health.WARNING
    health = ended if warned or ended is Health.BROKEN else Health.HEALTHY
    expires = f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"
    return Certificate(subject, name, expires, left.days, health)
