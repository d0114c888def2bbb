"""Sets of VMs: their number, their type, their locality, and their identity at the API server."""

from hybrid_mesh.model.clouds.images import package_of_image
from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.clouds.types import MachineSetPlan
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.machines import CloudMachinesConfig, LocalMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import CloudNetworkConfig
from hybrid_mesh.model.derive.clouds import project
from hybrid_mesh.model.istio_facts import LOCALITY_LABEL, VM_HEALTH_PORT

_LOCAL_START_SECONDS = 10
"""Time for the application of a local VM to start."""


def plan_machine_set(
    mesh: MeshConfig, stack: str, name: str, group: WorkloadGroupConfig
) -> MachineSetPlan | None:
    """The set of VMs of group `name` in a cloud; None for other VMs, and if the network belongs to another
    cloud, which a rule refuses."""
    machines, network = group.machines, mesh.networks.get(group.network)
    cloud = cloud_of(machines)
    if cloud is None or not isinstance(machines, CloudMachinesConfig):
        return None
    if not isinstance(network, CloudNetworkConfig) or cloud_of(network) is not cloud:
        return None
    minimum, maximum = size(machines)
    planned = MachineSetPlan(
        region=network.region,
        zones=cloud.zones(network),
        minimum=minimum,
        maximum=maximum,
        target_cpu_percent=machines.target_cpu_percent,
        machine_type=machines.machine_type,
        image=machines.image,
        disk_gigabytes=machines.disk_gigabytes,
        package=machines.package or package_of_image(machines.image) or "deb",
        architecture=cloud.architecture(machines.machine_type),
        ready_seconds=machines.ready_seconds,
        health_port=VM_HEALTH_PORT,
        shell=mesh.operators.vm_access,
    )
    return cloud.machine_set(planned, machines, stack=stack, group=name, project=project(mesh, group.network))


def size(machines: CloudMachinesConfig) -> tuple[int, int]:
    """The minimum and the maximum number of VMs; equal if the number is fixed."""
    fixed = machines.count if machines.count is not None else 1
    minimum = machines.min if machines.min is not None else fixed
    return minimum, machines.max if machines.max is not None else minimum


def patience_seconds(group: WorkloadGroupConfig) -> int:
    """How long a new VM of `group` may be connected and not ready: until its application has started and its
    probe has failed as often as it may."""
    machines, probe = group.machines, group.probe
    start = machines.ready_seconds if isinstance(machines, CloudMachinesConfig) else _LOCAL_START_SECONDS
    if probe is None:
        return start
    failing = probe.failure_threshold * (probe.period_seconds + probe.timeout_seconds)
    return start + probe.initial_delay_seconds + failing


def machine_identity(mesh: MeshConfig, stack: str, name: str, group: WorkloadGroupConfig) -> str | None:
    """The name by which the API server knows the VMs of group `name`; None for bundles."""
    if isinstance(group.machines, LocalMachinesConfig):
        return f"{name}@{stack}.hybrid-mesh.local"
    cloud = cloud_of(group.machines)
    return (
        cloud.machine_identity(stack, name, project(mesh, group.network) or mesh.project) if cloud else None
    )


def locality(mesh: MeshConfig, group: WorkloadGroupConfig) -> str | None:
    """The locality of a group's VMs: that of their network, unless the group has Istio's label for it. None
    for that of their platform."""
    return None if LOCALITY_LABEL in group.labels else mesh.networks[group.network].locality
