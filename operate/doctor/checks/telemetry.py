"""Whether what proxies report arrives: the collector's Service, and the Telemetry that Istio uses."""

from collections.abc import Iterator
from typing import Final

from hybrid_mesh.model.derive.collectors import Collector
from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.objects.telemetry import TELEMETRY_NAME
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.types import Object

_SPOKEN: Final = {"grpc": ("grpc", "http2"), "http": ("http",)}
"""Protocol of a collector -> what the name of its port, or `appProtocol`, may declare."""


def telemetry(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Of the collectors in the mesh, and of every cluster with telemetry that answered."""
    seen = set()
    for collector in plan.inside_collectors:
        end = (collector.host, collector.port)
        if end not in seen:
            seen.add(end)
            yield from _unserved(plan, evidence, collector)
    for name, found in evidence.answering():
        if name in plan.reporting:
            yield from _older(name, found)


def _unserved(plan: MeshPlan, evidence: Evidence, collector: Collector) -> Iterator[Finding]:
    """A Service counts wherever it is, as every istiod knows those of its peers: with a cluster that does not
    answer, nothing can be said."""
    name, namespace = collector.host.split(".")[:2]
    services = [(cluster, found.get("Service", namespace, name)) for cluster, found in evidence.answering()]
    there = [(cluster, service) for cluster, service in services if service is not None]
    active = sum(cluster.active for cluster in plan.clusters.values())
    if not there and len(services) == active:
        problem = f"proxies report nothing: no cluster has the Service {namespace}/{name} of the collector"
        remedy = "Install the collector (docs/telemetry.md), or change `telemetry`."
        yield Finding("collector-missing", Severity.WARNING, "mesh", problem, (remedy,))
    for cluster, service in there:
        if not _serves(service, collector):
            wanted = f"port {collector.port} named {collector.protocol}-otlp"
            problem = (
                f"proxies cannot report: the Service {namespace}/{name} of the collector needs a {wanted}"
            )
            remedy = f"hybrid-mesh kubectl {cluster} -- edit service {name} --namespace={namespace}"
            yield Finding("collector-port", Severity.WARNING, f"cluster {cluster}", problem, (remedy,))


def _serves(service: Object, collector: Collector) -> bool:
    for port in (service.get("spec") or {}).get("ports") or ():
        if port.get("port") == collector.port:
            declared = port.get("appProtocol") or str(port.get("name", "")).split("-", 1)[0]
            return declared.lower() in _SPOKEN[collector.protocol]
    return False


def _older(cluster: str, found: ClusterEvidence) -> Iterator[Finding]:
    """Istio uses the oldest Telemetry of a namespace that selects no workloads."""
    ours = found.get("Telemetry", SYSTEM_NAMESPACE, TELEMETRY_NAME)
    if ours is None:
        return
    since = str(ours["metadata"].get("creationTimestamp", ""))
    for each in found.of_kind("Telemetry", SYSTEM_NAMESPACE):
        metadata, spec = each["metadata"], each.get("spec") or {}
        selects = (spec.get("selector") or {}).get("matchLabels") or spec.get("targetRefs")
        if each is ours or selects or str(metadata.get("creationTimestamp", "")) > since:
            continue
        name = metadata["name"]
        problem = f"Istio uses the older Telemetry {SYSTEM_NAMESPACE}/{name} and ignores {TELEMETRY_NAME}"
        delete = f"hybrid-mesh kubectl {cluster} -- delete telemetries.telemetry.istio.io {name}"
        remedy = f"{delete} --namespace={SYSTEM_NAMESPACE}"
        yield Finding("telemetry-ignored", Severity.WARNING, f"cluster {cluster}", problem, (remedy,))
