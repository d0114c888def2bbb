"""Log files of long-running programs: a new run keeps the previous log, and sizes are limited."""

import os
import shutil
from pathlib import Path


def previous(log: Path) -> Path:
    """Where the log of the previous run is."""
    return log.with_name(f"{log.name}.1")


def begin(log: Path) -> None:
    """Starts an empty `log` for a new run; the old one becomes the previous log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size:
        log.replace(previous(log))
    log.touch(mode=0o600)


def bound(log: Path, limit: int) -> None:
    """Empties a log of more than `limit` bytes while its writers, which append, continue."""
    if log.exists() and log.stat().st_size > limit:
        shutil.copyfile(log, previous(log))
        os.truncate(log, 0)
