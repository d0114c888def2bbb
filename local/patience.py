"""Deadlines for a slow host. Standard library only: everything that waits can import it."""

import os

VARIABLE = "HYBRID_MESH_PATIENCE"
MOST = 1000.0


def patient(seconds: float) -> float:
    """A deadline of `seconds` on a host of ordinary speed, multiplied by $HYBRID_MESH_PATIENCE (1 to 1000).

    Where the variable holds something else, which the command line reports, the deadline stays as it is.
    """
    return seconds * (factor() or 1.0)


def factor() -> float | None:
    """The multiplier; None when the variable holds something else than a number from 1 to 1000."""
    try:
        value = float(os.environ.get(VARIABLE) or "1")
    except ValueError:
        return None
    return value if 1.0 <= value <= MOST else None
