"""Rules on workload groups."""

from hybrid_mesh.model.checks.formats import is_host_name, is_ip_address, is_label_key, is_label_value
from hybrid_mesh.model.checks.registry import group_rule, kind_rule, readable, rule
from hybrid_mesh.model.config.clusters import LocalClusterConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.machines import BundleMachinesConfig, LocalMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import LocalNetworkConfig
from hybrid_mesh.model.derive.vm_sets import size
from hybrid_mesh.model.istio_facts import GROUP_LABEL, SIDECAR_PORTS, SSH_PORT, VM_HEALTH_PORT, service_host
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value


@kind_rule
@group_rule
def local_machines_are_in_local_networks(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """Local VMs must be in a network of type `local`."""
    network = mesh.networks[group.network]
    if isinstance(group.machines, LocalMachinesConfig) and not isinstance(network, LocalNetworkConfig):
        yield Problem(
            f"workloadGroups.{name}.network",
            group.network,
            f"the VMs are of type local and this network of type {network.type}",
            "Choose a network of type local, or `machines: {type: bundle}`.",
        )


@kind_rule
@group_rule
def local_machines_register_with_local_clusters(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig
) -> Problems:
    """Local VMs must register with a local cluster, as no other cluster trusts their tokens."""
    cluster = mesh.clusters[group.cluster]
    if isinstance(group.machines, LocalMachinesConfig) and not isinstance(cluster, LocalClusterConfig):
        yield Problem(
            f"workloadGroups.{name}.cluster",
            group.cluster,
            f"the VMs are of type local, and a cluster of type {cluster.type} does not trust their identity",
            "Choose a cluster of type local, or `machines: {type: bundle}`.",
        )


@group_rule
def rollouts_fit_the_group(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`maxUnavailable` must not exceed the number of VMs, or `max` of an autoscaled group."""
    machines = group.machines
    if isinstance(machines, BundleMachinesConfig):
        return
    most = machines.count if isinstance(machines, LocalMachinesConfig) else size(machines)[1]
    if machines.rollout.max_unavailable > most:
        yield Problem(
            f"workloadGroups.{name}.machines.rollout.maxUnavailable",
            str(machines.rollout.max_unavailable),
            f"the group has at most {most} VM{'s' * (most != 1)}",
            f"Set a number from 1 to {most}, or leave it out.",
        )


@group_rule
def a_probe_has_one_check(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """Exactly one of `httpGet`, `tcpSocket` and `exec` must be set."""
    probe = group.probe
    if probe is None:
        return
    checks = {"httpGet": probe.http_get, "tcpSocket": probe.tcp_socket, "exec": probe.exec}
    found = [key for key, check in checks.items() if check is not None]
    if len(found) != 1:
        yield Problem(
            f"workloadGroups.{name}.probe",
            ", ".join(found),
            f"a probe must have exactly one check (got {len(found)})",
            "Keep one of httpGet, tcpSocket and exec.",
        )


@group_rule
def probe_ports_belong_to_the_group(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`port` must be one of the group's `ports` unless `host` is set, an IP address or a host name."""
    probe = group.probe
    checks = (("httpGet", probe.http_get), ("tcpSocket", probe.tcp_socket)) if probe else ()
    for key, check in checks:
        if check is None:
            continue
        path = f"workloadGroups.{name}.probe.{key}"
        if check.host is not None and not (is_ip_address(check.host) or is_host_name(check.host)):
            yield Problem(
                f"{path}.host",
                format_value(check.host),
                "not a valid IP address or host name",
                "Write it like 127.0.0.1, without scheme and port, or leave it out.",
            )
        if check.host is None and check.port not in group.ports.values():
            ports = ", ".join(str(port) for port in group.ports.values())
            yield Problem(
                f"{path}.port",
                str(check.port),
                "the group does not serve this port",
                f"Its ports are: {ports}. For a port that only the probe uses, set `host: 127.0.0.1`.",
            )


@group_rule
def group_ports_are_unique(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`ports` must be unique, and must not be ports of Istio's agent, the health endpoint or SSH."""
    seen: dict[int, str] = {}
    for port_name, port in group.ports.items():
        path = f"workloadGroups.{name}.ports.{port_name}"
        first = seen.setdefault(port, port_name)
        if first != port_name:
            yield Problem(
                path, str(port), f"port {port} is already named {first}", "Keep one name for each port."
            )
        if port == VM_HEALTH_PORT:
            yield Problem(
                path,
                str(port),
                "the VM's health endpoint uses this port",
                "Let the workload serve another one.",
            )
        if port in SIDECAR_PORTS:
            yield Problem(
                path, str(port), "Istio's agent uses this port", "Let the workload serve another one."
            )
        if port == SSH_PORT:
            yield Problem(
                path,
                str(port),
                "SSH stays outside the mesh, so that you are never locked out",
                "Let the workload serve another port.",
            )


@group_rule
def ports_are_tcp(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """A port cannot have a name that selects UDP, which Istio's proxies do not carry (Istio, "Protocol
    Selection")."""
    for port_name in group.ports:
        if port_name.split("-", 1)[0] == "udp":
            yield Problem(
                f"workloadGroups.{name}.ports.{port_name}",
                port_name,
                "a mesh carries TCP only",
                "Leave the port out: callers reach it at the VM's own address, outside the mesh.",
            )


@group_rule
def group_labels_are_valid(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`labels` must be valid Kubernetes labels, and must not include those that the program sets."""
    for key, value in group.labels.items():
        path = f"workloadGroups.{name}.labels.{key}"
        if key == GROUP_LABEL:
            yield Problem(path, value, "this label is set automatically", "Leave it out.")
        elif not is_label_key(key):
            yield Problem(
                path,
                key,
                "not a valid key of a Kubernetes label",
                "Use letters, digits, '-', '_' and '.', 63 at most, after an optional `domain/`.",
            )
        if not is_label_value(value):
            yield Problem(
                path,
                format_value(value),
                "not a valid value of a Kubernetes label",
                "Use letters, digits, '-', '_' and '.', 63 at most; begin and end with a letter or digit.",
            )


@group_rule
def group_hosts_are_custom_names(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`host` must be a fully qualified DNS name outside the cluster's domain."""
    host, path = group.host, f"workloadGroups.{name}.host"
    if host is None:
        return
    if not is_host_name(host) or "." not in host:
        yield Problem(
            path, host, "not a valid full host name", "Write it in lower case, like ratings.example.com."
        )
    elif host.endswith((".local", ".svc")):
        yield Problem(
            path,
            host,
            "this name belongs to the DNS of the clusters",
            f"Leave `host` out: the group is {service_host(name, group.namespace)} automatically.",
        )


@rule
def hosts_belong_to_one_group(mesh: MeshConfig) -> Problems:
    """`host` must be unique among the groups."""
    owners: dict[str, str] = {}
    for name, host in readable(mesh.workload_groups, lambda group: group.host).items():
        if host is not None and owners.setdefault(host, name) != name:
            yield Problem(
                f"workloadGroups.{name}.host",
                host,
                f"group {owners[host]} has the same host",
                "Give each group a host of its own, or split the requests by a route's weights.",
            )


@rule
def service_accounts_belong_to_one_group(mesh: MeshConfig) -> Problems:
    """`serviceAccount` must be unique among the groups of a namespace, and must not be the demo's."""
    owners: dict[tuple[str, str], str] = {}
    accounts = readable(
        mesh.workload_groups, lambda group: (group.namespace, group.service_account, group.host)
    )
    if mesh.demo is not None:
        owners[mesh.demo.namespace, mesh.demo.service] = "the pods of the demo"
    for name, (namespace, account, host) in accounts.items():
        owner = owners.setdefault((namespace, account or name), f"group {name}")
        if owner == f"group {name}":
            continue
        if account is None and host is None and not owner.startswith("group "):
            continue  # the Services have the same name, too, which is reported for the demo
        yield Problem(
            f"workloadGroups.{name}.serviceAccount",
            account or name,
            f"this is also the service account of {owner}",
            "Give each group a service account of its own.",
        )
