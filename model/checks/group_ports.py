"""Rules on the ports of workload groups."""

from hybrid_mesh.model.checks.registry import group_rule
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.services import PROTOCOLS, PortConfig
from hybrid_mesh.model.istio_facts import SIDECAR_PORTS, SSH_PORT, VM_HEALTH_PORT
from hybrid_mesh.model.reading.problems import Problem, Problems, nearest_match

_ANOTHER = "Let the workload serve another one."


@group_rule
def group_ports_are_unique(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`ports` must be unique, both those of the Service and those of the VMs. The VMs' must not be ports of
    Istio's agent, the health endpoint or SSH."""
    named: dict[tuple[str, int], str] = {}
    for port in group.service_ports:
        entry = group.ports[port.name]
        for kind, number in (("port", port.port), ("targetPort", port.target)):
            first = named.setdefault((kind, number), port.name)
            if first != port.name:
                yield Problem(
                    _path(name, port.name, kind, entry),
                    str(number),
                    f"port {number} is already named {first}",
                    "Keep one name for each port.",
                )
        if reason := _reserved(port.target, has_agent=group.has_agent):
            yield Problem(_path(name, port.name, "targetPort", entry), str(port.target), *reason)


def _path(group: str, port: str, kind: str, entry: PortConfig) -> str:
    """The key that sets the number of a port: its own, `port` or `targetPort`."""
    path = f"workloadGroups.{group}.ports.{port}"
    if entry.model_fields_set == {"port"}:
        return path
    return f"{path}.port" if entry.target_port is None else f"{path}.{kind}"


def _reserved(port: int, *, has_agent: bool) -> tuple[str, str] | None:
    """Why VMs with an agent cannot serve a port, and the remedy."""
    if not has_agent:
        return None
    if port == VM_HEALTH_PORT:
        return "the VM's health endpoint uses this port", _ANOTHER
    if port in SIDECAR_PORTS:
        return "Istio's agent uses this port", _ANOTHER
    if port == SSH_PORT:
        return (
            "SSH stays outside the mesh, so that you are never locked out",
            "Let the workload serve another port.",
        )
    return None


@group_rule
def ports_are_tcp(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """A port cannot have a name or a `protocol` that selects UDP, which Istio's proxies do not carry (Istio,
    "Protocol Selection"). `protocol` must be one that Istio knows."""
    for port in group.service_ports:
        path = f"workloadGroups.{name}.ports.{port.name}"
        by_name = port.name.split("-", 1)[0] if port.protocol is None else None
        if by_name in ("udp", "sctp"):
            yield Problem(path, port.name, *_not_carried())
        elif port.protocol in ("udp", "sctp"):
            yield Problem(f"{path}.protocol", port.protocol, *_not_carried())
        elif port.protocol is not None and port.protocol not in PROTOCOLS:
            near = nearest_match(port.protocol, PROTOCOLS)
            yield Problem(
                f"{path}.protocol",
                port.protocol,
                "not a protocol that Istio knows",
                f"Did you mean `{near}`?" if near else f"Choose one of: {', '.join(PROTOCOLS)}.",
            )


def _not_carried() -> tuple[str, str]:
    return (
        "a mesh carries TCP only",
        "Leave the port out: callers reach it at the VM's own address, outside the mesh.",
    )


@group_rule
def excluded_ports_are_outside_the_mesh(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`excludeInboundPorts` cannot name a port of the group: callers in the mesh would send it mutual TLS.
    Excluded ports and interfaces must be listed once."""
    lists: dict[str, tuple[int | str, ...]] = {
        "excludeInboundPorts": group.exclude_inbound_ports,
        "excludeOutboundPorts": group.exclude_outbound_ports,
        "excludeInterfaces": group.exclude_interfaces,
    }
    for key, entries in lists.items():
        for index, entry in enumerate(entries):
            if entry in entries[:index]:
                path = f"workloadGroups.{name}.{key}.{index}"
                yield Problem(path, str(entry), "it is already listed", "List each entry once.")
    for index, port in enumerate(group.exclude_inbound_ports):
        if port in group.vm_ports:
            yield Problem(
                f"workloadGroups.{name}.excludeInboundPorts.{index}",
                str(port),
                "this is one of the group's ports, on which callers use mutual TLS",
                "Remove it here or in `ports`.",
            )
