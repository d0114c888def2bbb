"""How long the last run took, which is what the next one like it is expected to take."""

import json
from pathlib import Path

from hybrid_mesh.local.paths import cache_folder, project_folder


def recorded(work: str) -> float | None:
    """Seconds of the last run of `work` (such as `create local`) in this project; None when there was
    none."""
    found = _read().get(_key(work))
    return float(found) if isinstance(found, int | float) else None


def record(work: str, seconds: float) -> None:
    """Notes it. A cache that cannot be written is left as it is."""
    path = _path()
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_text(json.dumps({**_read(), _key(work): round(seconds, 1)}))
        new.rename(path)
    except OSError:
        return


def _read() -> dict[str, object]:
    try:
        found = json.loads(_path().read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _path() -> Path:
    return cache_folder() / "durations.json"


def _key(work: str) -> str:
    return f"{project_folder()}: {work}"
