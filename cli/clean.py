"""`hybrid-mesh clean`: what this program keeps on the host, and removing it."""

import contextlib
import fcntl
import gzip
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from hybrid_mesh.cli.consent import UNCHANGED, agree
from hybrid_mesh.cli.console import hanging, out, say, step
from hybrid_mesh.cli.contexts import Owner, forget, owned, read
from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.cli.kubeconfig import default_file
from hybrid_mesh.cli.options import Json, Yes
from hybrid_mesh.cli.question import can_ask
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.packages import RECORD
from hybrid_mesh.local.paths import ProjectMissingError, cache_folder, project_folder, state_folder
from hybrid_mesh.local.toolchain.profile import LINK

CACHE, STATE, CONTEXTS, PACKAGES = "cache", "state", "contexts", "packages"
_OURS = {
    CACHE: (
        *("checkouts", "containerd", "emulated", "kubectl", "logs", "mypy", "profiles", "store", "work"),
        *("durations.json", "lock", "*.postponed", RECORD),
    ),
    STATE: ("declared", "lab", "lab.lock", "passphrase", "passphrase.salt", "pulumi", "temporary"),
}
"""What this program writes into its folders. HYBRID_MESH_CACHE and HYBRID_MESH_STATE may name a folder that
holds other files: those stay."""


@dataclass(frozen=True)
class Kept:
    """Something that this program keeps: `names` are its parts, `size` is in bytes."""

    kind: str
    path: Path
    size: int
    names: tuple[str, ...]
    meaning: str


def clean(
    cache: Annotated[
        bool, typer.Option("--cache", help="Remove the cache; `up` needs a new build of the toolchain.")
    ] = False,
    state: Annotated[
        bool, typer.Option("--state", help="Remove the state of Pulumi and of the lab, and its contexts.")
    ] = False,
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be removed.")] = False,
    *,
    json_output: Json = False,
) -> None:
    """List what this program keeps on the host, with sizes, and remove what you ask for.

    Without --cache or --state it only lists. It refuses while a lab runs, while the toolchain is built, and
    as long as a stack in the local state still has resources. It asks on a terminal, and needs --yes
    without one. Packages that the build of the toolchain installed are listed only, since other programs
    may use them.

    Example:

        hybrid-mesh clean --cache --state

    With --json: {"items": [{"kind": "cache", "state", "contexts" or "packages", "path", "bytes", "names",
    "removed"}]}.
    """
    items = _survey()
    chosen = [CACHE] * cache + [STATE, CONTEXTS] * state
    doomed = [item for item in items if item.kind in chosen and (item.size or item.names)]
    if not json_output:
        _print(items)
    if doomed and not dry_run:
        _refuse(doomed)
        if not yes:
            _ask(doomed)
        _remove(doomed)
    if json_output:
        out.print_json(
            json.dumps(
                {
                    "items": [
                        {
                            "kind": item.kind,
                            "path": str(item.path),
                            "bytes": item.size,
                            "names": list(item.names),
                            "removed": item in doomed and not dry_run,
                        }
                        for item in items
                    ]
                }
            )
        )


def _survey() -> list[Kept]:
    cache, state, kubeconfig = cache_folder(), state_folder(), default_file()
    stacks = tuple(f"{project}/{stack}" for project, stack, _ in _stacks(state))
    recorded = cache / RECORD
    packages = tuple(recorded.read_text().split()) if recorded.exists() else ()
    contexts = tuple(owned(read(kubeconfig), Owner()))
    return [
        Kept(CACHE, cache, _size(CACHE, cache), (), "the toolchain and other things that can be made again"),
        Kept(
            STATE, state, _size(STATE, state), stacks, "stacks of the local backend, its passphrase, the lab"
        ),
        Kept(CONTEXTS, kubeconfig, 0, contexts, "contexts in your kubeconfig"),
        Kept(PACKAGES, recorded, 0, packages, "installed by apt-get for the toolchain"),
    ]


def _print(items: list[Kept]) -> None:
    for item in items:
        size = f", {_readable(item.size)}" if item.size else ""
        out.print(hanging(f"{item.kind:<10}", f"{item.path}{size}"), markup=False)
        out.print(hanging(" " * 10, item.meaning), markup=False)
        if item.names or not item.size:
            out.print(hanging(" " * 10, ", ".join(item.names) or "none"), markup=False)


def _refuse(doomed: list[Kept]) -> None:
    """Raises CommandError when something of it is in use."""
    with contextlib.suppress(LabNotRunning):
        LabClient.connect(start=False)
        raise CommandError("The lab is running.", "Destroy the mesh with `hybrid-mesh down` first.")
    if others := LabClient.others():
        raise CommandError(f"Another lab is running on this host, {others[0]}.", "")
    if all(item.kind != STATE for item in doomed):
        return
    for project, stack, resources in _stacks(state_folder()):
        if resources:
            raise CommandError(
                f"The stack {stack} of project {project} still has {resources} resources in this state.",
                f"Destroy it with `hybrid-mesh down --stack {stack}` first.",
            )
    if LabClient.has_state():
        raise CommandError(
            "The lab is stopped and has saved clusters and VMs.",
            "Remove them with `hybrid-mesh down` or `hybrid-mesh lab down --forget` first.",
        )


def _ask(doomed: list[Kept]) -> None:
    """Asks on a terminal. Raises CommandError when nobody can be asked, typer.Exit at a no."""
    what = " and ".join(str(item.path) if item.kind != CONTEXTS else "the contexts" for item in doomed)
    if not can_ask():
        raise CommandError(
            f"{what} would be removed; without a terminal this requires --yes.", UNCHANGED, WRONG
        )
    agree(f"Remove {what}?")


def _remove(doomed: list[Kept]) -> None:
    if contexts := [item for item in doomed if item.kind == CONTEXTS]:
        forget(contexts[0].path, Owner())  # as long as the state's folder, which marks them, is there
    for item in doomed:
        if item.kind == CONTEXTS:
            continue
        with step(f"Removing {item.path}"), _no_build(item):
            _remove_ours(item)
        if item.kind == CACHE:
            with contextlib.suppress(ProjectMissingError):
                (project_folder() / LINK).unlink(missing_ok=True)


def _remove_ours(item: Kept) -> None:
    for path in _ours(item.kind, item.path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if others := sorted(path.name for path in item.path.iterdir()):
        say(f"    {item.path} stays: it holds {', '.join(others[:5])}{', …' if len(others) > 5 else ''}.")
    else:
        item.path.rmdir()


def _ours(kind: str, folder: Path) -> list[Path]:
    return [path for pattern in _OURS[kind] for path in folder.glob(pattern)]


@contextlib.contextmanager
def _no_build(item: Kept) -> Iterator[None]:
    """Holds the cache, as a build of the toolchain does. Raises CommandError while one runs."""
    if item.kind != CACHE:
        yield
        return
    with (item.path / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError("The toolchain is being built.", "Wait for its end, or end it.") from None
        yield


def _stacks(state: Path) -> Iterator[tuple[str, str, int]]:
    """Project, name and number of resources of each stack of our own backend. Source of the layout:
    pulumi/pkg/v3/backend/diy/store.go and sdk/v3/go/common/apitype/core.go (`CheckpointV3`)."""
    folder = state / "pulumi" / ".pulumi" / "stacks"
    for path in sorted((*folder.glob("*/*.json"), *folder.glob("*/*.json.gz"))):
        document = _document(path)
        latest = ((document.get("checkpoint") or {}).get("latest") or {}) if document else {}
        own = [each for each in latest.get("resources") or () if each.get("type") != "pulumi:pulumi:Stack"]
        yield path.parent.name, path.name.partition(".json")[0], len(own)


def _document(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    found = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    return found if isinstance(found, dict) else {}


def _size(kind: str, folder: Path) -> int:
    """Bytes of all files of ours in `folder`."""
    total = 0
    for path in _ours(kind, folder):
        for place, _, files in os.walk(path) if path.is_dir() else [(str(folder), [], [path.name])]:
            for name in files:
                with contextlib.suppress(FileNotFoundError):
                    total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - faster than paths
    return total


def _readable(size: int) -> str:
    amount, units = float(size), ["B", "KiB", "MiB", "GiB"]
    while amount >= 1024 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    return f"{amount:.0f} {units[0]}" if units[0] == "B" else f"{amount:.1f} {units[0]}"
