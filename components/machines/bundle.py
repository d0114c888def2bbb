"""Existing VMs: the files that they get, except for the token."""

import json

import pulumi

from hybrid_mesh.components.machines.base import MachineContext, Machines
from hybrid_mesh.model.plan.boot import group_package, package_url
from hybrid_mesh.model.texts.application import bundled_application


class BundleMachines(Machines):
    """The contents of a group's bundle, which `hybrid-mesh bundle GROUP` writes. They are not secret: the
    command mints the token.

    `content` has the keys `cluster`, `namespace`, `serviceAccount`, `apiEndpoint` (of the peers),
    `gatewayAddresses`, `rootCertificate`, `clusterEnv`, `meshYaml`, `packageUrl`, `packageSha256` (may be
    empty), `istioVersion`, `networkCidrs`, `application` (text of each file by its path in the bundle's
    folder `application`) and `httpProxy` (environment of the VM's downloads).
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
            "networkCidrs": [str(cidr) for cidr in context.network.config.cidrs],
            "application": bundled_application(group.config.application),
            "httpProxy": dict(group.http_proxy),
        }
        self.content = pulumi.Output.json_dumps(content).apply(json.loads)
        self.register_outputs({"content": self.content})
