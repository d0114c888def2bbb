"""Components that need not be built: they are fetched from where the project, or you, publish the bundle."""

import os
import tarfile
import time
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from hybrid_mesh.local.toolchain.bundle import Archive
from hybrid_mesh.local.toolchain.download import DownloadError, Unreachable, download
from hybrid_mesh.local.toolchain.packing import unpack
from hybrid_mesh.local.toolchain.rootfs import ROOTFS
from hybrid_mesh.local.toolchain.store import Store

VARIABLE: Final = "HYBRID_MESH_TOOLCHAIN_URL"
BUNDLE_URL: Final = "https://github.com/hybrid-mesh/hybrid-mesh/releases/download/toolchain"
"""What `make toolchain-bundle` wrote: the assets of the project's release `toolchain`. Empty, it would let
everything be built."""


def bundle_url() -> str:
    """Where the archives are: `$HYBRID_MESH_TOOLCHAIN_URL`, else the project's releases. Empty if
    everything is to be built here."""
    if (value := os.environ.get(VARIABLE)) is not None:
        return value.strip().rstrip("/")
    return BUNDLE_URL


@dataclass
class Fetch:
    """One attempt to have components from `url`. Failures are reported in one line, not raised."""

    url: str
    store: Store
    console: Console
    _problems: list[str] = field(default_factory=list)

    def fetch(self, wanted: Mapping[str, Archive]) -> None:
        """Put what can be downloaded of `wanted` into the store; unpacks one while the next one downloads."""
        begin = time.monotonic()
        columns = (TextColumn("fetching the toolchain"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with (
            Progress(
                *columns, console=self.console, transient=True, disable=not self.console.is_terminal
            ) as bar,
            ThreadPoolExecutor(os.cpu_count()) as workers,
        ):
            task = bar.add_task("", total=sum(archive.size for archive in wanted.values()))
            taken = [workers.submit(self._take, *there) for there in self._downloaded(wanted, bar, task)]
            count = sum(future.result() for future in taken)
        self._report(count, len(wanted), time.monotonic() - begin)

    def _downloaded(
        self, wanted: Mapping[str, Archive], bar: Progress, task: TaskID
    ) -> Iterator[tuple[str, Archive, Path]]:
        self.store.downloads.mkdir(parents=True, exist_ok=True)
        before = 0
        for name, archive in sorted(wanted.items(), key=lambda one: -one[1].size):
            file = self.store.downloads / archive.file(name)

            def show(there: int, before: int = before) -> None:
                bar.update(task, completed=before + there)

            try:
                download(f"{self.url}/{file.name}", file, archive.size, archive.sha256, show)
            except Unreachable as error:
                self._problems.append(str(error))
                return
            except DownloadError as error:
                self._problems.append(f"{name}: {error}")
            else:
                yield name, archive, file
            before += archive.size

    def _take(self, name: str, archive: Archive, file: Path) -> bool:
        """Unpack a verified archive into the store; returns whether it succeeded."""
        try:
            staged = self.store.stage(name)
            unpack(file, staged, rooted=name == ROOTFS)
            self.store.commit(staged, name, archive.key)
        except (OSError, ValueError, EOFError, zlib.error, tarfile.TarError) as error:
            self._problems.append(f"{name}: {error}")
            return False
        file.unlink()
        return True

    def _report(self, count: int, number: int, seconds: float) -> None:
        problem = f" ({self._problems[0]})" if self._problems else ""
        if count:
            rest = f", the others are built{problem}" if problem else ""
            line = f"fetched {count} of {number} components from {self.url} in {seconds:.0f} s{rest}"
        else:
            line = f"no prebuilt toolchain could be fetched from {self.url}{problem}: building it"
        self.console.print(line)
