"""The checks: pure functions of the plan and the evidence. Each module is one topic."""

from collections.abc import Callable, Iterator
from typing import Final

from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.checks.clusters import unreachable_clusters
from hybrid_mesh.operate.doctor.checks.drift import changed_objects
from hybrid_mesh.operate.doctor.checks.workloads import workloads
from hybrid_mesh.operate.doctor.evidence import Evidence
from hybrid_mesh.operate.doctor.findings import Finding

Check = Callable[[MeshPlan, Evidence], Iterator[Finding]]

CHECKS: Final[tuple[Check, ...]] = (unreachable_clusters, workloads, changed_objects)
