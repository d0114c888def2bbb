"""The plan of a workload group."""

from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.clusters import ClusterConfig
from hybrid_mesh.model.config.demo import DemoConfig
from hybrid_mesh.model.config.groups import (
    ApplicationConfig,
    MachineFileConfig,
    SystemdUnitConfig,
    WorkloadGroupConfig,
)
from hybrid_mesh.model.config.machines import (
    BundleMachinesConfig,
    LocalMachinesConfig,
    MachinesConfig,
    StaticMachinesConfig,
)
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.http_proxy import proxy_environment
from hybrid_mesh.model.derive.vm_sets import locality, machine_identity, plan_machine_set, size
from hybrid_mesh.model.objects.groups import (
    group_account,
    group_hosts,
    group_labels,
    probe,
    vm_port_names,
    workload_group,
)
from hybrid_mesh.model.objects.helm_values import default_proxy_config
from hybrid_mesh.model.plan.types import GroupPlan, MachinePlan
from hybrid_mesh.model.texts.agent import AgentSettings
from hybrid_mesh.model.texts.cloud_init import CLOUD_UNITS, UNITS, member_files
from hybrid_mesh.model.texts.cluster_env import render_cluster_env
from hybrid_mesh.model.texts.mesh_yaml import render_mesh_yaml
from hybrid_mesh.model.texts.shell_text import render_environment

ISTIO_UNIT = "istio.service"
"""The unit of the package istio-sidecar: Istio's agent and proxy."""
MACHINE_FILES = (
    "/etc/certs/root-cert.pem",
    "/etc/hosts",
    "/etc/istio/config/mesh",
    "/var/lib/istio/envoy/cluster.env",
    "/var/run/secrets/tokens/istio-token",
)
"""Paths on a VM of the five files of `istioctl x workload entry configure`."""


def plan_group(mesh: MeshConfig, stack: str, name: str) -> GroupPlan:
    """The plan of group `name`, including the demo's application if the demo runs on the group."""
    group = with_demo(mesh.workload_groups[name], name, mesh.demo)
    labels = {**mesh.networks[group.network].labels, **group.labels}
    group = group.model_copy(update={"labels": labels})
    cloud = cloud_of(group.machines)
    settings = _agent_settings(mesh, name, group)
    is_static = isinstance(group.machines, StaticMachinesConfig)
    machine_set = plan_machine_set(mesh, stack, name, group)
    count = group.machines.count if isinstance(group.machines, LocalMachinesConfig) else 0
    machines = tuple(MachinePlan(name=f"{name}-{index}", group=name, index=index) for index in range(count))
    return GroupPlan(
        name=name,
        config=group,
        service_account=group_account(name, group),
        labels=group_labels(name, group),
        hosts=group_hosts(name, group),
        minimum=_minimum(group.machines),
        machines=machines,
        machine_identity=machine_identity(mesh, stack, name, group),
        workload_group={} if is_static else workload_group(name, group, locality(mesh, group)),
        cluster_env="" if is_static else _cluster_env(settings, mesh.clusters[group.cluster]),
        mesh_yaml="" if is_static else render_mesh_yaml(settings),
        files=() if is_static else _files(group),
        units=() if is_static else _units(group),
        identity_kind=cloud.identity_kind if cloud else "User",
        machine_set=machine_set,
        http_proxy={} if is_static else proxy_environment(mesh),
    )


def _files(group: WorkloadGroupConfig) -> tuple[str, ...]:
    own = [file.path for file in group.application.files]
    members = () if isinstance(group.machines, BundleMachinesConfig) else member_files()
    return tuple(sorted({*MACHINE_FILES, *members, *own}))


def _units(group: WorkloadGroupConfig) -> tuple[str, ...]:
    """A bundle's installer needs no identity unit: its VM brings a token and renews its certificate."""
    own = [unit.name for unit in group.application.units]
    members = () if isinstance(group.machines, BundleMachinesConfig) else UNITS
    return (ISTIO_UNIT, *members, *CLOUD_UNITS.get(group.machines.type, ()), *own)


def _minimum(machines: MachinesConfig) -> int:
    """Number of VMs that must be registered before `up` ends."""
    if isinstance(machines, StaticMachinesConfig):
        return 0
    if isinstance(machines, LocalMachinesConfig):
        return machines.count
    return machines.minimum if isinstance(machines, BundleMachinesConfig) else size(machines)[0]


def with_demo(group: WorkloadGroupConfig, name: str, demo: DemoConfig | None) -> WorkloadGroupConfig:
    """`group` with the demo's application added, the echo server on every port, if the demo runs on the
    group."""
    if demo is None or demo.group != name or demo.binaries is None:
        return group
    server = MachineFileConfig(
        path="/usr/local/bin/echo-server", url=f"{demo.binaries}/echo-server", mode="0755"
    )
    application = ApplicationConfig(
        files=(*group.application.files, server),
        units=(*group.application.units, _echo_unit(name, group)),
        commands=group.application.commands,
    )
    return group.model_copy(update={"application": application})


def _echo_unit(name: str, group: WorkloadGroupConfig) -> SystemdUnitConfig:
    """The systemd unit of the echo server. Its gRPC and TCP ports cannot be turned off; they listen on
    loopback only."""
    ports = " ".join(f"--port={port}" for port in group.vm_ports)
    spare = [port for port in range(17070, 17170) if port not in group.vm_ports][:2]
    loopback = f"--grpc={spare[0]} --tcp={spare[1]} --bind-localhost={spare[0]},{spare[1]}"
    content = "\n".join(
        [
            "[Unit]",
            f"Description=Demo application of group {name}",
            "After=network.target",
            "",
            "[Service]",
            f"ExecStart=/usr/local/bin/echo-server {ports} {loopback} --cluster={name} --version=vm",
            "DynamicUser=yes",
            "Restart=always",
            "RestartSec=1",
            "",
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        ]
    )
    return SystemdUnitConfig(name="hybrid-mesh-demo.service", content=content)


def _agent_settings(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> AgentSettings:
    cloud = cloud_of(group.machines)
    return AgentSettings(
        group=name,
        namespace=group.namespace,
        service_account=group_account(name, group),
        cluster=group.cluster,
        network=group.network,
        mesh_id=mesh.id,
        trust_domain=mesh.trust_domain,
        labels=group_labels(name, group),
        ports=vm_port_names(group),
        excluded_inbound_ports=group.exclude_inbound_ports,
        excluded_outbound_ports=group.exclude_outbound_ports,
        excluded_interfaces=group.exclude_interfaces,
        probe=probe(group.probe) if group.probe is not None else None,
        dns_capture=group.dns_capture,
        default_config=default_proxy_config(mesh, group.cluster),
        platform=cloud.platform if cloud else "none",
        locality=locality(mesh, group),
    )


def _cluster_env(settings: AgentSettings, cluster: ClusterConfig) -> str:
    """The group's cluster.env. For a NodePort gateway it includes the port of istiod, which istio-start.sh
    reads."""
    text = render_cluster_env(settings)
    if cluster.gateway.service_type != "NodePort":
        return text
    port = render_environment({"ISTIO_PILOT_PORT": str(cluster.gateway.node_ports.istiod)})
    return "".join(sorted([*text.splitlines(keepends=True), port]))
