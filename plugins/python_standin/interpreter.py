"""Which Python runs a program, and what is installed for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

_LIST_SECONDS: Final = 60


def virtual_environment(root: Path, program: Path, option: str) -> Path | None:
    """The folder of the virtual environment: the runtime option `virtualenv` (relative to the project,
    may not exist yet), else `.venv` beside the program or the project if it exists, else None.
    """
    if option:
        return root / option
    candidates = (program / ".venv", root / ".venv")
    return next((folder for folder in candidates if (folder / "bin" / "python").exists()), None)


def interpreter(environment: Path | None) -> str:
    """The Python of `environment`, else the one that runs this host (it has the Pulumi SDK)."""
    if environment is not None and (environment / "bin" / "python").exists():
        return str(environment / "bin" / "python")
    return sys.executable


def installed_packages(python: str, *, transitive: bool) -> list[tuple[str, str]]:
    """Names and versions of the installed packages; without `transitive` only those no other one requires.

    Raises subprocess.SubprocessError when that interpreter has no pip.
    """
    command = [python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
    if not transitive:
        command.append("--not-required")
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_LIST_SECONDS)
    return [(package["name"], package["version"]) for package in json.loads(done.stdout)]


def install_commands(folder: Path, environment: Path | None) -> list[list[str]]:
    """What makes the virtual environment and installs the program's requirements into it, if it has any."""
    commands: list[list[str]] = []
    python = interpreter(environment)
    if environment is not None and not (environment / "bin" / "python").exists():
        commands.append([sys.executable, "-m", "venv", str(environment)])
        python = str(environment / "bin" / "python")
    requirements = folder / "requirements.txt"
    if requirements.exists():
        commands.append(
            [python, "-m", "pip", "install", "--disable-pip-version-check", "-r", str(requirements)]
        )
    return commands
