"""Clusters that do not answer."""

from collections.abc import Iterator

from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.evidence import Evidence, Unreachable
from hybrid_mesh.operate.doctor.findings import Finding, Severity


def unreachable_clusters(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Active clusters whose API server does not answer this host."""
    del plan
    for name, found in evidence.clusters.items():
        if isinstance(found, Unreachable) and not found.by_design:
            remedy = (
                "hybrid-mesh up",
                f"If the cluster is gone for longer, set `clusters.{name}.state: quarantined` before that.",
            )
            problem = f"its API server does not answer this host: {found.reason}"
            yield Finding("cluster-unreachable", Severity.BROKEN, f"cluster {name}", problem, remedy)
