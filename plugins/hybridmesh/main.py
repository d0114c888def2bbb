"""The plug-in `hybridmesh`: the project's own resources as a Pulumi provider."""

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from hybrid_mesh.plugins.framework.declared import DeclaredHandler
from hybrid_mesh.plugins.framework.provider import Provider
from hybrid_mesh.plugins.framework.server import serve
from hybrid_mesh.plugins.hybridmesh.certificate_authority import CertificateAuthorityHandler
from hybrid_mesh.plugins.hybridmesh.certificate_request import CertificateRequestHandler
from hybrid_mesh.plugins.hybridmesh.cluster_inspection import ClusterInspectionHandler
from hybrid_mesh.plugins.hybridmesh.foundation import FoundationHandler
from hybrid_mesh.plugins.hybridmesh.given_intermediate import GivenIntermediateHandler
from hybrid_mesh.plugins.hybridmesh.load_balancer_drain import LoadBalancerDrainHandler
from hybrid_mesh.plugins.hybridmesh.local_cluster import LocalClusterHandler
from hybrid_mesh.plugins.hybridmesh.local_machine import LocalMachineHandler
from hybrid_mesh.plugins.hybridmesh.machine_registration import MachineRegistrationHandler
from hybrid_mesh.plugins.hybridmesh.power import power_on
from hybrid_mesh.plugins.hybridmesh.protection import ProtectionHandler
from hybrid_mesh.plugins.hybridmesh.selected_stack import stack_needs_lab
from hybrid_mesh.plugins.hybridmesh.shared_namespace import SharedNamespaceHandler
from hybrid_mesh.plugins.hybridmesh.shared_object import SharedObjectHandler

HANDLERS: Final[dict[str, type[DeclaredHandler]]] = {
    "hybridmesh:index:CertificateAuthority": CertificateAuthorityHandler,
    "hybridmesh:index:CertificateRequest": CertificateRequestHandler,
    "hybridmesh:index:ClusterInspection": ClusterInspectionHandler,
    "hybridmesh:index:Foundation": FoundationHandler,
    "hybridmesh:index:GivenIntermediate": GivenIntermediateHandler,
    "hybridmesh:index:LoadBalancerDrain": LoadBalancerDrainHandler,
    "hybridmesh:index:LocalCluster": LocalClusterHandler,
    "hybridmesh:index:LocalMachine": LocalMachineHandler,
    "hybridmesh:index:MachineRegistration": MachineRegistrationHandler,
    "hybridmesh:index:Protection": ProtectionHandler,
    "hybridmesh:index:SharedNamespace": SharedNamespaceHandler,
    "hybridmesh:index:SharedObject": SharedObjectHandler,
}


def provider() -> Provider:
    return Provider("hybridmesh", _version(), {token: kind() for token, kind in HANDLERS.items()})


def main() -> None:
    """Starts a stopped lab if the stack needs it, then serves.

    The engine waits for the port of a plug-in before it calls any provider. Calls about objects in the lab's
    clusters therefore find the clusters running.
    """
    try:
        if stack_needs_lab() and (trouble := power_on()):
            sys.stderr.write(f"hybrid-mesh: {trouble}\n")
    except KeyboardInterrupt:
        sys.exit(1)
    serve(provider())


def _version() -> str:
    try:
        return version("hybrid-mesh")
    except PackageNotFoundError:
        return "0.1.0"


if __name__ == "__main__":
    main()
