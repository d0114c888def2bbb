"""The folder outside the checkout that keeps what was built, by content."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Store:
    """`<cache>/store/<name>-<key>` holds finished components, `<cache>/work` what is being made.

    A component is made in `work`, synchronized to the disk and renamed into `store`: what stands in `store`
    is whole, however a build ended.
    """

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.finished = cache / "store"
        self.work = cache / "work"
        self.temporary = self.work / "temporary"
        self.downloads = self.work / "downloads"
        self.logs = cache / "logs"
        self.profiles = cache / "profiles"
        self.checkouts = cache / "checkouts"

    def prepare(self) -> None:
        for folder in (self.finished, self.work, self.logs, self.profiles):
            folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str, key: str) -> Path:
        return self.finished / f"{name}-{key}"

    def has(self, name: str, key: str) -> bool:
        folder = self.path(name, key)
        return folder.is_dir() and any(folder.iterdir())

    def stage(self, name: str) -> Path:
        """A new empty folder on the store's file system."""
        folder = self.work / "stage" / name
        remove(folder)
        folder.mkdir(parents=True)
        return folder

    def commit(self, staged: Path, name: str, key: str) -> Path:
        """Make a staged folder the finished component. Raises `ValueError` if it is empty."""
        if not any(staged.iterdir()):
            raise ValueError(f"{name} came out empty")
        target = self.path(name, key)
        remove(target)
        os.sync()
        staged.rename(target)
        return target

    def drop_leftovers(self) -> None:
        """Remove what an ended build left half made; Go's own caches and downloads stay, so that it
        resumes."""
        remove(self.work / "stage")
        remove(self.temporary)

    def drop_work(self) -> None:
        """Remove all that only a build needs."""
        remove(self.work)

    @contextmanager
    def lock(self, waiting: Callable[[], None]) -> Iterator[int]:
        """Hold the cache for one build; calls `waiting` once if another one holds it. Yields the lock's
        descriptor: children that inherit it keep the cache locked until they too have ended."""
        self.prepare()
        descriptor = os.open(self.cache / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


def remove(folder: Path) -> None:
    """Remove a folder with all it holds, if it is there; never through a symbolic link."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
