"""The toolchain profile that a lab runs on."""

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.local.toolchain.profile import Profile


def current() -> Profile:
    """The checkout's profile. Raises LabError."""
    try:
        return Profile.current()
    except ToolchainMissing as error:
        raise LabError(str(error)) from error
