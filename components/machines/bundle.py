"""Machines that somebody owns already: what they are handed, but for the token."""

import json

import pulumi

from components.clusters.base import MeshCluster
from model.config.istio import IstioConfig
from model.plan.boot import package_url
from model.plan.types import GroupPlan


class BundleMachines(pulumi.ComponentResource):
    """What `hybrid-mesh bundle GROUP` writes into a group's bundle. Nothing here is secret: the command mints
    the token.

    `content` has the keys `cluster`, `namespace`, `serviceAccount`, `apiEndpoint` (of the peers),
    `gatewayAddresses`, `rootCertificate`, `clusterEnv`, `meshYaml`, `packageUrl`, `istioVersion`.
    """

    content: pulumi.Output[dict[str, object]]

    def __init__(
        self,
        name: str,
        *,
        group: GroupPlan,
        cluster: MeshCluster,
        root_certificate: pulumi.Input[str],
        gateway_addresses: pulumi.Input[tuple[str, ...]],
        istio: IstioConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:BundleMachines", name, None, opts)
        content = {
            "cluster": group.cluster,
            "namespace": group.namespace,
            "serviceAccount": group.service_account,
            "apiEndpoint": cluster.peer_endpoint,
            "gatewayAddresses": gateway_addresses,
            "rootCertificate": root_certificate,
            "clusterEnv": group.cluster_env,
            "meshYaml": group.mesh_yaml,
            "packageUrl": package_url(istio),
            "istioVersion": istio.version,
        }
        self.content = pulumi.Output.json_dumps(content).apply(json.loads)
        self.register_outputs({"content": self.content})
