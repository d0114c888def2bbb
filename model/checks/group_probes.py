"""Rules on the probes of workload groups."""

from hybrid_mesh.model.checks.formats import is_host_name, is_ip_address
from hybrid_mesh.model.checks.registry import group_rule
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value


@group_rule
def a_probe_has_one_check(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """Exactly one of `httpGet`, `tcpSocket`, `grpc` and `exec` must be set."""
    probe = group.probe
    if probe is None:
        return
    checks = {
        "httpGet": probe.http_get,
        "tcpSocket": probe.tcp_socket,
        "grpc": probe.grpc,
        "exec": probe.exec,
    }
    found = [key for key, check in checks.items() if check is not None]
    if len(found) != 1:
        yield Problem(
            f"workloadGroups.{name}.probe",
            ", ".join(found),
            f"a probe must have exactly one check (got {len(found)})",
            "Keep one of httpGet, tcpSocket, grpc and exec.",
        )


@group_rule
def probe_ports_belong_to_the_group(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`port` must be a port on which the group's VMs serve unless `host` is set, an IP address or a host
    name."""
    probe = group.probe
    if probe is None:
        return
    checks = [("httpGet", probe.http_get), ("tcpSocket", probe.tcp_socket)]
    hosts = {key: check.host for key, check in checks if check is not None}
    ports = {key: check.port for key, check in [*checks, ("grpc", probe.grpc)] if check is not None}
    for key, port in ports.items():
        path, host = f"workloadGroups.{name}.probe.{key}", hosts.get(key)
        if host is not None and not (is_ip_address(host) or is_host_name(host)):
            yield Problem(
                f"{path}.host",
                format_value(host),
                "not a valid IP address or host name",
                "Write it like 127.0.0.1, without scheme and port, or leave it out.",
            )
        if host is None and port not in group.vm_ports:
            yield Problem(
                f"{path}.port", str(port), "the group's VMs do not serve this port", _remedy(group, key)
            )


def _remedy(group: WorkloadGroupConfig, check: str) -> str:
    ports = ", ".join(map(str, group.vm_ports)) or "none"
    if check == "grpc":
        return f"Its ports are: {ports}."
    return f"Its ports are: {ports}. For a port that only the probe uses, set `host: 127.0.0.1`."


@group_rule
def probe_headers_are_unique(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """Each header must be set once."""
    check = group.probe.http_get if group.probe else None
    seen: set[str] = set()
    for index, header in enumerate(check.http_headers if check else ()):
        if header.name.lower() in seen:
            yield Problem(
                f"workloadGroups.{name}.probe.httpGet.httpHeaders.{index}.name",
                header.name,
                "this header is already set; upper and lower case do not matter",
                "Keep one entry for each header.",
            )
        seen.add(header.name.lower())
