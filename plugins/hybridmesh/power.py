"""Starts a lab that is stopped but has saved state, for example after a power failure.

Otherwise a refresh would call API servers that do not run, and the kubernetes plug-in would remove their
objects from the state.
"""

import time
from typing import Final

from hybrid_mesh.local.lab.errors import LabError, LabNotRunning
from hybrid_mesh.local.patience import patient
from hybrid_mesh.plugins.hybridmesh.lab import connect, has_state

READY_SECONDS: Final = 45.0
_ASK_SECONDS: Final = 0.1


def power_on() -> str | None:
    """Returns when every cluster of the lab responds; immediately if the lab runs or has no saved state.

    Never raises: a failure is returned as one line, as a lab that is not needed must not stop a preview.
    """
    try:
        if not has_state():
            return None
        lab = connect(start=True)
        limit = patient(READY_SECONDS)
        deadline = time.monotonic() + limit
        while any(cluster.state == "starting" for cluster in lab.status().clusters):
            if time.monotonic() > deadline:
                return f"the lab's clusters were not ready within {limit:g} s; run `hybrid-mesh lab status`"
            time.sleep(_ASK_SECONDS)  # the lab reported no change
    except LabNotRunning:
        return "the lab ended while it was starting; run `hybrid-mesh lab logs lab`"
    except LabError as failure:
        return f"the lab could not be started: {failure}"
    except OSError as failure:
        return f"the lab is not reachable: {failure.strerror}"
    return None
