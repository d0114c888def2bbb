"""`python -m hybrid_mesh.local.toolchain build|check|bundle`.

`build` fetches or builds what is missing and points `.toolchain` at it; `check` only says what is missing
(exit code 1 then); `bundle` writes what `build` can fetch elsewhere.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from hybrid_mesh.local.paths import cache_folder, package_folder, project_folder
from hybrid_mesh.local.toolchain import preflight, system
from hybrid_mesh.local.toolchain.builder import Builder, missing
from hybrid_mesh.local.toolchain.bundle import SUMS, trust, trusted, write_bundle
from hybrid_mesh.local.toolchain.catalogue import (
    EXTRAS,
    carried,
    catalogue,
    find_pulumi,
    profile_links,
    required,
)
from hybrid_mesh.local.toolchain.component import Catalogue
from hybrid_mesh.local.toolchain.errors import BuildInterrupted, ToolchainError
from hybrid_mesh.local.toolchain.golang import GoWorkshop, find_go
from hybrid_mesh.local.toolchain.pins import processor
from hybrid_mesh.local.toolchain.prebuilt import Fetch, bundle_url
from hybrid_mesh.local.toolchain.profile import is_current, make_profile, point_at
from hybrid_mesh.local.toolchain.progress import BuildProgress
from hybrid_mesh.local.toolchain.pruning import prune, register
from hybrid_mesh.local.toolchain.runner import Runner
from hybrid_mesh.local.toolchain.store import Store


@dataclass(frozen=True)
class Situation:
    """What there is and what there should be."""

    store: Store
    catalogue: Catalogue
    links: dict[str, Path]
    missing: list[str]
    packages: list[str]

    @property
    def is_complete(self) -> bool:
        return not self.missing and not self.packages and is_current(project_folder(), self.store, self.links)


def look(extras: Collection[str] = ()) -> Situation:
    """Compare the store with what this checkout asks for; changes nothing."""
    store = Store(cache_folder())
    try:
        everything = catalogue(GoWorkshop(find_go(), store), processor())
    except ValueError as error:
        raise ToolchainError(str(error)) from None
    pulumi = find_pulumi(store)
    absent = missing(everything, store, required(everything, pulumi, extras))
    links = profile_links(store, everything.keys, pulumi, extras)
    return Situation(store, everything, links, absent, system.missing_packages())


def build(console: Console, linked: bool, extras: Collection[str] = ()) -> None:
    """Make the toolchain whole and, if `linked`, let the checkout show it. Raises `ToolchainError`."""
    situation = look(extras)
    if linked and situation.is_complete:
        console.print("the toolchain is up to date")
        return
    with situation.store.lock(lambda: console.print("another build is running: waiting for it")) as lock:
        situation = look(extras)
        preflight.check_account(preflight.look(situation.store), situation.missing)
        situation.store.drop_leftovers()
        if _fetch_missing(situation, console):
            situation = look(extras)
        _build_missing(situation, lock, console)
        situation.store.drop_leftovers()
        place = make_profile(situation.store, situation.links)
        if linked:
            point_at(project_folder(), place)
            register(situation.store, project_folder(), place)
        situation.store.drop_work()
        if freed := prune(situation.store, situation.catalogue.keys.items()):
            console.print(f"removed what no checkout uses: {freed / 1e9:.1f} GB")
    console.print(f"the toolchain is ready: {place}")


def _fetch_missing(situation: Situation, console: Console) -> bool:
    """Fetch what is missing and was published; answers whether there was anything to try."""
    keys = situation.catalogue.keys
    published = trusted(processor().machine).items()
    wanted = {
        name: archive
        for name, archive in published
        if name in situation.missing and archive.key == keys[name]
    }
    if not wanted or not (url := bundle_url()):
        return False
    Fetch(url, situation.store, console).fetch(wanted)
    return True


def _build_missing(situation: Situation, lock: int, console: Console) -> None:
    preflight.check_disk(
        preflight.look(situation.store), situation.catalogue, situation.missing, situation.store
    )
    for line in preflight.announce(
        situation.catalogue, situation.missing, situation.packages, situation.store
    ):
        console.print(line)
    if situation.packages:
        system.install(situation.packages, situation.store)
    expected = {name: situation.catalogue.components[name].seconds for name in situation.missing}
    with BuildProgress(expected, console) as progress:
        builder = Builder(situation.catalogue, situation.store, Runner(lock), progress, os.cpu_count() or 1)
        builder.build(situation.missing)


def bundle(console: Console, folder: Path) -> None:
    """Write the bundle of this checkout's components and trust it. Raises `ToolchainError`."""
    situation = look()
    names, store = carried(situation.catalogue), situation.store
    if absent := [name for name in names if not store.has(name, situation.catalogue.keys[name])]:
        raise ToolchainError(f"not built yet: {', '.join(absent)}: run `make toolchain`")
    archives = write_bundle(store, situation.catalogue.keys, names, folder, console.print)
    trust(processor().machine, archives)
    console.print(
        f"publish {folder} at {bundle_url() or 'a URL'}, and commit {SUMS.relative_to(package_folder())}"
    )


def check(console: Console, as_json: bool) -> int:
    """Say what is missing; the exit code is 0 if nothing is."""
    situation = look()
    if as_json:
        report = {
            "complete": situation.is_complete,
            "missing": situation.missing,
            "packages": situation.packages,
            "components": dict(situation.catalogue.keys),
        }
        print(json.dumps(report, indent=2))
    elif situation.is_complete:
        console.print("the toolchain is up to date")
    else:
        parts = [f"to build: {', '.join(situation.missing) or 'nothing'}"]
        parts += [f"to install: {', '.join(situation.packages)}"] if situation.packages else []
        console.print(f"the toolchain is not complete ({'; '.join(parts)}): run `make toolchain`")
    return 0 if situation.is_complete else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m hybrid_mesh.local.toolchain", description=__doc__)
    parser.add_argument("command", choices=("build", "check", "bundle"))
    parser.add_argument(
        "--unlinked", action="store_true", help="build: leave the checkout's .toolchain as it is"
    )
    parser.add_argument(
        "--extra",
        action="append",
        default=[],
        choices=tuple(EXTRAS),
        help="build: with what tests need and a mesh does not; repeatable",
    )
    parser.add_argument("--json", action="store_true", help="check: print a JSON report")
    parser.add_argument(
        "--folder",
        type=Path,
        default=project_folder() / "build" / "toolchain",
        help="bundle: where to write it",
    )
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if arguments.command == "check":
            return check(console, arguments.json)
        if arguments.command == "bundle":
            bundle(console, arguments.folder)
            return 0
        build(console, not arguments.unlinked, arguments.extra)
    except (BuildInterrupted, KeyboardInterrupt):
        print(
            "toolchain: interrupted: finished parts are kept; `make toolchain` resumes there",
            file=sys.stderr,
        )
        return 130
    except ToolchainError as error:
        print(f"toolchain: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
