"""Findings of one VM, and what repairs it there."""

from datetime import datetime

from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.machines import MachineEvidence
from hybrid_mesh.operate.doctor.repairs import MachineStep, Repair


def broken(
    check: str,
    machine: MachineEvidence,
    problem: str,
    remedy: tuple[str, ...],
    *,
    since: datetime | None = None,
    repair: Repair | None = None,
) -> Finding:
    """A fault of a VM."""
    return Finding(check, Severity.BROKEN, f"VM {machine.name}", problem, remedy, since=since, repair=repair)


def enter(machine: MachineEvidence, command: str) -> str:
    """The remedy `command` in a VM."""
    return f"hybrid-mesh lab shell {machine.name} -- {command}"


def restart(machine: MachineEvidence, unit: str, what: str) -> Repair:
    """Restarts `unit`, which is called `what`."""
    step = MachineStep(machine.group, machine.name, ("systemctl", "restart", unit))
    return Repair(f"Restart {what} of VM {machine.name}?", (step,))
