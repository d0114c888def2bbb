"""Warnings about probes that no application can answer."""

from hybrid_mesh.model.checks.registry import group_rule, warning_rule
from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.groups import ApplicationConfig, ProbeConfig, WorkloadGroupConfig
from hybrid_mesh.model.config.machines import CloudMachinesConfig, LocalMachinesConfig, MachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.istio_facts import SSH_PORT
from hybrid_mesh.model.reading.problems import Problem, Problems

_THE_VM = (None, "127.0.0.1", "::1", "localhost")
"""Hosts of a probe that are the VM itself."""


@warning_rule
@group_rule
def probes_can_be_answered(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`plan` warns of a probe of a port where nothing will listen, because the image is its vendor's,
    `application` is empty and the demo is elsewhere. `up` refuses it, as no VM would become healthy."""
    has_demo = mesh.demo is not None and mesh.demo.group == name
    if group.probe is None or has_demo or group.application != ApplicationConfig():
        return
    port = _probed_port(group.probe)
    # Images of vendors listen on the port of SSH.
    if port not in (None, SSH_PORT) and _has_no_application(group.machines):
        yield Problem(
            f"workloadGroups.{name}.probe",
            str(port),
            f"nothing on these VMs will listen on port {port}, so they never become healthy",
            "Add an `application` that listens there, choose an image that has one, or remove the probe.",
        )


def _probed_port(probe: ProbeConfig) -> int | None:
    """The port of the VM that the probe connects to, if any."""
    check = probe.http_get or probe.tcp_socket
    return check.port if check is not None and check.host in _THE_VM else None


def _has_no_application(machines: MachinesConfig) -> bool:
    """Whether the image contains no application of the user's."""
    if isinstance(machines, CloudMachinesConfig):
        return cloud_of(machines).is_vendor_image(machines.image)
    return isinstance(machines, LocalMachinesConfig)
