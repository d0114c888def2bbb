"""Named network namespaces: files below /run/netns, which is the lab's own tmpfs and dies with it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from local.linux import kernel

FOLDER = Path("/run/netns")


def create(name: str) -> Path:
    """Makes the network namespace `name` with its loopback interface up, and answers its file."""
    path = FOLDER / name
    path.touch(exist_ok=False)
    failure: list[OSError] = []

    def bind() -> None:
        try:
            kernel.unshare(kernel.CLONE_NEWNET)
            kernel.mount("/proc/thread-self/ns/net", str(path), "none", kernel.MS_BIND)
        except OSError as error:
            failure.append(error)

    thread = Thread(target=bind)
    thread.start()
    thread.join()
    if failure:
        path.unlink()
        raise failure[0]
    return path


def delete(path: Path) -> None:
    """Removes the name; the namespace goes when no process is left in it."""
    if path.exists():
        kernel.unmount(str(path))
        path.unlink()


@contextmanager
def inside(namespace: Path | int) -> Iterator[None]:
    """Runs the body, on this thread only, in a network namespace given by its file or an open descriptor."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if isinstance(namespace, int):
            kernel.setns(namespace, kernel.CLONE_NEWNET)
        else:
            target = os.open(namespace, os.O_RDONLY)
            try:
                kernel.setns(target, kernel.CLONE_NEWNET)
            finally:
                os.close(target)
        try:
            yield
        finally:
            kernel.setns(home, kernel.CLONE_NEWNET)
    finally:
        os.close(home)
