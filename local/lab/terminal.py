"""Opens a terminal in a VM of the lab by entering the namespaces of its init."""

import os
from pathlib import Path
from typing import NoReturn

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.linux import cgroups


def open_terminal(state: Path, name: str) -> NoReturn:
    """Replaces this process by a root shell in the VM `name` of the lab on `state`. Raises LabError without
    root or when the VM is not running."""
    if os.geteuid() != 0:
        raise LabError(f"a terminal in a VM needs root: run `sudo hybrid-mesh lab shell {name}`")
    leader = find_init(f"{cgroups.lab_name(state)}/machine-{name}")
    if leader is None:
        raise LabError(f"VM {name} is not running; see `hybrid-mesh lab status`")
    terminal = {"TERM": os.environ.get("TERM", "dumb"), "HOME": "/root", "LANG": "C.UTF-8"}
    path = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    shell = ["sh", "-c", "cd && exec bash --login"]
    command = ["nsenter", f"--target={leader}", "--all", "--root", "--wd", "--", *shell]
    os.execvpe("nsenter", command, {**terminal, **path})  # noqa: S606


def find_init(cgroup: str) -> int | None:
    """The process below `cgroup` that is process 1 of the innermost pid namespace; its number in this
    process's pid namespace.

    Source: `NSpid` in proc_pid_status(5): one number per pid namespace, the innermost last.
    """
    deepest: tuple[int, int] | None = None
    for process in cgroups.processes(cgroup):
        numbers = _numbers(process)
        if numbers[-1:] == ["1"] and (deepest is None or len(numbers) > deepest[0]):
            deepest = (len(numbers), process)
    return deepest[1] if deepest else None


def _numbers(process: int) -> list[str]:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return []
    return next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
