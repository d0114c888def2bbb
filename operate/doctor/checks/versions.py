"""Versions of istiod and its proxies, and whether istiod's configuration reaches them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.moments import moment

SLOW: Final = timedelta(seconds=30)
"""A configuration that a proxy has not acknowledged for this long is stuck."""
SKEW: Final = 1
"""How many minors a proxy may be older than its istiod (Istio: "Supported releases")."""


def versions(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Proxies that are too old or too new for their istiod, or do not take its configuration."""
    for name, found in evidence.answering():
        running = _istiods(found)
        yield from _planned(plan, name, running)
        for proxy in found.synchronization:
            subject = _subject(plan, name, str(proxy.get("proxy", "")))
            yield from _skew(name, subject, proxy, running)
            yield from _stuck(name, subject, proxy, evidence.taken)


def _istiods(found: ClusterEvidence) -> set[str]:
    """The image tags of the running istiods."""
    tags = set()
    for pod in found.of_kind("Pod", SYSTEM_NAMESPACE):
        if (pod["metadata"].get("labels") or {}).get("app") == "istiod":
            tags |= {each["image"].rpartition(":")[2] for each in pod["spec"]["containers"]}
    return tags


def _planned(plan: MeshPlan, cluster: str, running: set[str]) -> Iterator[Finding]:
    wanted = plan.istio.tag or plan.istio.version
    if running and wanted not in running and plan.clusters[cluster].config.istio.ownership != "existing":
        problem = f"istiod runs {', '.join(sorted(running))}, and the configuration says {wanted}"
        yield Finding("istiod-version", Severity.WARNING, f"cluster {cluster}", problem, ("hybrid-mesh up",))


def _skew(cluster: str, subject: str, proxy: Any, running: set[str]) -> Iterator[Finding]:
    own, theirs = _minor(str(proxy.get("istio_version", ""))), [m for r in running if (m := _minor(r))]
    if own is None or not theirs:
        return
    if own > max(theirs) or own < min(theirs) - SKEW:
        problem = f"its proxy is of Istio 1.{own}, and istiod of {cluster} of 1.{max(theirs)}"
        remedy = "Restart the workload, or renew the VM, so that it gets the proxy of its istiod."
        yield Finding("version-skew", Severity.WARNING, subject, problem, (remedy,))


def _stuck(cluster: str, subject: str, proxy: Any, now: datetime) -> Iterator[Finding]:
    """istiod sent something and the proxy has acknowledged something else, for a while."""
    for kind, each in (proxy.get("resources") or {}).items():
        sent, acked = each.get("sent", ""), each.get("acked", "")
        since = moment(each.get("sentTime"))
        if sent and sent != acked and since is not None and now - since > SLOW:
            name = kind.rpartition(".")[2]
            problem = f"it has not accepted the {name} that istiod of {cluster} sent"
            look = (
                f"hybrid-mesh kubectl {cluster} -- logs deployment/istiod --tail=200 "
                f"--namespace={SYSTEM_NAMESPACE}"
            )
            yield Finding("proxy-not-synced", Severity.BROKEN, subject, problem, (look,), since)


def _minor(version: str) -> int | None:
    parts = version.split(".")
    return int(parts[1]) if len(parts) > 1 and parts[0] == "1" and parts[1].isdigit() else None


def _subject(plan: MeshPlan, cluster: str, proxy: str) -> str:
    """`proxy` is `<pod>.<namespace>` or `<VM>.<namespace>`."""
    name, _, space = proxy.rpartition(".")
    machines = {machine.name for group in plan.groups.values() for machine in group.machines}
    return f"VM {name}" if name in machines else f"pod {space}/{name} of {cluster}"
