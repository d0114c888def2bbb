"""What the lab itself serves to its members: identities, metadata and packages."""

from pathlib import Path

from local.lab.networks import Networks
from local.lab.specs import NetworkSpec
from local.lab.state import LabState
from local.toolchain.profile import Profile


class LabServices:
    """The OIDC issuer and the package server on the WAN, and a metadata server on each LAN."""

    def __init__(self, folder: Path, networks: Networks, profile: Profile, state: LabState) -> None:
        self._folder = folder
        self._networks = networks
        self._profile = profile
        self._state = state
        self.authentication: Path | None = None

    def serve_lan(self, network: NetworkSpec) -> None:
        """Starts the metadata server of a network's LAN, once."""
