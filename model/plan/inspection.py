"""What a cluster must have already: an Istio, its certificates, the CRDs of the Gateway API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.existing import gateway_api_source
from hybrid_mesh.model.istio_facts import GATEWAY_API, GATEWAY_API_KINDS
from hybrid_mesh.model.objects.helm_values import mesh_networks
from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.types import ClusterPlan


@dataclass(frozen=True)
class InspectionPlan:
    """What is read in a cluster before anything is changed.

    `istio`: the settings that an existing Istio must have; None if the program installs it. `certificates`:
    whether the Secret `cacerts` must exist. `gateway_api`: kind -> the `version` of the API that the program
    uses and the oldest `release` of its CRD; {} if the program installs the CRDs.
    """

    istio: Mapping[str, Any] | None
    certificates: bool
    gateway_api: Mapping[str, Mapping[str, str]]


def plan_inspection(mesh: MeshConfig, planned: ClusterPlan) -> InspectionPlan | None:
    """What the cluster must have, None if nothing."""
    config = planned.config
    found = InspectionPlan(
        _istio(mesh, planned) if config.istio.ownership == "existing" else None,
        config.certificates == "existing",
        _definitions(planned) if gateway_api_source(mesh, planned.name) == "existing" else {},
    )
    return found if found.istio or found.certificates or found.gateway_api else None


def _istio(mesh: MeshConfig, planned: ClusterPlan) -> dict[str, Any]:
    gateways = {
        network: [each["address"] for each in found["gateways"]]
        for network, found in mesh_networks(mesh).items()
        if network != planned.network
    }
    return {
        "meshId": mesh.id,
        "network": planned.network,
        "trustDomain": mesh.trust_domain,
        "version": mesh.istio.version,
        "gateways": gateways,
    }


def _definitions(planned: ClusterPlan) -> dict[str, dict[str, str]]:
    """The kinds of the Gateway API among the planned objects."""
    group = GATEWAY_API.partition("/")[0]
    found: dict[str, dict[str, str]] = {}
    for each in planned.objects:
        if isinstance(each, PlannedObject) and each.manifest["apiVersion"].startswith(f"{group}/"):
            kind = each.manifest["kind"]
            release = GATEWAY_API_KINDS.get(kind, (1, 0))
            version = each.manifest["apiVersion"].partition("/")[2]
            found[kind] = {"version": version, "release": ".".join(map(str, release))}
    return dict(sorted(found.items()))
