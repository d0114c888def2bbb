"""Rules on how a workload group is called: its Service, its custom hosts, and servers without an agent."""

from collections.abc import Iterator
from ipaddress import ip_address

from hybrid_mesh.model.checks.formats import (
    is_host_name,
    is_ipv4_address,
    is_label_key,
    is_label_value,
    starts_with_letter,
)
from hybrid_mesh.model.checks.registry import group_rule, readable, rule
from hybrid_mesh.model.config.groups import ApplicationConfig, WorkloadGroupConfig
from hybrid_mesh.model.config.machines import StaticMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.istio_facts import GROUP_LABEL, service_host
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value


def _hosts(name: str, group: WorkloadGroupConfig) -> Iterator[tuple[str, str]]:
    """The custom host names and their keys."""
    if group.host is not None:
        yield f"workloadGroups.{name}.host", group.host
    for index, host in enumerate(group.hosts):
        yield f"workloadGroups.{name}.hosts.{index}", host


@group_rule
def group_hosts_are_custom_names(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`host` and `hosts` must be fully qualified DNS names outside the cluster's domain, and cannot be
    combined."""
    if group.host is not None and group.hosts:
        yield Problem(
            f"workloadGroups.{name}.hosts", "", "`host` is set, too", "Move the name of `host` into `hosts`."
        )
    for path, host in _hosts(name, group):
        if not is_host_name(host) or "." not in host:
            yield Problem(
                path, host, "not a valid full host name", "Write it in lower case, like ratings.example.com."
            )
        elif host.endswith((".local", ".svc")):
            yield Problem(
                path,
                host,
                "this name belongs to the DNS of the clusters",
                f"Leave it out: the group is {service_host(name, group.namespace)} automatically.",
            )


@rule
def hosts_belong_to_one_group(mesh: MeshConfig) -> Problems:
    """Custom hosts must be unique among the groups, and within one."""
    owners: dict[str, str] = {}
    entries = readable(mesh.workload_groups, lambda group: (group.host, group.hosts))
    for name, (host, hosts) in entries.items():
        places = [("host", host)] if host is not None else []
        places += [(f"hosts.{index}", each) for index, each in enumerate(hosts)]
        for key, each in places:
            owner = owners.get(each)
            owners.setdefault(each, name)
            if owner is not None:
                yield Problem(
                    f"workloadGroups.{name}.{key}",
                    each,
                    f"group {owner} has the same host" if owner != name else "this host is already listed",
                    "Give each group a host of its own, or split the requests by a route's weights.",
                )


@group_rule
def services_fit_the_group(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`service` requires `ports`, and cannot be combined with custom hosts. An existing Service keeps its
    selector and cluster IP. `name` must begin with a letter (RFC 1035)."""
    service, path = group.service, f"workloadGroups.{name}.service"
    if not service.model_fields_set:
        return
    if not group.ports:
        yield Problem(path, "", "a group without `ports` has no Service", "Leave it out, or set `ports`.")
    elif group.custom_hosts:
        yield Problem(
            path, "", "a group with custom hosts has no Service", "Leave it out, or remove the custom hosts."
        )
    if service.name is not None and not starts_with_letter(service.name):
        yield Problem(
            f"{path}.name",
            service.name,
            "the name of a Service must begin with a letter",
            f"For example, use x{service.name}.",
        )
    if service.ownership == "existing":
        for key, value in (("selector", service.selector), ("headless", service.headless or None)):
            if value is not None:
                yield Problem(
                    f"{path}.{key}",
                    format_value(value),
                    "the program does not change an existing Service",
                    "Leave it out, or set `ownership: own`.",
                )


@group_rule
def selectors_match_the_group(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`selector` must consist of labels of the group's VMs: `labels`, or `hybrid-mesh/group`."""
    selector = group.service.selector
    path = f"workloadGroups.{name}.service.selector"
    if selector is None:
        return
    if not selector:
        yield Problem(
            path,
            "{}",
            "without labels, the Service would have no endpoints",
            "Name labels of the group, or leave it out.",
        )
    own = {**group.labels, GROUP_LABEL: name}
    for key, value in selector.items():
        if not is_label_key(key) or not is_label_value(value):
            yield Problem(
                f"{path}.{key}",
                format_value(value),
                "not a valid Kubernetes label",
                "Write it like app: billing.",
            )
        elif own.get(key) != value:
            there = f"they have {key}: {own[key]}" if key in own else f"they have no label {key}"
            yield Problem(
                f"{path}.{key}",
                value,
                f"the Service would not select the group's VMs: {there}",
                f"Add `{key}: {value}` to workloadGroups.{name}.labels.",
            )


@rule
def services_belong_to_one_group(mesh: MeshConfig) -> Problems:
    """The name of a Service must be unique among the groups of a namespace that own theirs."""
    owners: dict[tuple[str, str], str] = {}
    services = readable(
        mesh.workload_groups,
        lambda group: (group.namespace, group.service, bool(group.ports) and not group.custom_hosts),
    )
    for name, (namespace, service, has_service) in services.items():
        if not has_service or service.ownership == "existing":
            continue
        owner = owners.setdefault((namespace, service.name or name), name)
        if owner != name:
            yield Problem(
                f"workloadGroups.{name}.service.name",
                service.name or name,
                f"group {owner} has a Service of the same name",
                "Choose another name. For one Service over several groups, give them a common label, let one "
                "group's `service.selector` name it, and set `service: {ownership: existing}` in the others.",
            )


@group_rule
def servers_without_an_agent_have_no_settings_of_one(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig
) -> Problems:
    """A group of type `static` requires `ports`, and cannot have `serviceAccount`, `probe`, `application`,
    `dnsCapture`, excluded ports and interfaces, which are settings of an agent."""
    if group.has_agent:
        return
    if not group.ports:
        yield Problem(
            f"workloadGroups.{name}.ports",
            "",
            "required for machines of type static, which serve and do not call",
            "List the ports, for example `{tcp-db: 5432}`.",
        )
    settings = {
        "serviceAccount": group.service_account,
        "probe": group.probe,
        "application": None if group.application == ApplicationConfig() else group.application,
        "dnsCapture": group.dns_capture if "dns_capture" in group.model_fields_set else None,
        "excludeInboundPorts": group.exclude_inbound_ports or None,
        "excludeOutboundPorts": group.exclude_outbound_ports or None,
        "excludeInterfaces": group.exclude_interfaces
        if "exclude_interfaces" in group.model_fields_set
        else None,
    }
    for key, value in settings.items():
        if value is not None:
            yield Problem(
                f"workloadGroups.{name}.{key}",
                "",
                "machines of type static have no agent",
                "Leave it out, or choose a type with an agent, for example `bundle`.",
            )


@rule
def addresses_of_servers_are_in_their_network(mesh: MeshConfig) -> Problems:
    """`addresses` of a group of type `static` must be IPv4 addresses inside the network's CIDR, each in one
    group."""
    owners: dict[str, str] = {}
    groups = readable(mesh.workload_groups, lambda group: (group.machines, group.network))
    for name, (machines, network_name) in groups.items():
        if not isinstance(machines, StaticMachinesConfig):
            continue
        for index, address in enumerate(machines.addresses):
            path = f"workloadGroups.{name}.machines.addresses.{index}"
            if not is_ipv4_address(address):
                yield Problem(
                    path,
                    format_value(address),
                    "not a valid IPv4 address",
                    "Write it like 10.40.7.20, without a port.",
                )
                continue
            owner = owners.get(address)
            owners.setdefault(address, name)
            if owner is not None:
                yield Problem(
                    path,
                    address,
                    f"group {owner} has the same address" if owner != name else "it is already listed",
                    "List each address in one group; a group may have several ports.",
                )
            network = mesh.networks.get(network_name)
            if network is not None and not any(ip_address(address) in cidr for cidr in network.cidrs):
                yield Problem(
                    path,
                    address,
                    f"outside the CIDR of network {network_name} ({', '.join(map(str, network.cidrs))})",
                    "Name a network that contains the address.",
                )
