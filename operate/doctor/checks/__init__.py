"""The checks: pure functions of the plan and the evidence. Each module is one topic."""

from collections.abc import Callable, Iterator
from typing import Final

from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.checks.authorities import authorities
from hybrid_mesh.operate.doctor.checks.certificates import certificates
from hybrid_mesh.operate.doctor.checks.clusters import unreachable_clusters
from hybrid_mesh.operate.doctor.checks.conditions import conditions
from hybrid_mesh.operate.doctor.checks.drift import changed_objects
from hybrid_mesh.operate.doctor.checks.gateways import gateways
from hybrid_mesh.operate.doctor.checks.identities import identities
from hybrid_mesh.operate.doctor.checks.injection import injection
from hybrid_mesh.operate.doctor.checks.machines import machines
from hybrid_mesh.operate.doctor.checks.peers import peers
from hybrid_mesh.operate.doctor.checks.registrations import registrations
from hybrid_mesh.operate.doctor.checks.telemetry import telemetry
from hybrid_mesh.operate.doctor.checks.templates import templates
from hybrid_mesh.operate.doctor.checks.versions import versions
from hybrid_mesh.operate.doctor.checks.webhooks import webhooks
from hybrid_mesh.operate.doctor.checks.workloads import workloads
from hybrid_mesh.operate.doctor.evidence import Evidence
from hybrid_mesh.operate.doctor.findings import Finding

Check = Callable[[MeshPlan, Evidence], Iterator[Finding]]

CHECKS: Final[tuple[Check, ...]] = (
    unreachable_clusters,
    workloads,
    peers,
    gateways,
    webhooks,
    versions,
    injection,
    authorities,
    certificates,
    machines,
    identities,
    conditions,
    registrations,
    templates,
    telemetry,
    changed_objects,
)
