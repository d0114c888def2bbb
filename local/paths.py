"""Where the project keeps things on this machine. Standard library only: every launcher can import it."""

import os
from pathlib import Path


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


def project_folder() -> Path:
    """The checkout that this file is part of."""
    return Path(__file__).resolve().parent.parent


def _choose(own: str, standard: str, fallback: str) -> Path:
    if value := os.environ.get(own):
        return Path(value).expanduser().resolve()
    base = os.environ.get(standard)
    return (Path(base) if base else Path.home() / fallback).resolve() / "hybrid-mesh"
