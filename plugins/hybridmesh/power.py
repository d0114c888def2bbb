"""Powers on a lab whose state is on disk but which does not run, as after a power cut.

Without it a refresh would ask API servers that are not there, and the kubernetes plug-in would forget what is
in them.
"""

import time
from typing import Final

from hybrid_mesh.local.lab.errors import LabError, LabNotRunning
from hybrid_mesh.local.patience import patient
from hybrid_mesh.plugins.hybridmesh.lab import connect, has_state

READY_SECONDS: Final = 45.0
_ASK_SECONDS: Final = 0.1


def power_on() -> str | None:
    """Returns when every cluster of the lab answers, at once when the lab runs or remembers nothing.

    Never raises: what went wrong is returned as one line, for a lab that is not needed must not stop a
    preview.
    """
    try:
        if not has_state():
            return None
        lab = connect(start=True)
        limit = patient(READY_SECONDS)
        deadline = time.monotonic() + limit
        while any(cluster.state == "starting" for cluster in lab.status().clusters):
            if time.monotonic() > deadline:
                return f"the lab's clusters were not ready within {limit:g} s; see hybrid-mesh lab status"
            time.sleep(_ASK_SECONDS)  # the lab tells of no change
    except LabNotRunning:
        return "the lab ended while it was being powered on; see hybrid-mesh lab logs lab"
    except LabError as failure:
        return f"the lab could not be powered on: {failure}"
    except OSError as failure:
        return f"the lab could not be asked: {failure.strerror}"
    return None
