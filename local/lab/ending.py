"""The end of a lab that may not answer any more."""

import shutil
from pathlib import Path

from local.lab.starter import starting, sweep
from local.lab.state import lab_folder
from local.linux import cgroups


def remove(state: Path) -> None:
    """Ends what still runs of the lab on `state` and removes all that it keeps on disk. Raises LabError."""
    cgroups.kill(cgroups.lab_name(state))
    with starting(state):
        sweep()
        shutil.rmtree(lab_folder(state), ignore_errors=True)
