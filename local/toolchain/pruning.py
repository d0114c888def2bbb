"""Removes what no checkout uses: old profiles, and components that only they use."""

import hashlib
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from hybrid_mesh.local.toolchain.profile import LINK
from hybrid_mesh.local.toolchain.store import Store, remove

_KEPT_SECONDS: Final = 14 * 86400
"""A profile stays that long after a checkout last asked for it: a branch may come back, and a checkout that
was copied with its link is not known here."""


def register(store: Store, checkout: Path, profile: Path) -> None:
    """Remember that `checkout` shows profiles of this store, and that it asked for `profile` just now."""
    store.checkouts.mkdir(exist_ok=True)
    known = store.checkouts / hashlib.sha256(os.fsencode(checkout)).hexdigest()[:16]
    if not known.is_symlink():
        known.symlink_to(checkout)
    os.utime(profile)


def prune(store: Store, keys: Iterable[tuple[str, str]]) -> int:
    """Remove profiles and components that are not needed; returns the freed bytes.

    Needed are the components of `keys` (name and key), every profile that a known checkout shows or that was
    asked for lately, and what a running process uses. The caller holds the store's lock.
    """
    in_use = _in_use(store)
    shown = {(checkout / LINK).resolve() for checkout in store.checkouts.glob("*")}
    lately = time.time() - _KEPT_SECONDS
    wanted = {store.path(name, key).name for name, key in keys} | in_use
    freed = 0
    for profile in store.profiles.iterdir():
        parts = {entry for link in _links(profile) if (entry := _entry(store, link))}
        if profile in shown or profile.stat().st_mtime > lately or parts & in_use:
            wanted |= parts
        else:
            remove(profile)
    for component in store.finished.iterdir():
        if component.name not in wanted:
            freed += size(component)
            remove(component)
    return freed


def size(folder: Path) -> int:
    """Bytes of all files below `folder`."""
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - a Path per file takes seconds
    return total


def _links(profile: Path) -> Iterable[Path]:
    return (path for path in profile.rglob("*") if path.is_symlink())


def _entry(store: Store, link: Path) -> str | None:
    """The component in the store that a profile's link shows; None for a program of the machine."""
    target = link.readlink()
    return target.relative_to(store.finished).parts[0] if target.is_relative_to(store.finished) else None


def _in_use(store: Store) -> set[str]:
    """Components that a process has mapped or mounted: a lab keeps what it was started with."""
    pattern = re.compile(re.escape(f"{store.finished}/").encode() + rb"([^/\s:,]+)")
    found: set[str] = set()
    for file in (*Path("/proc").glob("[0-9]*/maps"), *Path("/proc").glob("[0-9]*/mountinfo")):
        try:
            found.update(os.fsdecode(name) for name in pattern.findall(file.read_bytes()))
        except OSError:
            continue
    return found
