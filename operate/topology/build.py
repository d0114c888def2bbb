"""The graph of a plan: what there will be, before anything exists."""

from collections.abc import Iterator, Mapping
from typing import Any

from hybrid_mesh.model.plan.describe import describe
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.topology.graph import Details, Edge, Kind, Node, Relation, Topology


def topology(plan: MeshPlan) -> Topology:
    """Pure: the same plan gives the same graph."""
    described = describe(plan)
    mesh = described["mesh"]
    return Topology(
        stack=plan.stack,
        mesh=plan.mesh_id,
        details=_details(
            {
                "trust domain": plan.trust_domain,
                "Istio": f"{mesh['istio']['version']} ({mesh['istio']['distribution']})",
                "labels": [f"{key}={value}" for key, value in mesh["labels"].items()],
                "demo": f"{plan.demo.service}.{plan.demo.namespace}" if plan.demo else "",
            }
        ),
        nodes=tuple(_nodes(plan, described)),
        edges=tuple(_edges(described)),
    )


def _nodes(plan: MeshPlan, described: Mapping[str, Any]) -> Iterator[Node]:
    yield _trust(plan)
    for network in described["networks"]:
        yield _network(plan, network)
        if address := plan.networks[network["name"]].gateway_address:
            yield Node(
                f"gateway/{network['name']}",
                Kind.GATEWAY,
                network["name"],
                f"network/{network['name']}",
                _details({"address": address, "run by": "you"}),
            )
    for cluster in described["clusters"]:
        yield from _cluster(cluster)
    for ingress in described["ingresses"]:
        yield from _ingress(ingress)
    for group in described["groups"]:
        yield _group(group)
        yield from _machines(group, described)


def _trust(plan: MeshPlan) -> Node:
    config = plan.trust.model_dump(mode="json", by_alias=True, exclude_none=True)
    simple = {key: value for key, value in config.items() if isinstance(value, str | int) and key != "issuer"}
    details = {"issuer": plan.trust.issuer, "trust domain": plan.trust_domain, **simple}
    return Node("trust/root", Kind.TRUST, plan.trust.issuer, None, _details(details))


def _network(plan: MeshPlan, network: Mapping[str, Any]) -> Node:
    cloud = network["cloud"] or {}
    details = {
        "type": network["type"],
        "CIDR": network["cidr"],
        "reached by": network["entryPoints"],
        "region": cloud.get("region"),
        "project": cloud.get("project"),
        "zones": cloud.get("zones"),
        "locality": plan.networks[network["name"]].config.locality,
        "egress": cloud.get("egress"),
    }
    return Node(f"network/{network['name']}", Kind.NETWORK, network["name"], None, _details(details))


def _cluster(cluster: Mapping[str, Any]) -> Iterator[Node]:
    name, cloud, gateway = cluster["name"], cluster["cloud"] or {}, cluster["gateway"]
    details = {
        "type": cluster["type"],
        "state": cluster["state"],
        "pod CIDR": cluster["podCidr"] or "the cluster's own",
        "Service CIDR": cluster["serviceCidr"] or "the cluster's own",
        "API endpoint": cloud.get("endpoint"),
    }
    yield Node(f"cluster/{name}", Kind.CLUSTER, name, f"network/{cluster['network']}", _details(details))
    if gateway:
        details = {"Service": gateway["serviceType"], "addresses": gateway["addresses"]}
        yield Node(f"gateway/cluster/{name}", Kind.GATEWAY, name, f"cluster/{name}", _details(details))


def _ingress(ingress: Mapping[str, Any]) -> Iterator[Node]:
    name, inside = ingress["name"], f"cluster/{ingress['cluster']}"
    listeners = [f"{each['protocol']} {each['port']}" for each in ingress["listeners"]]
    details = {
        "namespace": ingress["namespace"],
        "class": ingress["gatewayClass"],
        "listeners": listeners,
    }
    yield Node(f"ingress/{name}", Kind.INGRESS, name, inside, _details(details))
    services: dict[str, Mapping[str, Any]] = {}
    for route in ingress["routes"]:
        matched = [*route["hostnames"], *(route["matches"] or [route.get("pathPrefix") or ""])]
        details = {
            "kind": route["kind"],
            "matches": list(filter(None, matched)) or "every connection",
            "replaces the prefix by": route.get("replacePrefix"),
            "listeners": route["listeners"],
            "requests": [_backend(each) for each in route["backends"]] or "redirected",
        }
        yield Node(
            f"route/{name}/{route['name']}", Kind.ROUTE, route["name"], f"ingress/{name}", _details(details)
        )
        services |= {_target(name, each): each for each in route["backends"] if "group" not in each}
    for target, each in services.items():
        details = {"namespace": each["namespace"], "port": each["port"]}
        yield Node(target, Kind.SERVICE, each["service"], inside, _details(details))


def _group(group: Mapping[str, Any]) -> Node:
    machines = group["machines"]
    details = {
        "VMs": f"{_number(machines)} ({machines['type']})",
        "registers with": group["cluster"],
        "namespace": group["namespace"],
        "service account": group["serviceAccount"],
        "hosts": group["hosts"],
        "ports": [f"{number} ({name})" for name, number in group["ports"].items()],
        "probe": group["probe"] or "none",
    }
    name = group["name"]
    return Node(f"group/{name}", Kind.GROUP, name, f"network/{group['network']}", _details(details))


def _machines(group: Mapping[str, Any], described: Mapping[str, Any]) -> Iterator[Node]:
    """The VMs that are known by name or address."""
    inside = f"group/{group['name']}"
    named = [each["name"] for each in described["machines"] if each["group"] == group["name"]]
    for name in named or group["machines"]["addresses"]:
        yield Node(f"vm/{group['name']}/{name}", Kind.VM, name, inside)


def _number(machines: Mapping[str, Any]) -> str:
    if machines["addresses"]:
        return str(len(machines["addresses"]))
    if cloud := machines["cloud"]:
        fixed = cloud["minimum"] == cloud["maximum"]
        return str(cloud["minimum"]) if fixed else f"{cloud['minimum']} to {cloud['maximum']}"
    return str(machines["count"]) if machines["count"] is not None else f"{machines['minimum']} or more"


def _edges(described: Mapping[str, Any]) -> Iterator[Edge]:
    pairs = {tuple(sorted((each["holder"], each["peer"]))) for each in described["peers"]}
    for one, other in sorted(pairs):
        yield Edge(Relation.PEERS, f"cluster/{one}", f"cluster/{other}")
    for group in described["groups"]:
        yield Edge(Relation.REGISTERS, f"group/{group['name']}", f"cluster/{group['cluster']}")
    for ingress in described["ingresses"]:
        for route in ingress["routes"]:
            source = f"route/{ingress['name']}/{route['name']}"
            for backend in route["backends"]:
                details = _details({"port": backend["port"], "weight": f"{backend['weight']} %"})
                target = _target(ingress["name"], backend)
                yield Edge(Relation.SENDS, source, target, f"{backend['weight']} %", details)


def _target(ingress: str, backend: Mapping[str, Any]) -> str:
    if "group" in backend:
        return f"group/{backend['group']}"
    return f"service/{ingress}/{backend['namespace']}/{backend['service']}:{backend['port']}"


def _backend(backend: Mapping[str, Any]) -> str:
    name = backend.get("group") or f"{backend['service']}.{backend['namespace']}"
    return f"{backend['weight']} % to {name}:{backend['port']}"


def _details(values: Mapping[str, object]) -> Details:
    """Those that have a value; lists as one text."""
    texts = {
        key: ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for key, value in values.items()
        if value not in (None, "", [], ())
    }
    return tuple(texts.items())
