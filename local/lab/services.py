"""The lab's own services for its members: identities, metadata and packages."""

import json
from pathlib import Path
from threading import Lock

from hybrid_mesh.local.lab import addressing
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.networks import Networks
from hybrid_mesh.local.lab.specs import NetworkSpec
from hybrid_mesh.local.lab.state import LabState
from hybrid_mesh.local.metadata.identity import MachineIdentity
from hybrid_mesh.local.metadata.issuer import AUDIENCE, Issuer
from hybrid_mesh.local.metadata.packages import PackageServer
from hybrid_mesh.local.metadata.server import MetadataServer

PACKAGES_PORT = 8080


class LabServices:
    """The OIDC issuer and the package server on the WAN, and a metadata server on each LAN.

    The issuer listens once this object exists, so before any API server requests its keys. `authentication`
    is the file that makes API servers trust it. Raises LabError.
    """

    def __init__(self, folder: Path, networks: Networks, packages: Path, state: LabState) -> None:
        self._networks = networks
        self._state = state
        self._lock = Lock()
        self._metadata: dict[str, MetadataServer] = {}
        self._issuer = Issuer(folder / "issuer", addressing.WAN_SERVICES)
        try:
            self._issuer.start(networks.wan)
            PackageServer(packages).start(networks.wan, addressing.WAN_SERVICES, PACKAGES_PORT)
        except OSError as error:
            raise LabError(f"the lab's own services could not start: {error}") from error
        self.authentication = folder / "authentication.json"
        self.authentication.write_text(json.dumps(_authentication(self._issuer)))

    def serve_lan(self, network: NetworkSpec) -> None:
        """Starts the metadata server of a network's LAN, once."""
        with self._lock:
            if network.name in self._metadata:
                return
            server = MetadataServer(self._issuer, lambda address: self._identify(network, address))
            server.start(self._networks.lan(network))
            self._metadata[network.name] = server

    def leave_lan(self, network: NetworkSpec) -> None:
        """Removes the LAN and its metadata server if no member is left in it."""
        with self._lock:
            if self._networks.drop_lan(network) and (server := self._metadata.pop(network.name, None)):
                server.stop()

    def _identify(self, network: NetworkSpec, address: str) -> MachineIdentity | None:
        for record in list(self._state.machines.values()):
            if record.spec.network.name == network.name and record.lan_address == address:
                return MachineIdentity(
                    name=record.spec.name,
                    instance_id=record.instance_id,
                    service_account_email=record.spec.service_account_email,
                    address=address,
                )
        return None


def _authentication(issuer: Issuer) -> dict[str, object]:
    """Structured authentication: a VM's user name is the e-mail of its service account.

    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration
    """
    trusted = {
        "url": issuer.url,
        "audiences": [AUDIENCE],
        "certificateAuthority": issuer.certificate_authority_pem,
    }
    username = {"claim": "email", "prefix": ""}
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [{"issuer": trusted, "claimMappings": {"username": username}}],
    }
