"""The bundle: finished components as archives, and the sums of those that this checkout trusts.

`bundle.json` stands in the repository and has, for each kind of processor, the archives of the components as
they were when the bundle was written. An archive's name holds component, key and sum: a release page or a
mirror can hold those of every version side by side.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from hybrid_mesh.local.toolchain.errors import ToolchainError
from hybrid_mesh.local.toolchain.packing import SUFFIX, pack
from hybrid_mesh.local.toolchain.store import Store

SUMS = Path(__file__).parent / "bundle.json"
LIST = "SHA256SUMS"
"""The archives' checksums in the format of sha256sum(1), for users who copy them."""


@dataclass(frozen=True)
class Archive:
    """One component's file. `size` is in bytes, `sha256` hexadecimal."""

    key: str
    size: int
    sha256: str

    def file(self, component: str) -> str:
        return f"{component}-{self.key}-{self.sha256[:16]}{SUFFIX}"


def trusted(machine: str, sums: Path = SUMS) -> dict[str, Archive]:
    """The archives for processors called `machine`, by component. Raises `ToolchainError`."""
    try:
        found = json.loads(sums.read_text()).get(machine, {}) if sums.exists() else {}
        return {name: Archive(**fields) for name, fields in found.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise ToolchainError(f"{sums} cannot be read ({error}): restore it from the repository") from None


def write_bundle(
    store: Store, keys: Mapping[str, str], names: Iterable[str], folder: Path, report: Callable[[str], None]
) -> dict[str, Archive]:
    """Write an archive of each finished component of `names` and their list into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as workers:
        packed = {
            name: workers.submit(_write, store.path(name, keys[name]), name, keys[name], folder)
            for name in names
        }
        archives = {}
        for name, future in packed.items():
            archives[name] = future.result()
            report(f"{archives[name].file(name)}  {archives[name].size / 1e6:.0f} MB")
    lines = sorted(f"{archive.sha256}  {archive.file(name)}\n" for name, archive in archives.items())
    (folder / LIST).write_text("".join(lines))
    return archives


def _write(component: Path, name: str, key: str, folder: Path) -> Archive:
    staged = folder / f"{name}.new"
    pack(component, staged)
    with staged.open("rb") as content:
        archive = Archive(key, staged.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())
    staged.rename(folder / archive.file(name))
    return archive


def trust(machine: str, archives: Mapping[str, Archive], sums: Path = SUMS) -> None:
    """Let `sums` name these archives for this kind of processor; those for others stay."""
    all_of_them = json.loads(sums.read_text()) if sums.exists() else {}
    all_of_them[machine] = {name: asdict(archive) for name, archive in archives.items()}
    sums.write_text(json.dumps(all_of_them, indent=2, sort_keys=True) + "\n")
