"""What a VM needs besides the mesh: a right clock, room on its disks, memory, and the planned package."""

from collections.abc import Iterator, Sequence
from typing import Final

from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.texts.machine_texts import LIBRARY
from hybrid_mesh.operate.doctor.checks.templates import older_files
from hybrid_mesh.operate.doctor.evidence import Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.machines import AGENT, Disk, MachineEvidence
from hybrid_mesh.operate.doctor.repairs import MachineStep, Repair
from hybrid_mesh.operate.doctor.vm_findings import enter

SKEW_SECONDS: Final = 5.0
TOLERANCE_SECONDS: Final = 120.0
"""istiod dates certificates back by two minutes: for a clock that is behind by more, a new one is not valid
yet."""
LITTLE_SHARE: Final = 0.05
LITTLE_BYTES: Final = 512 << 20
FULL_BYTES: Final = 1 << 20
LITTLE_MEMORY: Final = 0.03
_INSTALL: Final = (
    ("rm", "-f", "/var/lib/hybrid-mesh/package"),
    (f"{LIBRARY}/install-package",),
    ("systemctl", "restart", AGENT),
)
"""Without its stamp, the script installs the package again."""


def conditions(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Every VM that can be entered."""
    machines = list(evidence.running())
    own = _own_clock(machines)
    yield from own
    for machine in machines:
        yield from () if own else _clock(machine)
        yield from _disks(machine)
        if machine.available_memory < LITTLE_MEMORY:
            problem = f"{machine.available_memory:.0%} of its memory is available"
            remedy = (enter(machine, "ps -eo rss,args --sort=-rss"),)
            yield Finding("memory-low", Severity.WARNING, f"VM {machine.name}", problem, remedy)
        yield from _package(plan, machine)


def skew(machine: MachineEvidence) -> float:
    """By how many seconds its clock is certainly ahead of this host's; negative if it is behind."""
    least, most = machine.ahead
    return least if least > 0 else min(most, 0.0)


def full_disks(machine: MachineEvidence) -> list[str]:
    """Folders that nothing can be written to."""
    states = {disk.path: _state(disk) for disk in machine.disks}
    return [path for path, state in states.items() if state and state[0] is Severity.BROKEN]


def _own_clock(machines: Sequence[MachineEvidence]) -> list[Finding]:
    """This host's clock, where all VMs agree on another time."""
    skews = [skew(each) for each in machines]
    if len(skews) < 2 or min(map(abs, skews)) < SKEW_SECONDS or max(skews) - min(skews) > SKEW_SECONDS:
        return []
    where = "behind" if skews[0] > 0 else "ahead of"
    problem = (
        f"this host's clock is {_span(abs(skews[0]))} {where} the clocks of all VMs, so it is probably wrong"
    )
    remedy = ("On this host: timedatectl set-ntp true",)
    return [Finding("clock-skew", Severity.WARNING, "this host", problem, remedy)]


def _clock(machine: MachineEvidence) -> Iterator[Finding]:
    seconds = skew(machine)
    if abs(seconds) < SKEW_SECONDS:
        return
    where = "ahead of" if seconds > 0 else "behind"
    problem = f"its clock is {_span(abs(seconds))} {where} this host's"
    severity = Severity.WARNING
    if abs(seconds) > TOLERANCE_SECONDS:
        severity = Severity.BROKEN
        problem += ": it takes certificates and tokens as expired or not yet valid"
    remedy = (enter(machine, "timedatectl set-ntp true"), enter(machine, "timedatectl status"))
    yield Finding("clock-skew", severity, f"VM {machine.name}", problem, remedy)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * TOLERANCE_SECONDS else f"{seconds / 60:.0f} minutes"


def _disks(machine: MachineEvidence) -> Iterator[Finding]:
    """Each file system once: the first folder on it."""
    seen = set()
    for disk in machine.disks:
        if (disk.size, disk.inodes, disk.read_only) in seen:
            continue
        seen.add((disk.size, disk.inodes, disk.read_only))
        state = _state(disk)
        if state:
            severity, what = state
            remedy: tuple[str, ...] = (enter(machine, f"du -xhd2 {disk.path}"),)
            if disk.read_only:
                remedy = (enter(machine, "journalctl -k"), enter(machine, f"mount -o remount,rw {disk.path}"))
            problem = f"the disk of {disk.path} {what}"
            yield Finding("disk-full", severity, f"VM {machine.name}", problem, remedy)


def _state(disk: Disk) -> tuple[Severity, str] | None:
    if disk.read_only:
        return Severity.BROKEN, "is read-only: certificates and tokens cannot be renewed"
    full = ": certificates and tokens cannot be renewed"
    if disk.size and disk.free < FULL_BYTES:
        return Severity.BROKEN, f"is full{full}"
    if disk.inodes and not disk.free_inodes:
        return Severity.BROKEN, f"has no inode left{full}"
    if disk.size and disk.free < min(LITTLE_BYTES, disk.size * LITTLE_SHARE):
        return Severity.WARNING, f"has {disk.free >> 20} MiB left"
    if disk.inodes and disk.free_inodes < disk.inodes * LITTLE_SHARE:
        return Severity.WARNING, f"has {disk.free_inodes} inodes left"
    return None


def _package(plan: MeshPlan, machine: MachineEvidence) -> Iterator[Finding]:
    """The installed package and the agent that runs, of a VM of the current template."""
    wanted = plan.istio.version
    if not _is_release(wanted) or older_files(plan, machine):
        return
    if machine.package and not _is_of(machine.package, wanted):
        problem = f"Istio's package {machine.package} is installed, and the configuration says {wanted}"
    elif machine.version and _is_release(machine.version) and not _is_of(machine.version, wanted):
        problem = f"its agent is of Istio {machine.version}, and the configuration says {wanted}"
    else:
        return
    steps = tuple(MachineStep(machine.group, machine.name, each) for each in _INSTALL)
    repair = Repair(f"Install Istio's package {wanted} in VM {machine.name}?", steps)
    remedy = tuple(enter(machine, " ".join(each)) for each in _INSTALL)
    subject = f"VM {machine.name}"
    yield Finding("package-differs", Severity.WARNING, subject, problem, remedy, None, repair)


def _is_release(version: str) -> bool:
    return all(part.isdigit() for part in version.split("."))


def _is_of(version: str, release: str) -> bool:
    """Whether a package's version is of `release`: 1.31.0, 1.31.0-1."""
    return version.rpartition(":")[2].partition("-")[0].partition("~")[0] == release
