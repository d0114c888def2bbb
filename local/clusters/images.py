"""The images of the toolchain, brought into a node's containerd."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.clusters.daemons import Node
from local.lab.commands import run
from local.lab.errors import LabError
from local.lab.waiting import until

START_TIMEOUT = 30.0


def load(node: Node, archives: Path) -> None:
    """Imports every archive of the folder that this node has not yet. Raises LabError."""
    until(
        lambda: _answers(node),
        START_TIMEOUT,
        f"containerd of {node.spec.name} does not answer; see {node.logs}/containerd.log",
        every=0.03,
    )
    marks = node.folder / "images"
    marks.mkdir(exist_ok=True)
    missing = [path for path in sorted(archives.glob("*.tar")) if not _mark(marks, path).exists()]
    with ThreadPoolExecutor(max_workers=4) as pool:
        for path in pool.map(lambda path: _load(node, path), missing):
            _mark(marks, path).touch()


def _load(node: Node, path: Path) -> Path:
    try:
        run([*_ctr(node), "-n", "k8s.io", "images", "import", str(path)], timeout=120)
    except LabError as error:
        raise LabError(f"image {path.name} could not be imported: {error}") from error
    return path


def _answers(node: Node) -> bool:
    if not node.containerd_socket.exists():
        return False
    done = subprocess.run([*_ctr(node), "version"], capture_output=True, check=False)
    return done.returncode == 0


def _ctr(node: Node) -> list[str]:
    return ["ctr", "--address", str(node.containerd_socket)]


def _mark(marks: Path, archive: Path) -> Path:
    """A file whose name says which archive was imported, of which time and size."""
    status = archive.resolve().stat()
    return marks / f"{archive.stem}-{status.st_size}-{status.st_mtime_ns}"
