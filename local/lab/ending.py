"""Ends a lab that may no longer answer."""

import shutil
from pathlib import Path

from hybrid_mesh.local.lab.starter import await_end, starting, sweep
from hybrid_mesh.local.lab.state import lab_folder
from hybrid_mesh.local.linux import cgroups

END_TIMEOUT = 20.0


def remove(state: Path) -> None:
    """Ends every process of the lab on `state` and removes its saved state. Raises LabError when a process
    does not end."""
    cgroups.kill(cgroups.lab_name(state))
    with starting(state):
        await_end(state, END_TIMEOUT)
        sweep()
        shutil.rmtree(lab_folder(state), ignore_errors=True)
