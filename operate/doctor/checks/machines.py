"""VMs that run: their agent, its identity, redirection, host names, clock, disks and application."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from hybrid_mesh.model.istio_facts import ISTIOD_HOST, ISTIOD_PORT, SYSTEM_NAMESPACE
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan
from hybrid_mesh.operate.doctor.checks.hosts import hosts_faults
from hybrid_mesh.operate.doctor.checks.templates import older_files
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence, Unreachable
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.machines import (
    AGENT,
    ENVIRONMENT_FILE,
    HEALTH,
    LEAVE,
    Absent,
    MachineEvidence,
)
from hybrid_mesh.operate.doctor.vm_findings import broken, enter, restart

JOINING: Final = timedelta(seconds=120)
"""Time that a VM has from its boot until its agent runs, as in a rollout (`local_rollout`)."""
SETTLING: Final = timedelta(seconds=20)
"""Time from the agent's start until everything that depends on it must work."""
REPORTED: Final = timedelta(seconds=8)
"""The same for a VM in service: the time in which that is seen everywhere."""
REPLACING: Final = timedelta(seconds=60)
"""Time between the stop of an agent and the end of its VM, in a rollout."""
OFTEN: Final = 3
"""Number of restarts from which a unit is said not to start."""


def machines(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Every VM that can be entered."""
    for name, found in evidence.machines.items():
        subject = f"VM {name}"
        if isinstance(found, Absent):
            if found.state != "starting":
                problem = f"it does not run: it is {found.state}"
                yield Finding("vm-not-running", Severity.BROKEN, subject, problem, ("hybrid-mesh up",))
        elif isinstance(found, Unreachable):
            if not found.by_design:
                problem = f"commands cannot be run in it: {found.reason}"
                remedy = (f"hybrid-mesh lab logs {name}", "hybrid-mesh up")
                yield Finding("vm-not-running", Severity.BROKEN, subject, problem, remedy)
        else:
            yield from machine_findings(plan, evidence, found)


def machine_findings(plan: MeshPlan, evidence: Evidence, machine: MachineEvidence) -> list[Finding]:
    """What is wrong with one VM: of faults that follow from each other only the first."""
    group = plan.groups[machine.group]
    cluster = evidence.clusters.get(group.cluster)
    booting = evidence.taken - machine.up < JOINING and not machine.is_active(AGENT)
    found = [] if booting else [*hosts_faults(machine, cluster)]  # its agent's start writes the file
    found = found or [*_agent(plan, evidence, machine)]
    if not found and machine.is_active(AGENT) and (serves(machine) or settled(evidence, machine)):
        found = [*_istiod(group, machine, cluster), *_rules(machine), *_application(group, machine)]
    return [*found, *_services(machine)]


def settled(evidence: Evidence, machine: MachineEvidence) -> bool:
    """Whether its agent has been running for long enough to be judged by what depends on it."""
    since = machine.units[AGENT].since if AGENT in machine.units else None
    return since is None or evidence.taken - since > (REPORTED if serves(machine) else SETTLING)


def serves(machine: MachineEvidence) -> bool:
    """Whether it says itself that it is in service."""
    return machine.state == "LIVE" and machine.health is not None and machine.health[0]


def _agent(plan: MeshPlan, evidence: Evidence, machine: MachineEvidence) -> Iterator[Finding]:
    """The unit of Istio's agent, and Envoy."""
    unit, now = machine.units.get(AGENT), evidence.taken
    remedy = (enter(machine, f"systemctl restart {AGENT}"),)
    repair = restart(machine, AGENT, "Istio's agent")

    def finding(problem: str, since: datetime | None) -> Finding:
        return broken("agent-stopped", machine, problem, remedy, since=since, repair=repair)

    if unit is None or unit.load == "not-found":
        if now - machine.up > JOINING:
            problem = "Istio's agent is not installed"
            yield broken("agent-stopped", machine, problem, ("hybrid-mesh up",))
        return
    lasting = now - unit.since if unit.since else JOINING
    said = f": {unit.line}" if unit.line else ""
    if unit.active == "deactivating" and lasting < SETTLING:
        return
    if unit.active in ("activating", "reloading"):
        if unit.restarts >= OFTEN or lasting > SETTLING:
            yield finding(f"Istio's agent ({AGENT}) does not start{said}", unit.since)
    elif unit.active != "active":
        booting = unit.active == "inactive" and now - machine.up < JOINING and not machine.chain
        replaced = lasting < REPLACING and bool(older_files(plan, machine))
        if not booting and not replaced:
            ended = "has failed" if unit.active == "failed" else "is stopped"
            yield finding(f"Istio's agent ({AGENT}) {ended}{said}", unit.since)
    elif machine.state != "LIVE" and lasting > SETTLING:
        problem = f"Envoy does not serve: it is {machine.state or 'not answering'}"
        yield finding(problem, unit.since)


def _istiod(group: GroupPlan, machine: MachineEvidence, cluster: Any) -> Iterator[Finding]:
    """Whether the VM reaches istiod. Where istiod or its gateway is down, or the VM's file of roots is not
    what its proxy trusts, that is the fault."""
    trusts = bool(machine.roots) and (machine.proxy is None or {*machine.proxy.roots} <= {*machine.roots})
    if machine.reached is not False or not trusts or not _control_plane_runs(cluster):
        return
    problem = f"it does not reach istiod of {group.cluster}: {machine.reached_reason}"
    look = enter(machine, f"curl -vk --max-time 3 https://{ISTIOD_HOST}:{ISTIOD_PORT}")
    allow = (
        f"Let the VM's network reach port {ISTIOD_PORT} of the east-west gateway of {group.cluster}, and see "
        "whether the gateway runs."
    )
    yield broken("istiod-unreachable", machine, problem, (look, allow))


def _control_plane_runs(cluster: Any) -> bool:
    if not isinstance(cluster, ClusterEvidence):
        return False
    found = [each for each in cluster.of_kind("Deployment", SYSTEM_NAMESPACE) if _is_needed(each)]
    return all((each.get("status") or {}).get("availableReplicas", 0) for each in found)


def _is_needed(deployment: Any) -> bool:
    name = deployment["metadata"]["name"]
    return bool(name == GATEWAY_NAME or name.startswith("istiod"))


def _rules(machine: MachineEvidence) -> Iterator[Finding]:
    missing = "traffic" if machine.rules is False else ""
    if not missing and machine.dns_rules is False and _captures_dns(machine):
        missing = "DNS"
    if missing:
        problem = f"no rule redirects its {missing} to Envoy: its requests leave without the mesh"
        remedy = (enter(machine, f"systemctl restart {AGENT}"),)
        repair = restart(machine, AGENT, "Istio's agent")
        yield broken("rules-missing", machine, problem, remedy, repair=repair)


def _captures_dns(machine: MachineEvidence) -> bool:
    return "ISTIO_META_DNS_CAPTURE='true'" in machine.texts.get(ENVIRONMENT_FILE, "")


def _application(group: GroupPlan, machine: MachineEvidence) -> Iterator[Finding]:
    """Units of the application, ports of the group, the group's probe."""
    stopped = [
        (name, unit)
        for each in group.config.application.units
        if (unit := machine.units.get(name := each.name)) and unit.active != "active" and not unit.is_done
    ]
    for name, unit in stopped:
        said = f": {unit.line}" if unit.line else ""
        problem = f"the application's unit {name} is {unit.active}{said}"
        remedy, repair = (enter(machine, f"systemctl restart {name}"),), restart(machine, name, name)
        yield broken("application-stopped", machine, problem, remedy, since=unit.since, repair=repair)
    if stopped:
        return
    ports = (group.workload_group["spec"]["template"].get("ports") or {}).values()
    silent = sorted(set(ports) - machine.ports)
    if silent:
        numbers = " and ".join(map(str, silent))
        problem = f"nothing listens on port {numbers}, which the group's `ports` declare"
        remedy = (enter(machine, "ss -ltnp"),)
        severity = Severity.WARNING if group.config.probe is None else Severity.BROKEN
        yield Finding("port-not-listening", severity, f"VM {machine.name}", problem, remedy)
    elif machine.health is not None and not machine.health[0]:
        problem = f"it is not in service: {machine.health[1]}"
        remedy = (enter(machine, "curl -s http://127.0.0.1:15029"),)
        yield broken("vm-unhealthy", machine, problem, remedy)


def _services(machine: MachineEvidence) -> Iterator[Finding]:
    """Units that serve the VM's host, not its requests."""
    for name, why in (
        (HEALTH, "its health endpoint does not answer, by which a cloud replaces VMs"),
        (LEAVE, "it does not leave the mesh before it shuts down, so that callers get errors"),
    ):
        unit = machine.units.get(name)
        if unit is not None and unit.load == "loaded" and unit.active in ("inactive", "failed"):
            if not machine.is_active(AGENT):
                continue
            problem = f"{name} is {'stopped' if unit.active == 'inactive' else unit.active}: {why}"
            remedy, repair = (enter(machine, f"systemctl restart {name}"),), restart(machine, name, name)
            yield Finding(
                "unit-stopped", Severity.WARNING, f"VM {machine.name}", problem, remedy, unit.since, repair
            )
