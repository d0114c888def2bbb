"""Ends the lab, whatever state it is in."""

import contextlib
import shutil

from local.lab import cgroups
from local.lab.client import LabClient
from local.lab.errors import LabNotRunning
from local.lab.starter import starting, sweep
from local.lab.state import lab_folder
from local.paths import state_folder


def end_lab() -> None:
    """Powers the lab off, ends what of it does not answer any more, and removes its state.

    Raises LabError when something of it stays.
    """
    state = state_folder()
    with contextlib.suppress(LabNotRunning):
        LabClient.connect(start=False).shutdown()
    cgroups.kill(cgroups.lab_name(state))
    with starting(state):
        sweep()
        shutil.rmtree(lab_folder(state), ignore_errors=True)
