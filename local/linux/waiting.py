"""The loop that polls a condition outside this process."""

import time
from collections.abc import Callable

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.patience import patient


def until(condition: Callable[[], bool], timeout: float, failure: str, every: float = 0.1) -> None:
    """Returns when `condition` holds; raises LabError(`failure`) after `timeout` seconds, more on a slow host
    (local.patience)."""
    timeout = patient(timeout)
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"{failure} (waited {timeout:.0f} s)")
        time.sleep(every)
