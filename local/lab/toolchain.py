"""The toolchain profile that a lab runs on."""

import os
from pathlib import Path

from local.lab.errors import LabError
from local.toolchain.errors import ToolchainMissing
from local.toolchain.profile import Profile

OVERRIDE = "HYBRID_MESH_PROFILE"


def current() -> Profile:
    """The checkout's profile, or the one that `$HYBRID_MESH_PROFILE` names. Raises LabError."""
    if folder := os.environ.get(OVERRIDE):
        return Profile(Path(folder).resolve())
    try:
        return Profile.current()
    except ToolchainMissing as error:
        raise LabError(str(error)) from error
