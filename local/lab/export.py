"""Copies all logs of the lab into one folder, for a support bundle. They hold no secret."""

import shutil
import subprocess
from pathlib import Path

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.state import lab_folder
from hybrid_mesh.local.redaction import without_secrets

_LOGS = (
    "lab.log*",
    "clusters/*/logs/*",
    "clusters/*/pods/*/*/*.log*",
    "machines/*.log*",
    "machines/*/upper/var/log/cloud-init*.log",
    "machines/*/upper/var/log/istio/*",
)
"""Below the lab's folder; of a VM, the files of its disk."""
_JOURNALS = "machines/*/upper/var/log/journal"


def export_logs(state: Path, target: Path) -> list[Path]:
    """Writes the logs of the lab on `state`, running or not, into the new or empty folder `target`, and
    returns their paths. Journals become text. Raises LabError when the folder is not empty, or when there is
    no log; OSError when it cannot be written."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise LabError(f"{target} exists and is not an empty folder")
    source = lab_folder(state)
    found = [path for pattern in _LOGS for path in sorted(source.glob(pattern)) if path.is_file()]
    if not found:
        raise LabError(f"there are no logs of a lab in {source}")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    contents = {target / path.relative_to(source): path.read_bytes() for path in found}
    for journal in sorted(source.glob(_JOURNALS)):
        if text := _journal(journal):
            contents[target / journal.relative_to(source).with_suffix(".log")] = text
    for path, content in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(without_secrets(content))
    return list(contents)


def _journal(folder: Path) -> bytes:
    """A VM's journal as text; empty when this host cannot read one."""
    program = shutil.which("journalctl")
    if program is None:
        return b""
    words = [program, f"--directory={folder}", "--output=short-iso-precise", "--no-pager", "--quiet"]
    return subprocess.run(words, capture_output=True, check=False).stdout
