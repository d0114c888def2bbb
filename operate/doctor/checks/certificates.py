"""What every proxy — of pods, gateways and VMs — serves, against what the mesh's clusters issue."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.checks.authorities import (
    Certificate,
    Issuer,
    called,
    left,
    needed_roots,
    read_issuers,
    trusted,
)
from hybrid_mesh.operate.doctor.checks.conditions import full_disks
from hybrid_mesh.operate.doctor.checks.machines import settled
from hybrid_mesh.operate.doctor.evidence import Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.machines import AGENT, IDENTITY, ROOT_FILE, MachineEvidence
from hybrid_mesh.operate.doctor.owners import restart_of
from hybrid_mesh.operate.doctor.proxies import ProxyEvidence, signed
from hybrid_mesh.operate.doctor.repairs import MachineStep, Repair
from hybrid_mesh.operate.doctor.vm_findings import enter

RENEWED: Final = 0.5
"""Share of its validity after which an agent renews a certificate (Istio: SECRET_GRACE_PERIOD_RATIO)."""
OVERDUE: Final = 0.6
"""Share after which that has not happened."""
TAKEN_UP: Final = timedelta(minutes=15)
"""Time in which istiod takes up a new intermediate, and the minutes that certificates are dated back."""
SOON: Final = timedelta(days=14)


@dataclass(frozen=True)
class Member:
    """One proxy: what it serves, the cluster that issues its certificate, and how it is restarted."""

    subject: str
    cluster: str
    served: ProxyEvidence
    remedy: tuple[str, ...]
    repair: Repair | None


def certificates(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Every proxy that was asked, of those of pods and of VMs."""
    issuers = read_issuers(evidence)
    needed = needed_roots(evidence, issuers)
    for member in (*_pods(evidence), *_machines(plan, evidence)):
        yield from _others(evidence, member)
        yield from _member(evidence, member, issuers.get(member.cluster), needed)
    yield from _files(evidence, needed)


def _member(
    evidence: Evidence, member: Member, issuer: Issuer | None, needed: tuple[Certificate, ...]
) -> Iterator[Finding]:
    missing = [root for root in needed if not trusted(root, member.served.roots)]
    if missing:
        had = ", ".join(map(called, member.served.roots)) or "no root"
        problem = f"it trusts {had}, and should trust {called(missing[0])}: it refuses other members"
        offered = issuer is None or not issuer.distributed or trusted(missing[0], issuer.distributed)
        remedy, repair = (member.remedy, member.repair) if offered else (("hybrid-mesh up",), None)
        yield Finding("served-root-differs", Severity.BROKEN, member.subject, problem, remedy, None, repair)
    elif not member.served.chain:
        problem = f"it has no certificate of {member.cluster}"
        yield _restart("certificate-missing", member, problem)
    else:
        yield from _validity(evidence, member)
        if issuer is not None and issuer.intermediate is not None:
            yield from _chain(member, issuer, issuer.intermediate, needed)


def _validity(evidence: Evidence, member: Member) -> Iterator[Finding]:
    own, now = member.served.chain[0], evidence.taken
    begins, ends = own.not_valid_before_utc, own.not_valid_after_utc
    ended = [each for each in member.served.chain[1:] if each.not_valid_after_utc <= now]
    if ends <= now:
        problem = f"its certificate ended on {ends:%Y-%m-%d %H:%M} UTC and was not renewed"
        yield _restart("certificate-expired", member, problem, ends)
    elif ended:
        problem = f"the certificate {called(ended[0])} above its own ended"
        yield _restart("certificate-expired", member, problem, ended[0].not_valid_after_utc)
    elif now > begins + (ends - begins) * OVERDUE:
        due = begins + (ends - begins) * RENEWED
        problem = f"its certificate ends in {left(ends - now)}, and its renewal is overdue"
        remedy, repair = member.remedy, member.repair
        yield Finding("certificate-overdue", Severity.WARNING, member.subject, problem, remedy, due, repair)


def _chain(
    member: Member, issuer: Issuer, current: Certificate, needed: tuple[Certificate, ...]
) -> Iterator[Finding]:
    """Whether its certificate is of its cluster, and of that cluster's intermediate of today."""
    own = member.served.chain[0]
    if signed(own, current):
        return
    former = next((each for each in member.served.chain[1:] if signed(own, each)), None)
    if former is None or not any(signed(former, each) for each in (*needed, *issuer.above, *issuer.roots)):
        problem = f"its certificate is not of the CA of {member.cluster}: other members refuse it"
        yield _restart("certificate-foreign", member, problem)
    elif own.not_valid_before_utc > current.not_valid_before_utc + TAKEN_UP:
        problem = (
            f"istiod of {member.cluster} issued its certificate with the intermediate of before the renewal, "
            f"which ends on {former.not_valid_after_utc:%Y-%m-%d}"
        )
        command = f"rollout restart deployment/istiod --namespace={SYSTEM_NAMESPACE}"
        remedy = (f"hybrid-mesh kubectl {member.cluster} -- {command}",)
        yield Finding("intermediate-not-used", Severity.WARNING, member.subject, problem, remedy)


def _others(evidence: Evidence, member: Member) -> Iterator[Finding]:
    """Certificates that are not the mesh's, such as those of an ingress."""
    for name, each in member.served.others.items():
        ends = each.not_valid_after_utc
        if ends - evidence.taken > SOON:
            continue
        over = ends <= evidence.taken
        problem = f"the certificate {name} that it serves {'ended' if over else 'ends'} on {ends:%Y-%m-%d}"
        remedy = ("Renew the Secret of that certificate: the proxy takes it up without a restart.",)
        severity = Severity.BROKEN if over else Severity.WARNING
        yield Finding("certificate-ends", severity, member.subject, problem, remedy)


def _files(evidence: Evidence, needed: tuple[Certificate, ...]) -> Iterator[Finding]:
    """The roots in a VM's file, by which its agent trusts istiod when it connects again."""
    for machine in evidence.running():
        missing = [root for root in needed if not trusted(root, machine.roots)]
        served = machine.proxy is None or all(trusted(root, machine.proxy.roots) for root in needed)
        runs = machine.is_active(AGENT) and settled(evidence, machine)
        if not missing or not served or not runs or full_disks(machine):
            continue
        had = ", ".join(map(called, machine.roots)) or "no certificate"
        problem = f"its file of roots has {had}, and should have {called(missing[0])}"
        renew = _renew(machine)
        repair = Repair(f"Get the roots of VM {machine.name} again?", (renew,))
        remedy = (enter(machine, f"systemctl restart {IDENTITY}"),)
        subject, since = f"VM {machine.name}", machine.written.get(ROOT_FILE)
        yield Finding("root-file-differs", Severity.BROKEN, subject, problem, remedy, since, repair)


def _pods(evidence: Evidence) -> Iterator[Member]:
    for cluster, found in evidence.answering():
        for name, served in found.proxies.items():
            pod = found.get("Pod", *name.split("/"))
            if isinstance(served, ProxyEvidence) and pod is not None:
                remedy, repair = restart_of(cluster, found, pod["metadata"])
                yield Member(f"pod {name} of {cluster}", cluster, served, remedy, repair)


def _machines(plan: MeshPlan, evidence: Evidence) -> Iterator[Member]:
    for machine in evidence.running():
        if machine.proxy is not None and machine.is_active(AGENT) and settled(evidence, machine):
            steps = (
                _renew(machine),
                MachineStep(machine.group, machine.name, ("systemctl", "restart", AGENT)),
            )
            repair = Repair(f"Get the roots of VM {machine.name} again and restart its agent?", steps)
            remedy = tuple(enter(machine, f"systemctl restart {unit}") for unit in (IDENTITY, AGENT))
            cluster = plan.groups[machine.group].cluster
            yield Member(f"VM {machine.name}", cluster, machine.proxy, remedy, repair)


def _renew(machine: MachineEvidence) -> MachineStep:
    """Gets the roots and a token. The unit tries until it succeeds, so it gets a limit."""
    command = ("timeout", "20", "systemctl", "restart", IDENTITY)
    return MachineStep(machine.group, machine.name, command)


def _restart(check: str, member: Member, problem: str, since: datetime | None = None) -> Finding:
    return Finding(check, Severity.BROKEN, member.subject, problem, member.remedy, since, member.repair)
