"""Log files of what runs for long: a new run keeps the last one's, and none grows without limit."""

import os
import shutil
from pathlib import Path


def previous(log: Path) -> Path:
    """Where the log of the run before is kept."""
    return log.with_name(f"{log.name}.1")


def begin(log: Path) -> None:
    """Lets a new run write an empty `log`; what the last run wrote is kept as its previous one."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size:
        log.replace(previous(log))
    log.touch(mode=0o600)


def bound(log: Path, limit: int) -> None:
    """Begins a log of more than `limit` bytes anew while its writers, which append, go on."""
    if log.exists() and log.stat().st_size > limit:
        shutil.copyfile(log, previous(log))
        os.truncate(log, 0)
