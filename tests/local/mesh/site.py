"""The handle by which the tests drive a real site: the same commands that a user types."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.commands import AS_IN_A_TERMINAL, HYBRID_MESH, PROJECT, run
from tests.local.host import processes


@dataclass(frozen=True)
class Site:
    """One state folder with its own lab and its own Pulumi backend, and the project whose commands are run:
    the checkout, or one whose `.venv` holds the package."""

    state: Path
    folder: Path = PROJECT

    @property
    def command(self) -> tuple[str, ...]:
        is_own = self.folder != PROJECT
        return (str(self.folder / ".venv/bin/hybrid-mesh"),) if is_own else HYBRID_MESH

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return inherited | {
            "HYBRID_MESH_STATE": str(self.state),
            "HYBRID_MESH_SEVERAL_LABS": "1",
            "HYBRID_MESH_OFFLINE": "1",
            "PATH": f"{self.folder / '.venv/bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Destroys the mesh, and ends its lab even if that failed, so that nothing remains."""
        self.hybrid_mesh("down", check=False)
        self.hybrid_mesh("lab", "down", "--forget")
        assert list(processes(self.state)) == []

    def hybrid_mesh(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return run([*self.command, *arguments], **self._where, check=check)

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        script = f'eval "$({shlex.join(self.command)} env)"; exec pulumi "$@"'
        return run(["bash", "-c", script, "pulumi", *arguments], **self._where)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`hybrid-mesh` in the background, in a process group of its own, its output in one pipe."""
        return subprocess.Popen(
            [*AS_IN_A_TERMINAL, *self.command, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @property
    def _where(self) -> dict[str, Any]:
        return {"folder": self.folder, "environment": self.environment}

    def export(self) -> dict[str, Any]:
        text = self.pulumi("stack", "export", "--stack", "local", "--show-secrets").stdout
        deployment: dict[str, Any] = json.loads(text)["deployment"]
        return deployment

    def lab(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.hybrid_mesh("lab", "status", "--json").stdout)
        return status


def descendants(root: int) -> Iterator[tuple[int, str]]:
    """Process ids, as the host sees them, and command lines of everything below `root`."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _parent(entry)
            if parent is not None:
                children.setdefault(parent, []).append(int(entry.name))
    queue = [root]
    while queue:
        for child in children.get(queue.pop(), []):
            queue.append(child)
            yield child, _command_line(child)


def kill_one(root: int, name: str) -> int:
    """`kill -9` of one process below `root` whose program is called `name`; returns its id."""
    for pid, command in descendants(root):
        if Path(command.split("\0")[0]).name == name:
            os.kill(pid, signal.SIGKILL)
            return pid
    raise AssertionError(f"no {name} runs below process {root}")


def _parent(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
