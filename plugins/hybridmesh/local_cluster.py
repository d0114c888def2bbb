"""`hybridmesh:index:LocalCluster`: a Kubernetes cluster of the local site.

Inputs: `clusterName`, `network` {name, cidr, direct, delayMilliseconds, lossPercent}, `podCidr`,
`serviceCidr`, `kubernetesVersion`, `quarantined` (no I/O). Outputs: the inputs, `instanceId` (this
incarnation; also the resource's ID), `kubeconfig` (secret), `endpoint` (for this host), `peerEndpoint` (for
other members of the lab), `certificateAuthorityPem`, `gatewayAddress` (reserved for the Service
istio-system/istio-eastwestgateway).
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.specs import ClusterInfo, ClusterSpec, Owner, Report
from hybrid_mesh.plugins.framework.values import Properties
from hybrid_mesh.plugins.hybridmesh.instance import InstanceHandler
from hybrid_mesh.plugins.hybridmesh.lab import network_spec


class LocalClusterHandler(InstanceHandler[ClusterInfo]):
    inputs = frozenset(
        {"clusterName", "network", "podCidr", "serviceCidr", "kubernetesVersion", "quarantined"}
    )
    defaults: ClassVar[Mapping[str, Any]] = {
        "kubernetesVersion": "1.35.4",
        "serviceCidr": "10.96.0.0/16",
        "quarantined": False,
    }
    computed = (
        "instanceId",
        "kubeconfig",
        "endpoint",
        "peerEndpoint",
        "certificateAuthorityPem",
        "gatewayAddress",
    )
    secret_outputs = frozenset({"kubeconfig"})
    no_import = "a local cluster cannot be imported; it is declared in the stack file"
    kind = "cluster"
    noun = "cluster"
    made = "is ready"
    create_seconds = 300.0
    delete_seconds = 120.0

    def find(self, lab: LabClient, name: str) -> ClusterInfo | None:
        return lab.cluster(name)

    def ensure(self, lab: LabClient, inputs: Properties, owner: Owner, report: Report) -> ClusterInfo:
        specification = ClusterSpec(
            name=inputs["clusterName"],
            network=network_spec(inputs),
            pod_cidr=inputs["podCidr"],
            service_cidr=inputs["serviceCidr"],
            kubernetes_version=inputs["kubernetesVersion"],
            owner=owner,
        )
        return lab.ensure_cluster(specification, report)

    def end(self, lab: LabClient, name: str) -> None:
        lab.delete_cluster(name)

    def has_outputs(self, info: ClusterInfo) -> bool:
        return info.state == "ready"

    def outputs_of(self, info: ClusterInfo) -> Properties:
        return {
            "instanceId": info.instance_id,
            "kubeconfig": info.kubeconfig,
            "endpoint": info.endpoint,
            "peerEndpoint": info.peer_endpoint,
            "certificateAuthorityPem": info.certificate_authority,
            "gatewayAddress": info.gateway_address,
        }
