"""The images of the toolchain: imported once into a template, from which every node starts.

Content and unpacked layers are never changed by containerd (it removes or adds), so nodes share them by hard
links; only its databases are copied.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from hybrid_mesh.local.clusters import containerd
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.linux import mounts
from hybrid_mesh.local.linux.commands import enter, environment, run
from hybrid_mesh.local.linux.waiting import until
from hybrid_mesh.local.paths import cache_folder

START_TIMEOUT = 30.0
IMPORT_TIMEOUT = 180.0
KEPT_TEMPLATES = 3
_MANAGED = "io.cri-containerd.image=managed"
_MARK = "hybrid-mesh-images"


def prepare(root: Path, archives: Path, namespace: Path, runtime: Path) -> None:
    """Makes `root` a containerd root with the images, unless it already is one. Raises LabError.

    `namespace`: a network namespace in which containerd can listen on loopback during the import; `runtime`:
    a folder on a tmpfs, not yet there, for its sockets.
    """
    key = _key(archives)
    mark = root / _MARK
    if mark.exists() and mark.read_text() == key:
        return
    folder = cache_folder() / "containerd"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "lock"):
        template = folder / key
        if not template.exists():
            _make_template(template, archives, namespace, runtime)
            _forget_old(folder)
        shutil.rmtree(root, ignore_errors=True)
        draft = root.with_suffix(".draft")
        try:
            _copy(template, draft)
        except (LabError, OSError):
            shutil.rmtree(draft, ignore_errors=True)
            raise
        draft.rename(root)


def _make_template(template: Path, archives: Path, namespace: Path, runtime: Path) -> None:
    draft = template.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    runtime.mkdir(parents=True)
    socket = runtime / "containerd.sock"
    settings = runtime / "containerd.toml"
    settings.write_text(containerd.configuration(draft, runtime / "state", socket, runtime / "cni"))
    log = runtime / "containerd.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*enter(namespace), "containerd", f"--config={settings}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment(),
        )
    try:
        _import(sorted(archives.glob("*.tar")), socket)
    except LabError as error:
        raise LabError(f"{error}; containerd said: {log.read_text()[-1000:]}") from error
    finally:
        _end(process)
        mounts.unmount_below(runtime)
        shutil.rmtree(runtime, ignore_errors=True)
    (draft / _MARK).write_text(template.name)
    os.sync()  # one call for all files is faster than one for each
    draft.rename(template)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _import(archives: list[Path], socket: Path) -> None:
    control = ["ctr", "--address", str(socket), "-n", "k8s.io", "images"]
    until(lambda: _answers(socket), START_TIMEOUT, "containerd did not answer", every=0.03)
    with ThreadPoolExecutor(max_workers=4) as pool:
        imports = [
            pool.submit(run, [*control, "import", str(path)], timeout=IMPORT_TIMEOUT) for path in archives
        ]
        for future in imports:
            future.result()

    def known_to_kubernetes() -> bool:
        lines = run([*control, "list"]).splitlines()[1:]
        return all(_MANAGED in line for line in lines) and len(lines) >= 2 * len(archives)

    until(known_to_kubernetes, START_TIMEOUT, "containerd's CRI did not accept the images")


def _answers(socket: Path) -> bool:
    if not socket.exists():
        return False
    return (
        subprocess.run(
            ["ctr", "--address", str(socket), "version"], capture_output=True, check=False
        ).returncode
        == 0
    )


def _copy(template: Path, draft: Path) -> None:
    """Makes `draft` a copy of the template; what a killed copy left is removed first."""
    shutil.rmtree(draft, ignore_errors=True)
    draft.parent.mkdir(parents=True, exist_ok=True)
    try:
        run(["cp", "-a", "--link", str(template), str(draft)])
    except LabError:
        shutil.rmtree(draft, ignore_errors=True)
        run(["cp", "-a", "--reflink=auto", str(template), str(draft)], timeout=IMPORT_TIMEOUT)
    for database in (*draft.glob("*/*.db"), draft / _MARK):
        copy = database.with_suffix(".copy")
        shutil.copy2(database, copy)
        copy.replace(database)


def _forget_old(folder: Path) -> None:
    templates = sorted(
        (path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime
    )
    for path in templates[:-KEPT_TEMPLATES]:
        shutil.rmtree(path, ignore_errors=True)


def _key(archives: Path) -> str:
    """A key of the archives' real paths, sizes and times."""
    digest = hashlib.sha256()
    for path in sorted(archives.glob("*.tar")):
        real = path.resolve()
        status = real.stat()
        digest.update(f"{real} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
