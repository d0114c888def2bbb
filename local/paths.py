"""Where the program's files, a project and its state are. Standard library only: launchers import it."""

import os
import re
from pathlib import Path

PROJECT_FILE = "Pulumi.yaml"
_NAME = re.compile(r"^name:\s*[\"']?([A-Za-z0-9_.-]+)", re.MULTILINE)
_PLUGIN = re.compile(r"\bname:\s*[\"']?hybridmesh\b")


class ProjectMissingError(Exception):
    """Neither the current folder nor one above it is a project."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is not in a Hybrid Mesh project.")


def state_folder() -> Path:
    """The folder of what must outlive a process: Pulumi's file backend, the passphrase, the lab's state.

    `$HYBRID_MESH_STATE`, else `$XDG_STATE_HOME/hybrid-mesh`, else `~/.local/state/hybrid-mesh`. Mode 0700; a
    folder of yours that `$HYBRID_MESH_STATE` names and that was there before keeps its mode.
    """
    folder = _choose("HYBRID_MESH_STATE", "XDG_STATE_HOME", ".local/state")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = folder.stat()
    if "HYBRID_MESH_STATE" not in os.environ and status.st_mode & 0o077 and status.st_uid == os.geteuid():
        folder.chmod(0o700)
    return folder


def cache_folder() -> Path:
    """The folder of what can be made again: `$HYBRID_MESH_CACHE`, else `$XDG_CACHE_HOME/hybrid-mesh`, else
    `~/.cache/hybrid-mesh`."""
    folder = _choose("HYBRID_MESH_CACHE", "XDG_CACHE_HOME", ".cache")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def package_folder() -> Path:
    """The folder of the program's own files: the checkout, or `hybrid_mesh` where it is installed."""
    return Path(__file__).resolve().parent.parent


def project_folder() -> Path:
    """The nearest folder, from the current one upwards, whose Pulumi.yaml names the plug-in `hybridmesh`;
    outside any project, the checkout that this file is part of.

    Raises ProjectMissingError where there is neither.
    """
    current = Path.cwd()
    for folder in (current, *current.parents, package_folder()):
        if _is_project(folder):
            return folder
    raise ProjectMissingError(current)


def project_name() -> str:
    """The name in the project's Pulumi.yaml, under which a backend keeps its stacks. Raises
    ProjectMissingError."""
    found = _NAME.search((project_folder() / PROJECT_FILE).read_text(encoding="utf-8"))
    return found[1] if found else "hybrid-mesh"


def page(name: str) -> str:
    """A page of the documentation as a path that can be opened from the current folder."""
    path = package_folder() / "docs" / name
    if not path.exists():
        path = package_folder() / name
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _is_project(folder: Path) -> bool:
    try:
        return bool(_PLUGIN.search((folder / PROJECT_FILE).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return False


def _choose(own: str, standard: str, fallback: str) -> Path:
    if value := os.environ.get(own):
        return Path(value).expanduser().resolve()
    base = os.environ.get(standard)
    return (Path(base) if base else Path.home() / fallback).resolve() / "hybrid-mesh"
