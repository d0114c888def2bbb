"""All logs of the lab in one folder, to be looked at or handed on after it is gone. They hold no secret."""

import shutil
from pathlib import Path

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.state import lab_folder

_LOGS = (
    "lab.log*",
    "clusters/*/logs/*",
    "clusters/*/pods/*/*/*.log*",
    "machines/*.log*",
    "machines/*/upper/var/log/cloud-init*.log",
    "machines/*/upper/var/log/istio/*",
    "machines/*/upper/var/log/journal/*/*",
)
"""Below the lab's folder; of a VM, the files of its disk."""


def export_logs(state: Path, target: Path) -> list[Path]:
    """Copies the logs of the lab on `state`, running or not, into the new or empty folder `target`, and
    answers them. Raises LabError when it holds something, or when there is no log."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise LabError(f"{target} exists and is not an empty folder")
    source = lab_folder(state)
    found = [path for pattern in _LOGS for path in sorted(source.glob(pattern)) if path.is_file()]
    if not found:
        raise LabError(f"there are no logs of a lab in {source}")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    copies = []
    for path in found:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copies.append(copy)
    return copies
