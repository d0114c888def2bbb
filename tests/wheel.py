"""The wheel of this checkout, and environments that hold it as `pip install` does, without a network."""

import shutil
import sys
import sysconfig
import venv
from pathlib import Path

from tests.commands import PROJECT, run

ROOMS = ("model", "components", "plugins", "local", "operate", "cli")
DATA = ("docs", "gitops", "stacks")
_FILES = ("pyproject.toml", "README.md", "LICENSE", "UPGRADING.md", "__main__.py")
_BUILD = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"


def build_wheel(folder: Path) -> Path:
    """The wheel, built below `folder` from a copy, as a build writes beside its sources."""
    source = folder / "source"
    for room in (*ROOMS, *DATA, "hybrid_mesh"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / room, source / room, symlinks=True, ignore=ignored)
    for name in _FILES:
        shutil.copy(PROJECT / name, source)
    done = run([sys.executable, "-c", _BUILD, folder], folder=source)
    return folder / done.stdout.splitlines()[-1]


def install(wheel: Path, environment: Path) -> None:
    """Makes a virtual environment that holds the wheel, and sees what it requires in that of the tests."""
    venv.create(environment, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin/python"), "install", "--quiet"]
    run([*pip, "--no-deps", "--no-index", str(wheel)])
    (site,) = environment.glob("lib/python3*/site-packages")
    (site / "required.pth").write_text(sysconfig.get_path("purelib") + "\n")
