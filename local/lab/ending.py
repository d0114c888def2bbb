"""The end of a lab that may not answer any more."""

import shutil
from pathlib import Path

from hybrid_mesh.local.lab.starter import await_end, starting, sweep
from hybrid_mesh.local.lab.state import lab_folder
from hybrid_mesh.local.linux import cgroups

END_TIMEOUT = 20.0


def remove(state: Path) -> None:
    """Ends what still runs of the lab on `state`, its own processes included, and removes all that it keeps
    on disk. Raises LabError when something goes on."""
    cgroups.kill(cgroups.lab_name(state))
    with starting(state):
        await_end(state, END_TIMEOUT)
        sweep()
        shutil.rmtree(lab_folder(state), ignore_errors=True)
