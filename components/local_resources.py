"""The typed classes of the plug-in's resources in the local site."""

from typing import TypedDict

import pulumi

from hybrid_mesh.components.resources import Resource


class LocalNetwork(TypedDict):
    """A network of the lab, as an input of its resources."""

    name: str
    cidr: str
    direct: bool
    delayMilliseconds: float
    lossPercent: float


class LocalCluster(Resource):
    """A Kubernetes cluster of the local site. Every changed input replaces it."""

    instance_id: pulumi.Output[str]
    """ID of this incarnation."""
    kubeconfig: pulumi.Output[str]
    """Secret: the administrator's kubeconfig, for this host."""
    endpoint: pulumi.Output[str]
    peer_endpoint: pulumi.Output[str]
    """The API server's URL for other members of the lab."""
    certificate_authority_pem: pulumi.Output[str]
    gateway_address: pulumi.Output[str]
    """The address reserved for the east-west gateway."""

    TYPE = "hybridmesh:index:LocalCluster"
    OUTPUTS = (
        "instance_id",
        "kubeconfig",
        "endpoint",
        "peer_endpoint",
        "certificate_authority_pem",
        "gateway_address",
    )
    SECRET_OUTPUTS = ("kubeconfig",)

    def __init__(
        self,
        resource_name: str,
        *,
        cluster_name: pulumi.Input[str],
        network: pulumi.Input[LocalNetwork],
        pod_cidr: pulumi.Input[str],
        service_cidr: pulumi.Input[str],
        kubernetes_version: pulumi.Input[str],
        quarantined: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "cluster_name": cluster_name,
            "network": network,
            "pod_cidr": pod_cidr,
            "service_cidr": service_cidr,
            "kubernetes_version": kubernetes_version,
            "quarantined": quarantined,
        }
        super().__init__(resource_name, inputs, opts)


class LocalMachine(Resource):
    """A VM of the local site. Changed user-data is what it gets when its group's registration renews it;
    every other changed input replaces it."""

    instance_id: pulumi.Output[str]
    address: pulumi.Output[str]
    """IP address in its network."""
    wan_address: pulumi.Output[str]

    TYPE = "hybridmesh:index:LocalMachine"
    OUTPUTS = ("instance_id", "address", "wan_address")

    def __init__(
        self,
        resource_name: str,
        *,
        machine_name: pulumi.Input[str],
        network: pulumi.Input[LocalNetwork],
        user_data: pulumi.Input[str],
        service_account_email: pulumi.Input[str],
        cluster: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "machine_name": machine_name,
            "network": network,
            "user_data": user_data,
            "service_account_email": service_account_email,
            "cluster": cluster,
        }
        super().__init__(resource_name, inputs, opts)
