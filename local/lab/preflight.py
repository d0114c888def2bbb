"""What this host must have before a lab can start on it. The checks change nothing."""

import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hybrid_mesh.local import packages
from hybrid_mesh.local.lab import toolchain
from hybrid_mesh.local.lab.errors import LabError, PreflightError
from hybrid_mesh.local.lab.privacy import EMPTY
from hybrid_mesh.local.lab.specs import NetworkSpec
from hybrid_mesh.local.linux import cgroups, kernel

SEVERAL_LABS = "HYBRID_MESH_SEVERAL_LABS"
COVERED = ("/var/run", *EMPTY)
NEEDED_MEMORY = 3 << 30
NEEDED_DISK = 2 << 30
NEEDED_WATCHERS = 90
WATCHDOG = "hybrid_mesh.local.lab.watchdog"
"""The module that the first process of a lab runs, with the state folder as its argument."""
_TRIALS = {
    "network namespaces with bridges (module bridge)": "ip link add trial type bridge",
    "virtual links (module veth)": "ip link add trial type veth peer name other",
    "packet filtering (modules nf_tables, nft_compat, nf_nat)": (
        "iptables -t nat -A POSTROUTING -j MASQUERADE"
        " && iptables -A FORWARD -m conntrack --ctstate DNAT -j DROP"
    ),
}


@dataclass(frozen=True)
class Host:
    """What the checks look at; tests replace single values."""

    effective_user: int
    available_memory: int
    free_disk: int
    free_watchers: int
    covered_state: str
    shared_state: bool
    overlay_refused: str
    file_systems: str
    is_there: Callable[[str], bool]
    try_in_namespace: Callable[[str], bool]
    other_labs: tuple[str, ...]
    several_labs: bool
    toolchain_problem: str
    control_groups: str
    state: Path


@dataclass(frozen=True)
class Finding:
    """One subject that was checked: what was found, and one line for each problem with its remedy."""

    subject: str
    found: str
    problems: tuple[str, ...]


def check(state: Path) -> None:
    """Raises PreflightError with one line for each thing that is missing."""
    if problems := find_problems(observe(state)):
        raise PreflightError(problems)


def observe(state: Path) -> Host:
    try:
        toolchain.current()
        toolchain_problem = ""
    except LabError as error:
        toolchain_problem = str(error)
    return Host(
        effective_user=os.geteuid(),
        available_memory=_available_memory(),
        free_disk=shutil.disk_usage(state).free,
        free_watchers=_free_watchers(),
        covered_state=next((top for top in COVERED if Path(top) in state.parents), ""),
        shared_state=_is_shared(state),
        overlay_refused=_overlay_refusal(state),
        file_systems=Path("/proc/filesystems").read_text(),
        is_there=packages.is_there,
        try_in_namespace=_try,
        other_labs=other_labs(state),
        several_labs=os.environ.get(SEVERAL_LABS) == "1",
        toolchain_problem=toolchain_problem,
        control_groups="" if not cgroups.hierarchies() else "v2" if cgroups.unified() else "v1",
        state=state,
    )


def find_problems(host: Host) -> list[str]:
    """One line per problem: what is missing, and what to do."""
    return [problem for finding in examine(host) for problem in finding.problems]


def examine(host: Host) -> list[Finding]:
    """What a lab requires of the host, one finding per subject. Without root, nothing else can be checked."""
    if host.effective_user != 0:
        problem = "not root: the lab creates namespaces and mounts; run the command with sudo"
        return [_finding("root", "", problem)]
    missing = [
        f"{proof} is not installed: run `apt-get install {package}`"
        for package, proofs in packages.LAB.items()
        for proof in proofs
        if not host.is_there(proof)
    ]
    return [
        _finding("root", "running as root"),
        _finding("packages", ", ".join(packages.LAB), *missing),
        _finding("kernel", "overlays, namespaces, links, packet filter", *_kernel(host, not missing)),
        _finding(
            "control groups",
            f"cgroup {host.control_groups}",
            ""
            if host.control_groups
            else f"nothing is mounted at {cgroups.MOUNT}: mount control groups there",
        ),
        *_room(host),
        _finding(
            "other labs",
            "none is in the way",
            *(
                f"another lab is running on this host, {lab}"
                for lab in host.other_labs
                if not host.several_labs
            ),
        ),
        _finding("toolchain", "built", host.toolchain_problem),
    ]


def _finding(subject: str, found: str, *problems: str) -> Finding:
    return Finding(subject, found, tuple(problem for problem in problems if problem))


def _kernel(host: Host, has_packages: bool) -> list[str]:
    problems = []
    if "overlay" not in host.file_systems.split():
        problems.append(
            "the kernel has no overlay file system: run `modprobe overlay`, or use a kernel that has it"
        )
    if has_packages and not problems:
        problems += [
            f"the kernel refuses {feature}: load the modules, or use a kernel that has them"
            for feature, command in _TRIALS.items()
            if not host.try_in_namespace(command)
        ]
    return problems


def _room(host: Host) -> list[Finding]:
    covered = host.covered_state and (
        f"the state folder lies below {host.covered_state}, which the lab covers: "
        "set HYBRID_MESH_STATE to another folder"
    )
    refused = host.overlay_refused and (
        f"the state folder's file system cannot hold overlays ({host.overlay_refused}): "
        "set HYBRID_MESH_STATE to a folder on ext4, xfs or btrfs"
    )
    shared = host.shared_state and (
        "other users can write to the state folder, or it is not yours: "
        "set HYBRID_MESH_STATE to a folder of your own with mode 0700"
    )
    memory = host.available_memory < NEEDED_MEMORY and (
        f"{_gib(host.available_memory)} of memory available, 3 GiB needed: end other programs"
    )
    disk = host.free_disk < NEEDED_DISK and (
        f"{_gib(host.free_disk)} of disk free where the state lies, 2 GiB needed: make room"
    )
    watchers = host.free_watchers < NEEDED_WATCHERS and (
        f"only {host.free_watchers} inotify instances free, {NEEDED_WATCHERS} needed: "
        "run `sysctl -w fs.inotify.max_user_instances=1024`"
    )
    return [
        _finding("state folder", str(host.state), covered or refused, shared or ""),
        _finding("memory", f"{_gib(host.available_memory)} available, 3 GiB needed", memory or ""),
        _finding("disk", f"{_gib(host.free_disk)} free, 2 GiB needed", disk or ""),
        _finding("inotify", f"{NEEDED_WATCHERS} instances free or more", watchers or ""),
    ]


def other_labs(state: Path) -> tuple[str, ...]:
    """The labs that run on other state folders, each with the command that stops it, also those of other
    users."""
    names = cgroups.running() - {cgroups.lab_name(state)}
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if WATCHDOG in words:
                folder = words[words.index(WATCHDOG) + 1]
                found[cgroups.lab_name(Path(folder))] = (
                    f"on {folder} (process {process.name}): "
                    f"stop it with `HYBRID_MESH_STATE={shlex.quote(folder)} hybrid-mesh lab down`"
                )
    unknown = "which is being cleaned up: try again in a minute"
    return tuple(found.get(name, unknown) for name in sorted(names))


def check_network(network: NetworkSpec) -> None:
    """Raises PreflightError when a network has delay or loss and the kernel does not support it."""
    if not network.delay_milliseconds and not network.loss_percent:
        return
    if not _try("tc qdisc add dev lo root netem delay 1ms loss 1%"):
        raise PreflightError(
            [
                (
                    f"network {network.name} asks for delay or loss, but this kernel has no netem queue: "
                    "modprobe sch_netem, use a kernel that has it, or set delay and loss to 0"
                )
            ]
        )


def _try(command: str) -> bool:
    """Whether a shell command works in a temporary network namespace."""
    words = ["unshare", "--net", "sh", "-c", command]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _overlay_refusal(state: Path) -> str:
    """Why the file system of `state` cannot be an overlay's upper layer; empty if it can."""
    if os.geteuid() != 0:
        return ""
    with tempfile.TemporaryDirectory(dir=state, prefix="trial-") as folder:
        for name in ("lower", "upper", "work", "merged"):
            (Path(folder) / name).mkdir()
        options = "lowerdir=lower,upperdir=upper,workdir=work"
        words = ["unshare", "--mount", "mount", "-t", "overlay", "overlay", "-o", options, "merged"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else done.stderr.strip().replace("\n", " ")


def _is_shared(state: Path) -> bool:
    """Whether another user could put a file into `state`, or something else in its place."""
    status = state.stat()
    return status.st_uid not in (0, os.geteuid()) or bool(status.st_mode & 0o022)


def _available_memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _free_watchers() -> int:
    """How many inotify instances this user can still create, counted up to what is needed. A kubelet or
    containerd that gets none runs without its watches."""
    made: list[int] = []
    try:
        while len(made) < NEEDED_WATCHERS and (descriptor := kernel.inotify()) is not None:
            made.append(descriptor)
        return len(made)
    finally:
        for descriptor in made:
            os.close(descriptor)


def _gib(amount: int) -> str:
    return f"{amount / (1 << 30):.1f} GiB"
