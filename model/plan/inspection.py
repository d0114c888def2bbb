"""What a cluster must have already: an Istio, its certificates, the CRDs of the Gateway API."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hybrid_mesh.model.checks.chart_keys import ISTIOD
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.existing import gateway_api_source
from hybrid_mesh.model.derive.object_names import service_name
from hybrid_mesh.model.istio_facts import GATEWAY_API, GATEWAY_API_KINDS
from hybrid_mesh.model.objects.groups import group_account, group_labels
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
    objects: tuple[Mapping[str, Any], ...] = ()
    """Further objects that must exist: the `key` of the configuration, `path` at the API server, `title`; for
    a Service also its `ports`, and the `labels` that its selector must match."""


def plan_inspection(mesh: MeshConfig, planned: ClusterPlan) -> InspectionPlan | None:
    """What the cluster must have, None if nothing."""
    config = planned.config
    found = InspectionPlan(
        _istio(mesh, planned) if config.istio.ownership == "existing" else None,
        config.certificates == "existing",
        _definitions(planned) if gateway_api_source(mesh, planned.name) == "existing" else {},
        (*_accounts(mesh, planned.name), *_services(mesh)),
    )
    return found if found.istio or found.certificates or found.gateway_api or found.objects else None


def _accounts(mesh: MeshConfig, cluster: str) -> Iterator[dict[str, str]]:
    for name, group in sorted(mesh.workload_groups.items()):
        if group.cluster == cluster and group.service_account_ownership == "existing":
            account = group_account(name, group)
            yield {
                "key": f"workloadGroups.{name}.serviceAccountOwnership",
                "path": f"/api/v1/namespaces/{group.namespace}/serviceaccounts/{account}",
                "title": f"ServiceAccount {group.namespace}/{account}",
            }


def _services(mesh: MeshConfig) -> Iterator[dict[str, Any]]:
    """Every cluster has the Services of all groups."""
    for name, group in sorted(mesh.workload_groups.items()):
        if group.service.ownership == "existing" and group.ports and not group.custom_hosts:
            service = service_name(name, group)
            yield {
                "key": f"workloadGroups.{name}.service.ownership",
                "path": f"/api/v1/namespaces/{group.namespace}/services/{service}",
                "title": f"Service {group.namespace}/{service}",
                "ports": [port.port for port in group.service_ports],
                "labels": group_labels(name, group),
            }


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
        "variables": {path[1]: why for path, why in ISTIOD.owned.items() if path[0] == "env" and path[1:]},
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
