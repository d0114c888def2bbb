"""Existing VMs: the files that they get, except for the token."""

import json

import pulumi

from hybrid_mesh.components.machines.base import MachineContext, Machines
from hybrid_mesh.model.plan.boot import group_package, package_url


class BundleMachines(Machines):
    """The contents of a group's bundle, which `hybrid-mesh bundle GROUP` writes. They are not secret: the
    command mints the token.

    `content` has the keys `cluster`, `namespace`, `serviceAccount`, `apiEndpoint` (of the peers),
    `gatewayAddresses`, `rootCertificate`, `clusterEnv`, `meshYaml`, `packageUrl`, `packageSha256` (may be
    empty), `istioVersion`.
    """

    content: pulumi.Output[dict[str, object]]

    def __init__(
        self,
        name: str,
        *,
        context: MachineContext,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:BundleMachines", name, None, opts)
        group, istio = context.group, context.istio
        package = group_package(group)
        content = {
            "cluster": group.cluster,
            "namespace": group.namespace,
            "serviceAccount": group.service_account,
            "apiEndpoint": context.cluster.peer_endpoint,
            "gatewayAddresses": context.gateway_addresses,
            "rootCertificate": context.root_certificate,
            "clusterEnv": group.cluster_env,
            "meshYaml": group.mesh_yaml,
            "packageUrl": package_url(istio, *package),
            "packageSha256": istio.package_sha256.of(*package) or "",
            "istioVersion": istio.version,
        }
        self.content = pulumi.Output.json_dumps(content).apply(json.loads)
        self.register_outputs({"content": self.content})
