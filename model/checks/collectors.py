"""Rules on the collectors that proxies send access logs and traces to."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from hybrid_mesh.model.checks.formats import is_host_name
from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.collectors import TRACES, Collector, collectors
from hybrid_mesh.model.derive.discovery import NAME_LABEL, all_selectors, selected
from hybrid_mesh.model.derive.namespaces import namespace_labels
from hybrid_mesh.model.derive.object_names import service_name
from hybrid_mesh.model.istio_facts import CLUSTER_DOMAIN, service_host
from hybrid_mesh.model.reading.problems import Problem, Problems

_LIKE = "Write it like otel-collector.observability.svc.cluster.local:4317."


@rule
def collectors_are_hosts_with_ports(mesh: MeshConfig) -> Problems:
    """`otlp` must be `host:port` or `https://host:port`, with a Service
    (`<name>.<namespace>.svc.cluster.local`), a full host name or an IPv4 address outside the proxy's host."""
    namespaces = {*mesh.namespaces, *(group.namespace for group in mesh.workload_groups.values())}
    for collector in collectors(mesh):
        for message, remedy in _not_an_endpoint(collector, namespaces):
            yield Problem(collector.source, collector.text, message, remedy)
            break


def _not_an_endpoint(collector: Collector, namespaces: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the form of an endpoint, and the remedy; the first is the reason for the others."""
    text = collector.text
    bare = text.removeprefix("https://").removeprefix("http://")
    if text.startswith("http://"):
        yield "a collector without TLS has no scheme", f"Write {bare}."
    elif "://" in bare:
        yield "not a scheme of a collector", f"Write {bare.rpartition('://')[2]}, or begin it with https://."
    if "[" in bare or bare.count(":") > 1:
        yield "not an IPv4 address or a host name: the mesh has IPv4 alone", _LIKE
    if "/" in bare:
        advice = " Set its path in httpPath." if collector.source == TRACES else ""
        yield "not a host and a port", f"{_LIKE}{advice}"
    if ":" not in bare:
        yield "the port is missing", "Add the port, most often 4317 for gRPC and 4318 for HTTP."
    if collector.port is None:
        yield "not a port from 1 to 65535", _LIKE
    yield from _not_a_host(collector, namespaces)


def _not_a_host(collector: Collector, namespaces: Iterable[str]) -> Iterator[tuple[str, str]]:
    host, address = collector.host, collector.address
    if address is not None:
        if address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local:
            yield "each proxy would send to its own host, or to no host", "Write the collector's address."
        return
    labels = host.split(".")
    if not is_host_name(host) or host == "localhost":
        yield "not a valid host name", _LIKE
    elif host.endswith(f".{CLUSTER_DOMAIN}"):
        if len(labels) != 5 or not collector.is_service:
            written = f"<name>.<namespace>.svc.{CLUSTER_DOMAIN}:{collector.port}"
            yield "not the name of a Service", f"Write {written}."
    elif len(labels) == 1:
        yield "proxies in other namespaces and on VMs do not know this name", _LIKE
    elif len(labels) == 2 and labels[1] in namespaces:
        written = f"{host}.svc.{CLUSTER_DOMAIN}:{collector.port}"
        yield f"{labels[1]} is a namespace, not a domain", f"Write {written}."


@rule
def collectors_outside_alone_have_tls(mesh: MeshConfig) -> Problems:
    """`https://` is only allowed with a host name outside the mesh. The mesh's own mutual TLS protects
    collectors in it, and the certificate of an address could not be verified."""
    hosts = _hosts_of_groups(mesh)
    for collector in collectors(mesh):
        if not collector.secure:
            continue
        bare = collector.text.removeprefix("https://")
        if collector.is_service or collector.host in hosts:
            reason = "the mesh's mutual TLS protects this collector already"
            yield Problem(collector.source, collector.text, reason, f"Write {bare}.")
        elif collector.address is not None:
            reason = "the certificate of an address cannot be verified"
            yield Problem(collector.source, collector.text, reason, "Write the collector's host name.")


@rule
def collectors_speak_one_protocol_on_a_port(mesh: MeshConfig) -> Problems:
    """Access logs and traces for the same port of a host must both be sent over gRPC, or go to different
    ports, and both with or without TLS."""
    for one, other in combinations(collectors(mesh), 2):
        if (one.host, one.port) != (other.host, other.port):
            continue
        if one.protocol != other.protocol:
            yield Problem(
                other.source,
                other.text,
                f"this port is HTTP here and gRPC in {one.source}",
                "Write the collector's port for HTTP here, most often 4318, or leave httpPath out.",
            )
        elif one.secure != other.secure:
            yield Problem(
                other.source, other.text, f"{one.source} differs in https://", "Write the same in both."
            )


@rule
def collectors_are_read_by_istiod(mesh: MeshConfig) -> Problems:
    """With `values.meshConfig.discoverySelectors`, the namespace of a collector's Service must be one of
    `namespaces`, or selected by its name: istiod would not know the Service otherwise."""
    selectors = all_selectors(mesh)
    declared = {space for name in mesh.clusters for space in namespace_labels(mesh, name)}
    for collector in collectors(mesh):
        if not selectors or not collector.is_service:
            continue
        space = collector.host.split(".")[1]
        if space in declared or all(selected(each, {NAME_LABEL: space}) for each in selectors.values()):
            continue
        message = f"istiod does not read namespace {space} (discoverySelectors)"
        yield Problem(
            collector.source, collector.text, message, f"Add it to `namespaces`: {{{space}: {{}}}}."
        )


@rule
def collectors_on_vms_have_the_port(mesh: MeshConfig) -> Problems:
    """A collector on the VMs of a group requires that the port is one of the group's `ports`, whose protocol
    is gRPC, or HTTP with `httpPath`."""
    hosts = _hosts_of_groups(mesh)
    for collector in collectors(mesh):
        name = hosts.get(collector.host)
        if name is None:
            continue
        ports = {port.port: port for port in mesh.workload_groups[name].service_ports}
        port = ports.get(collector.port or 0)
        spoken = {"grpc": ("grpc", "http2"), "http": ("http",)}[collector.protocol]
        if port is None or (port.protocol or port.name.split("-", 1)[0]) not in spoken:
            wanted = f"{collector.protocol}-otlp: {collector.port}"
            yield Problem(
                collector.source,
                collector.text,
                f"group {name} has no such port for {spoken[0]}",
                f"Add it to `workloadGroups.{name}.ports`: {{{wanted}}}.",
            )


def _hosts_of_groups(mesh: MeshConfig) -> Mapping[str, str]:
    """The group of each host name."""
    return {
        host: name
        for name, group in mesh.workload_groups.items()
        for host in group.custom_hosts or (service_host(service_name(name, group), group.namespace),)
    }
