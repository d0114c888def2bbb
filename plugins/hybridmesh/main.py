"""The plug-in `hybridmesh`: our own resources as a Pulumi provider."""

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from plugins.framework.handler import ResourceHandler
from plugins.framework.provider import Provider
from plugins.framework.server import serve
from plugins.hybridmesh.certificate_authority import CertificateAuthorityHandler
from plugins.hybridmesh.local_cluster import LocalClusterHandler
from plugins.hybridmesh.local_machine import LocalMachineHandler
from plugins.hybridmesh.machine_registration import MachineRegistrationHandler
from plugins.hybridmesh.power import power_on

HANDLERS: Final[dict[str, type[ResourceHandler]]] = {
    "hybridmesh:index:CertificateAuthority": CertificateAuthorityHandler,
    "hybridmesh:index:LocalCluster": LocalClusterHandler,
    "hybridmesh:index:LocalMachine": LocalMachineHandler,
    "hybridmesh:index:MachineRegistration": MachineRegistrationHandler,
}


class HybridMeshProvider(Provider):
    """Serves our four resources; powers a switched-off lab on as soon as the engine greets it."""

    def __init__(self) -> None:
        super().__init__("hybridmesh", _version(), {token: kind() for token, kind in HANDLERS.items()})

    def located(self, root_folder: str, program_folder: str) -> None:
        """The engine's handshake, the one call that it awaits before it asks any provider for anything."""
        del root_folder, program_folder
        if trouble := power_on():
            sys.stderr.write(f"hybrid-mesh: {trouble}\n")


def _version() -> str:
    try:
        return version("hybrid-mesh")
    except PackageNotFoundError:
        return "0.1.0"


if __name__ == "__main__":
    serve(HybridMeshProvider())
