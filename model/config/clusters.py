"""Kubernetes clusters of the mesh, each with its own control plane of Istio."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from model.config.base import DnsLabel, Section

NodePort = Annotated[int, Field(ge=30000, le=32767)]
"""A port of the range that Kubernetes gives to NodePort Services by default."""


class NodePorts(Section):
    """Ports of the nodes at which the east-west gateway answers, when its Service is a NodePort."""

    tls: NodePort = 31443
    istiod: NodePort = 31012
    status: NodePort = 31021


class GatewayExposure(Section):
    """How the east-west gateway of a cluster is reached from other networks."""

    enabled: bool = True
    """`false`: this cluster has no gateway of its own and uses those of the other clusters in its network."""
    service_type: Literal["LoadBalancer", "NodePort"] = "LoadBalancer"
    addresses: tuple[str, ...] = ()
    """Addresses that others use, where the Service's status does not tell them (NodePort, on-premises)."""
    node_ports: NodePorts = NodePorts()


class ClusterBase(Section):
    network: DnsLabel
    state: Literal["active", "quarantined"] = "active"
    gateway: GatewayExposure = GatewayExposure()


class LocalCluster(ClusterBase):
    """A cluster that the embedded site raises on this machine."""

    type: Literal["local"]
    kubernetes_version: str = "1.35.4"
    pod_cidr: IPv4Network | None = None
    service_cidr: IPv4Network = IPv4Network("10.96.0.0/16")


class KubeconfigCluster(ClusterBase):
    """An existing cluster: kind, k3d, on-premises or any other, reached by a kubeconfig.

    Exactly one of `path` (a kubeconfig file) and `secret` (the name of a flat secret key
    `hybrid-mesh:<secret>` that holds the kubeconfig's text) is used; with neither, the ambient
    kubeconfig (`KUBECONFIG` or `~/.kube/config`) is.
    """

    type: Literal["kubeconfig"]
    path: str | None = None
    context: str | None = None
    secret: DnsLabel | None = None
    peer_endpoint: str | None = None
    """The API server's URL as the other clusters' istiods and the machines reach it; the kubeconfig's own by
    default."""


Cluster = Annotated[LocalCluster | KubeconfigCluster, Field(discriminator="type")]
