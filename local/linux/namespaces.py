"""Named network namespaces: files below /run/netns, which is a tmpfs of the lab and ends with it."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from hybrid_mesh.local.linux import kernel

FOLDER = Path("/run/netns")


def create(name: str) -> Path:
    """Creates the network namespace `name` with its loopback interface up, and returns its file."""
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


@contextmanager
def made(name: str) -> Iterator[Path]:
    """A new network namespace. If the body fails, its links and its name are removed, so that it can be
    retried."""
    path = create(name)
    try:
        yield path
    except BaseException:
        delete_links(path)
        delete(path)
        raise


def delete_links(path: Path) -> None:
    """Removes the links of a namespace with their far ends, which the kernel would do a moment later."""
    with inside(path):
        names = [name for _, name in socket.if_nameindex() if name != "lo"]
    for name in names:
        subprocess.run(
            ["nsenter", f"--net={path}", "ip", "link", "delete", name], capture_output=True, check=False
        )


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
