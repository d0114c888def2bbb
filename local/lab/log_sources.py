"""Reads logs from the disks of the lab and its members, also while they grow."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from hybrid_mesh.local.lab.log_lines import log_lines
from hybrid_mesh.local.lab.specs import LogLine
from hybrid_mesh.local.linux import logs

TAIL_BYTES: Final = 4 << 20
"""Of a file that is read for the first time, without a start time."""
TAIL_LINES: Final = 10_000
"""The same of a journal."""


class Source(Protocol):
    """A log that can be read repeatedly."""

    def read(self, since: datetime | None) -> list[LogLine]:
        """The first time: its end, or everything from about `since` on. After that: what is new since the
        last call."""


@dataclass
class LogFile:
    """A log file, and the file of the previous run."""

    name: str
    path: Path
    container: bool = False
    _inode: int = 0
    _offset: int = -1

    def read(self, since: datetime | None) -> list[LogLine]:
        first = self._offset < 0
        earlier = _tail(logs.previous(self.path), whole=since is not None) if first else b""
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if first and since is None:
                    self._offset = max(0, status.st_size - TAIL_BYTES)
                elif first or status.st_ino != self._inode or status.st_size < self._offset:
                    self._offset = 0
                self._inode = status.st_ino
                file.seek(self._offset)
                new = file.read()
        except OSError:
            return []
        whole = new[: new.rfind(b"\n") + 1] if not first else new
        self._offset += len(whole)
        text = (earlier + whole).decode(errors="replace")
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        return list(log_lines(self.name, text.splitlines(), modified, container=self.container))


@dataclass
class Journal:
    """The journal on a VM's disk: all of it, or that of some units. Requires `journalctl` on the host."""

    name: str
    folder: Path
    units: tuple[str, ...] = ()
    _cursor: str = field(default="", repr=False)

    def read(self, since: datetime | None) -> list[LogLine]:
        program = shutil.which("journalctl")
        if program is None or not any(self.folder.glob("*/*.journal")):
            return []
        if self._cursor:
            start = [f"--after-cursor={self._cursor}"]
        else:
            start = [f"--since=@{since.timestamp():.6f}"] if since else [f"--lines={TAIL_LINES}"]
        form = ["--output=short-iso-precise", "--no-hostname", "--no-pager", "--quiet", "--show-cursor"]
        command = [program, f"--directory={self.folder}", *form, *start, *(f"--unit={u}" for u in self.units)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        lines = done.stdout.splitlines()
        if lines and lines[-1].startswith("-- cursor: "):
            self._cursor = lines.pop().removeprefix("-- cursor: ")
        return list(log_lines(self.name, lines, datetime.now(UTC), container=False))


def _tail(path: Path, *, whole: bool) -> bytes:
    try:
        with path.open("rb") as file:
            if not whole:
                file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            return file.read()
    except OSError:
        return b""
