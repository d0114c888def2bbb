"""Rules on workload groups."""

from collections.abc import Iterator

from model.checks.formats import is_host_name, is_label_key, is_label_value
from model.checks.registry import rule
from model.config.clusters import LocalClusterConfig
from model.config.groups import ProbeConfig
from model.config.machines import LocalMachinesConfig
from model.config.mesh import MeshConfig
from model.config.networks import LocalNetworkConfig
from model.istio_facts import GROUP_LABEL, SIDECAR_PORTS, service_host
from model.reading.problems import Problem, format_value


@rule
def local_machines_are_in_local_networks(mesh: MeshConfig) -> Iterator[Problem]:
    """Local machines are in the lab."""
    for name, group in mesh.workload_groups.items():
        network = mesh.networks.get(group.network)
        if (
            isinstance(group.machines, LocalMachinesConfig)
            and network
            and not isinstance(network, LocalNetworkConfig)
        ):
            yield Problem(
                f"workloadGroups.{name}.network",
                group.network,
                f"the machines are local, and this network is of type {network.type}",
                "Choose a network of type local, or `machines: {type: bundle}`.",
            )


@rule
def local_machines_register_with_local_clusters(mesh: MeshConfig) -> Iterator[Problem]:
    """Local machines prove themselves by the lab's issuer, which only local clusters trust."""
    for name, group in mesh.workload_groups.items():
        cluster = mesh.clusters.get(group.cluster)
        if (
            isinstance(group.machines, LocalMachinesConfig)
            and cluster
            and not isinstance(cluster, LocalClusterConfig)
        ):
            yield Problem(
                f"workloadGroups.{name}.cluster",
                group.cluster,
                f"the machines are local, and a cluster of type {cluster.type} does not know their identity",
                "Choose a cluster of type local, or `machines: {type: bundle}`.",
            )


@rule
def a_probe_has_one_check(mesh: MeshConfig) -> Iterator[Problem]:
    """A probe has exactly one of `httpGet`, `tcpSocket` and `exec`."""
    for name, group in mesh.workload_groups.items():
        if group.probe is None:
            continue
        found = _checks_of(group.probe)
        if len(found) != 1:
            yield Problem(
                f"workloadGroups.{name}.probe",
                ", ".join(found),
                "a probe has exactly one check" + (", and this one has none" if not found else ""),
                "Keep one of httpGet, tcpSocket and exec.",
            )


@rule
def a_probe_asks_a_port_of_the_group(mesh: MeshConfig) -> Iterator[Problem]:
    """The port that a probe asks is one that the workload serves."""
    for name, group in mesh.workload_groups.items():
        probe = group.probe
        checks = (("httpGet", probe.http_get), ("tcpSocket", probe.tcp_socket)) if probe else ()
        for key, check in checks:
            if check is not None and check.host is None and check.port not in group.ports.values():
                ports = ", ".join(str(port) for port in group.ports.values())
                yield Problem(
                    f"workloadGroups.{name}.probe.{key}.port",
                    str(check.port),
                    "the group serves no such port",
                    f"Its ports are: {ports}. For one that only the probe asks, say `host: 127.0.0.1`.",
                )


@rule
def ports_of_a_group_are_its_own(mesh: MeshConfig) -> Iterator[Problem]:
    """No port has two names, and none is the agent's or SSH's."""
    for name, group in mesh.workload_groups.items():
        seen: dict[int, str] = {}
        for port_name, port in group.ports.items():
            path = f"workloadGroups.{name}.ports.{port_name}"
            first = seen.setdefault(port, port_name)
            if first != port_name:
                yield Problem(
                    path, str(port), f"this port is {first} already", "Keep one name for each port."
                )
            if port in SIDECAR_PORTS:
                yield Problem(
                    path, str(port), "Istio's agent uses this port", "Let the workload serve another one."
                )
            if port == 22:
                yield Problem(
                    path,
                    "22",
                    "the agent leaves SSH out of the mesh, so that you are never locked out",
                    "Let the workload serve another port.",
                )


@rule
def ports_are_tcp(mesh: MeshConfig) -> Iterator[Problem]:
    """No port is named as one of UDP, which Istio's proxies do not carry (Istio: "Protocol selection")."""
    for name, group in mesh.workload_groups.items():
        for port_name in group.ports:
            if port_name.split("-", 1)[0] == "udp":
                yield Problem(
                    f"workloadGroups.{name}.ports.{port_name}",
                    port_name,
                    "a mesh carries TCP only",
                    "Leave the port out: callers reach it at the machine's own address, outside the mesh.",
                )


@rule
def labels_are_labels(mesh: MeshConfig) -> Iterator[Problem]:
    """Labels are such as Kubernetes takes, and none is the project's own."""
    for name, group in mesh.workload_groups.items():
        for key, value in group.labels.items():
            path = f"workloadGroups.{name}.labels.{key}"
            if key == GROUP_LABEL:
                yield Problem(path, value, "this label is set by itself", "Leave it out.")
            elif not is_label_key(key):
                yield Problem(
                    path,
                    key,
                    "this is no key of a Kubernetes label",
                    "Use letters, digits, '-', '_' and '.', 63 at most, after an optional `domain/`.",
                )
            if not is_label_value(value):
                yield Problem(
                    path,
                    format_value(value),
                    "this is no value of a Kubernetes label",
                    "Use letters, digits, '-', '_' and '.', 63 at most, beginning and ending with no sign.",
                )


@rule
def a_host_is_a_name_of_the_users_own(mesh: MeshConfig) -> Iterator[Problem]:
    """A group's host is a full DNS name outside the cluster's domain."""
    for name, group in mesh.workload_groups.items():
        host = group.host
        if host is None:
            continue
        path = f"workloadGroups.{name}.host"
        if not is_host_name(host) or "." not in host:
            yield Problem(
                path, host, "this is no full host name", "Write one like ratings.example.com, in lower case."
            )
        elif host.endswith((".local", ".svc")):
            yield Problem(
                path,
                host,
                "this name belongs to the clusters' own DNS",
                f"Leave `host` out: the group is {service_host(name, group.namespace)} by itself.",
            )


@rule
def hosts_belong_to_one_group(mesh: MeshConfig) -> Iterator[Problem]:
    """No two groups have the same host."""
    owners: dict[str, str] = {}
    for name, group in sorted(mesh.workload_groups.items()):
        if group.host is None:
            continue
        first = owners.setdefault(group.host, name)
        if first != name:
            yield Problem(
                f"workloadGroups.{name}.host",
                group.host,
                f"this is the host of group {first} too",
                "Give each group a host of its own, or split the requests by a route's weights.",
            )


@rule
def service_accounts_belong_to_one_group(mesh: MeshConfig) -> Iterator[Problem]:
    """No two groups of a namespace, nor a group and the demo's pods, share an identity."""
    owners: dict[tuple[str, str], str] = {}
    if mesh.demo is not None:
        owners[mesh.demo.namespace, mesh.demo.service] = "the demo's pods"
    for name, group in sorted(mesh.workload_groups.items()):
        account = group.service_account or name
        first = owners.setdefault((group.namespace, account), f"group {name}")
        if first != f"group {name}" and not (group.service_account is None and first == "the demo's pods"):
            yield Problem(
                f"workloadGroups.{name}.serviceAccount",
                account,
                f"this is the identity of {first} too",
                "Give each group a service account of its own.",
            )


def _checks_of(probe: ProbeConfig) -> list[str]:
    checks = {"httpGet": probe.http_get, "tcpSocket": probe.tcp_socket, "exec": probe.exec}
    return [key for key, check in checks.items() if check is not None]
