"""A plan as plain data, for people's tables and for scripts."""

from dataclasses import asdict
from typing import Any

from hybrid_mesh.model.config.ingress import IngressConfig
from hybrid_mesh.model.config.machines import LocalMachinesConfig, StaticMachinesConfig
from hybrid_mesh.model.config.routes import MatchConfig, RouteConfig
from hybrid_mesh.model.derive.object_names import service_name
from hybrid_mesh.model.plan.describe_cloud import cluster_in_cloud, machines_in_cloud, network_in_cloud
from hybrid_mesh.model.plan.required_paths import OpenPath, open_paths
from hybrid_mesh.model.plan.types import ClusterPlan, GroupPlan, IngressPlan, MeshPlan, NetworkPlan


def describe(plan: MeshPlan) -> dict[str, Any]:
    """The plan in JSON's types, keys in camelCase; the same plan gives the same value."""
    return {
        "stack": plan.stack,
        "mesh": {
            "id": plan.mesh_id,
            "trustDomain": plan.trust_domain,
            "trust": plan.trust.issuer,
            "labels": dict(plan.labels),
            "protected": plan.protected,
            "istio": {
                "version": plan.istio.version,
                "distribution": plan.istio.distribution,
                "hub": plan.istio.hub,
                "tag": plan.istio.tag or plan.istio.version,
                "proxy": plan.istio.proxy,
                "charts": plan.istio.charts.model_dump(mode="json", by_alias=True),
            },
        },
        "networks": [_network(plan, network) for network in plan.networks.values()],
        "clusters": [_cluster(cluster) for cluster in plan.clusters.values()],
        "peers": [asdict(entry) for entry in plan.remote_secrets],
        "groups": [_group(group) for group in plan.groups.values()],
        "machines": [
            {"name": machine.name, "group": group.name, "network": group.network, "cluster": group.cluster}
            for group in plan.groups.values()
            for machine in group.machines
        ],
        "ingresses": [_ingress(ingress) for ingress in plan.ingresses.values()],
        "paths": [_path(path) for path in open_paths(plan)],
        "demo": plan.demo.model_dump(mode="json", by_alias=True) if plan.demo else None,
        "telemetry": _telemetry(plan),
        "kiali": plan.kiali.model_dump(mode="json", by_alias=True) if plan.kiali else None,
        "secrets": [f"hybrid-mesh:{name}" for name in plan.secrets],
        "warnings": [problem.as_json() for problem in plan.warnings],
    }


def _telemetry(plan: MeshPlan) -> dict[str, Any] | None:
    if plan.telemetry is None:
        return None
    logs, traces, metrics = plan.telemetry.access_logs, plan.telemetry.traces, plan.telemetry.metrics
    return {
        "clusters": list(plan.reporting),
        "accessLogs": {"stdout": logs.stdout, "otlp": logs.otlp} if logs else None,
        "traces": {"otlp": traces.otlp, "sampling": traces.sampling} if traces else None,
        "metrics": plan.istio.proxy == "istio" and (metrics is None or metrics.enabled),
    }


def _network(plan: MeshPlan, network: NetworkPlan) -> dict[str, Any]:
    return {
        "name": network.name,
        "type": network.config.type,
        "cidr": ", ".join(network.cidrs),
        "clusters": list(network.clusters),
        "groups": list(network.groups),
        "entryPoints": _entry_points(plan, network),
        "cloud": network_in_cloud(network),
    }


def _entry_points(plan: MeshPlan, network: NetworkPlan) -> list[str]:
    """How members of other networks reach this one."""
    found = [f"gateway of {name}" for name in network.gateway_clusters]
    if network.gateway_address is not None:
        found.append(f"gateway {network.gateway_address}")
    if network.direct:
        found.append("direct")
    return found or (["none needed"] if len(plan.networks) == 1 else ["none"])


def _cluster(cluster: ClusterPlan) -> dict[str, Any]:
    gateway = cluster.config.gateway
    return {
        "name": cluster.name,
        "type": cluster.config.type,
        "network": cluster.network,
        "state": cluster.config.state,
        "peers": list(cluster.peers),
        "podCidr": cluster.pod_cidr,
        "serviceCidr": cluster.service_cidr,
        "gateway": {"serviceType": gateway.service_type, "addresses": list(gateway.addresses)}
        if gateway.enabled
        else None,
        "groups": list(cluster.groups),
        "cloud": cluster_in_cloud(cluster),
    }


def _group(group: GroupPlan) -> dict[str, Any]:
    machines = group.config.machines
    checks = group.config.probe.model_dump(by_alias=True, exclude_none=True) if group.config.probe else {}
    return {
        "name": group.name,
        "namespace": group.namespace,
        "cluster": group.cluster,
        "network": group.network,
        "serviceAccount": group.service_account,
        "hosts": list(group.hosts),
        "ports": {port.name: port.port for port in group.config.service_ports},
        "vmPorts": list(group.config.vm_ports),
        "service": service_name(group.name, group.config) if _has_service(group) else None,
        "probe": next((key for key in ("httpGet", "tcpSocket", "grpc", "exec") if key in checks), None),
        "machines": {
            "type": group.config.machines.type,
            "count": len(group.machines) if isinstance(group.config.machines, LocalMachinesConfig) else None,
            "minimum": group.minimum,
            "addresses": list(machines.addresses) if isinstance(machines, StaticMachinesConfig) else [],
            "cloud": machines_in_cloud(group),
        },
        "identity": group.machine_identity,
        "files": list(group.files),
        "units": list(group.units),
    }


def _has_service(group: GroupPlan) -> bool:
    return bool(group.config.ports) and not group.config.custom_hosts


def _ingress(ingress: IngressPlan) -> dict[str, Any]:
    return {
        "name": ingress.name,
        "cluster": ingress.cluster,
        "namespace": ingress.namespace,
        "gatewayClass": ingress.config.gateway_class,
        "listeners": [
            listener.model_dump(by_alias=True, include={"name", "port", "protocol"})
            | {"terminatesTls": listener.terminates}
            for listener in ingress.config.listeners
        ],
        "routes": [_route(ingress.config, route) for route in ingress.config.routes],
    }


def _route(ingress: IngressConfig, route: RouteConfig) -> dict[str, Any]:
    shown = {"name", "kind", "hostnames", "path_prefix", "replace_prefix", "backends"}
    return {
        **route.model_dump(mode="json", by_alias=True, exclude_none=True, include=shown),
        "listeners": [listener.name for listener in ingress.listeners_of(route)],
        "matches": [_match(match) for match in route.matches],
        "redirects": route.redirect is not None,
    }


def _match(match: MatchConfig) -> str:
    """The conditions of a match, as `method=GET path=/orders`."""
    fields = match.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    path = "".join(f" path={value}" for value in fields.pop("path", {}).values())
    named = [value for key in ("headers", "queryParameters") for value in fields.pop(key, ())]
    values = [f"{each['name']}={each.get('exact', each.get('regularExpression'))}" for each in named]
    return " ".join([*(f"{key}={value}" for key, value in fields.items()), *path.split(), *values])


def _path(path: OpenPath) -> dict[str, Any]:
    """`openedBy` is `program` where a firewall of the plan or the local site opens the path, else `you`."""
    return {
        "source": path.source,
        "destination": path.destination,
        "ports": list(path.ports),
        "purpose": path.purpose,
        "route": path.route,
        "openedBy": "you" if path.manual else "program",
    }
