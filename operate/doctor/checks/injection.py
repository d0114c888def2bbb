"""Pods that should have a sidecar, and rules of others that undo the mesh's security."""

from collections.abc import Iterator
from typing import Any, Final

from hybrid_mesh.model.istio_facts import (
    CROSS_NETWORK_PORT,
    INJECTION_LABEL,
    ISTIOD_PORT,
    SYSTEM_NAMESPACE,
    WEBHOOK_PORT,
)
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.owners import deployment_of
from hybrid_mesh.operate.doctor.repairs import KubectlStep, Repair
from hybrid_mesh.operate.doctor.types import Object

_INJECT: Final = "sidecar.istio.io/inject"
_NO_MTLS: Final = ("DISABLE", "SIMPLE")
_NEEDED: Final = {
    "istiod": (ISTIOD_PORT, WEBHOOK_PORT),
    "istio-eastwestgateway": (CROSS_NETWORK_PORT, ISTIOD_PORT),
}
"""Label `app` of pods of `istio-system` -> ports that others must reach."""


def injection(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Of every cluster that answered."""
    del plan
    for name, found in evidence.answering():
        yield from _without_sidecar(name, found)
        yield from _weakened(name, found)
        yield from _blocked(name, found)


def _without_sidecar(cluster: str, found: ClusterEvidence) -> Iterator[Finding]:
    """Pods of namespaces with injection that run without a proxy, though they do not say so."""
    spaces = {
        each["metadata"]["name"]
        for each in found.of_kind("Namespace")
        if (each["metadata"].get("labels") or {}).get(INJECTION_LABEL) == "enabled"
    }
    for pod in found.of_kind("Pod"):
        metadata, spec = pod["metadata"], pod["spec"]
        if (
            metadata["namespace"] not in spaces
            or metadata.get("deletionTimestamp")
            or spec.get("hostNetwork")
        ):
            continue
        if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed") or _declines(metadata):
            continue
        containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
        if any(each["name"] == "istio-proxy" for each in containers):
            continue
        subject = f"pod {metadata['namespace']}/{metadata['name']} of {cluster}"
        problem = "it has no sidecar, and its namespace says that it should: it cannot reach the mesh"
        owner = deployment_of(found, metadata)
        where = f"--namespace={metadata['namespace']}"
        if owner:
            command = ("rollout", "restart", f"deployment/{owner}", where)
            repair = Repair(f"Restart deployment {owner} of {cluster}?", (KubectlStep(cluster, command),))
        else:
            command, repair = ("delete", "pod", metadata["name"], where), None
        remedy = f"hybrid-mesh kubectl {cluster} -- {' '.join(command)}"
        yield Finding("sidecar-missing", Severity.BROKEN, subject, problem, (remedy,), repair=repair)


def _declines(metadata: Any) -> bool:
    said = {**(metadata.get("annotations") or {}), **(metadata.get("labels") or {})}.get(_INJECT)
    return str(said) == "false"


def _weakened(cluster: str, found: ClusterEvidence) -> Iterator[Finding]:
    """Rules that nobody of this program made, and that take mutual TLS away."""
    for each in found.of_kind("PeerAuthentication"):
        metadata = each["metadata"]
        if (metadata["namespace"], metadata["name"]) == (SYSTEM_NAMESPACE, "default"):
            continue  # declared: compared with the plan
        if (each.get("spec") or {}).get("mtls", {}).get("mode") in ("PERMISSIVE", "DISABLE"):
            subject = f"PeerAuthentication {metadata['namespace']}/{metadata['name']} of {cluster}"
            problem = "it lets callers without an identity in, and the mesh is strict"
            yield Finding("mtls-weakened", Severity.WARNING, subject, problem, (_delete(cluster, each),))
    for each in found.of_kind("DestinationRule"):
        policy = (each.get("spec") or {}).get("trafficPolicy") or {}
        if (policy.get("tls") or {}).get("mode") in _NO_MTLS:
            metadata = each["metadata"]
            subject = f"DestinationRule {metadata['namespace']}/{metadata['name']} of {cluster}"
            problem = (
                f"it turns mutual TLS off for {each['spec'].get('host', 'its host')}: strict workloads "
                "refuse its callers"
            )
            yield Finding("mtls-disabled", Severity.BROKEN, subject, problem, (_delete(cluster, each),))


def _delete(cluster: str, each: Object) -> str:
    metadata, kind = each["metadata"], each["kind"].lower()
    return (
        f"hybrid-mesh kubectl {cluster} -- delete {kind} {metadata['name']} "
        f"--namespace={metadata['namespace']}"
    )


def _blocked(cluster: str, found: ClusterEvidence) -> Iterator[Finding]:
    """NetworkPolicies of `istio-system` that leave no way to istiod or its gateway."""
    for policy in found.of_kind("NetworkPolicy", SYSTEM_NAMESPACE):
        spec, name = policy["spec"], policy["metadata"]["name"]
        if "Ingress" not in (spec.get("policyTypes") or ["Ingress"]):
            continue
        for app, ports in _NEEDED.items():
            selected = (spec.get("podSelector") or {}).get("matchLabels") or {}
            if not selected.items() <= {"app": app, "istio": app.removeprefix("istio-")}.items():
                continue
            closed = [str(port) for port in ports if not _allows(spec, port)]
            if closed:
                subject = f"NetworkPolicy {SYSTEM_NAMESPACE}/{name} of {cluster}"
                problem = f"it lets nobody reach port {' and '.join(closed)} of {app}"
                yield Finding(
                    "network-policy", Severity.BROKEN, subject, problem, (_delete(cluster, policy),)
                )


def _allows(spec: Any, port: int) -> bool:
    """Whether some rule has the port. Its sources are not judged."""
    for rule in spec.get("ingress") or ():
        ports = rule.get("ports") or ()
        if not ports or any(_covers(each, port) for each in ports):
            return True
    return False


def _covers(each: Any, port: int) -> bool:
    """A port may be a number, a range, a name (which is not judged), or missing for all."""
    first = each.get("port")
    return not isinstance(first, int) or first <= port <= each.get("endPort", first)
