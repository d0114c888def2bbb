"""Whether the VMs of every workload group are members of the mesh, as its control planes have registered
them. This needs no demo, so it is checked for all workloads.
"""

from collections.abc import Collection, Sequence

from hybrid_mesh.model.config.machines import StaticMachinesConfig
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan
from hybrid_mesh.operate.shell import Registration
from hybrid_mesh.operate.verify.checks import (
    ControlPlane,
    Gap,
    MustRegister,
    RegistrationCheck,
    origin_of,
    source_name,
)
from hybrid_mesh.operate.verify.verdict import Verdict


def plan_registrations(
    plan: MeshPlan, absent: Collection[str] = ()
) -> tuple[tuple[RegistrationCheck, ...], tuple[Gap, ...]]:
    """A check for each group whose cluster is active and not `absent`, and a gap for each of a quarantined
    one. Servers without an agent do not register."""
    groups = [g for g in plan.groups.values() if not isinstance(g.config.machines, StaticMachinesConfig)]
    active = [g for g in groups if plan.clusters[g.cluster].active and g.cluster not in absent]
    idle = [group for group in groups if not plan.clusters[group.cluster].active]
    gaps = (Gap(f"group {g.name}", f"its cluster {g.cluster} is quarantined", by_design=True) for g in idle)
    return tuple(map(_check, active)), tuple(gaps)


def judge_registrations(expectation: MustRegister, found: Sequence[Registration]) -> Verdict:
    """VMs that have lost their connection count for nothing: istiod removes their entries after a while."""
    connected = [one for one in found if one.connected]
    faults = [fault for one in connected if (fault := _fault(expectation, one))]
    ready = len(connected) - len(faults)
    state = "registered and healthy" if expectation.probed else "registered"
    if ready < expectation.minimum or faults:
        lost = [f"{one.name} has lost its connection to istiod" for one in found if not one.connected]
        wanted = max(expectation.minimum, len(connected))
        reasons = "; ".join([*faults, *lost])
        detail = f"{ready} of {wanted} VMs are {state}" + (f": {reasons}" if reasons else "")
        return Verdict(False, detail, again=True)
    if not ready:
        return Verdict(True, "no VM is registered, and none is required")
    return Verdict(True, f"{ready} VM{'' if ready == 1 else 's'} {state}")


def _check(group: GroupPlan) -> RegistrationCheck:
    source, destination = ControlPlane(group.cluster), f"VMs of group {group.name}"
    expectation = MustRegister(group.name, group.minimum, group.config.probe is not None)
    vms = frozenset({f"group {group.name}", *(f"VM {machine.name}" for machine in group.machines)})
    subject = f"{source_name(source)} → {destination}"
    return RegistrationCheck(subject, source, destination, expectation, origin_of(source), vms)


def _fault(expectation: MustRegister, one: Registration) -> str:
    if not expectation.probed or one.healthy:
        return ""
    if one.healthy is None:
        return f"the probe of {one.name} has not reported yet"
    return f"{one.name} is not healthy: {one.message or 'no message'}"
