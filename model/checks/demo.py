"""Rules on the demo."""

from hybrid_mesh.model.checks.formats import is_url
from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.config.clusters import LocalClusterConfig
from hybrid_mesh.model.config.machines import StaticMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.istio_facts import SIDECAR_PORTS
from hybrid_mesh.model.reading.problems import Problem, Problems

DEMO_FILE = "/usr/local/bin/echo-server"
"""The file that the demo installs on its group's VMs."""


@rule
def demo_vms_can_download_the_demo(mesh: MeshConfig) -> Problems:
    """`group` requires `binaries`."""
    demo = mesh.demo
    if demo is None:
        return
    if demo.group is not None and demo.binaries is None:
        yield Problem(
            "demo.binaries",
            "",
            f"the demo on the VMs of group {demo.group} requires a URL of the echo server",
            "Set it to the URL of a folder that holds echo-server.",
        )
    if demo.binaries is not None and not is_url(demo.binaries, "https", "http"):
        yield Problem(
            "demo.binaries",
            demo.binaries,
            "not a valid http or https URL",
            "Write it like https://host/folder.",
        )


@rule
def the_demo_runs_on_vms(mesh: MeshConfig) -> Problems:
    """`group` cannot be a group of type `static`, whose servers have no agent."""
    group = mesh.workload_groups.get(mesh.demo.group) if mesh.demo and mesh.demo.group else None
    if mesh.demo is not None and group is not None and isinstance(group.machines, StaticMachinesConfig):
        yield Problem(
            "demo.group",
            str(mesh.demo.group),
            "the program cannot install the demo on servers of type static",
            "Leave `group` out, or name a group of VMs.",
        )


@rule
def clusters_can_pull_the_demo(mesh: MeshConfig) -> Problems:
    """`image` is required if a cluster is not local, as no registry has the default image."""
    demo = mesh.demo
    elsewhere = [
        name for name, cluster in mesh.clusters.items() if not isinstance(cluster, LocalClusterConfig)
    ]
    if demo is not None and "image" not in demo.model_fields_set and elsewhere:
        yield Problem(
            "demo.image",
            "",
            f"cluster {elsewhere[0]} is not local and cannot pull the default image {demo.image}",
            "Set an image with Istio's echo server and client that the clusters can pull.",
        )


@rule
def the_demo_port_is_free(mesh: MeshConfig) -> Problems:
    """`port` must be 1024 or higher, and must not be a port of the sidecar."""
    demo = mesh.demo
    if demo is not None and (demo.port in SIDECAR_PORTS or demo.port < 1024):
        reason = (
            "Istio's proxy uses this port"
            if demo.port in SIDECAR_PORTS
            else "only root can listen on a port below 1024"
        )
        yield Problem("demo.port", str(demo.port), reason, "Choose another port, for example 8080.")


@rule
def demo_files_are_not_replaced(mesh: MeshConfig) -> Problems:
    """In the demo's group, `path` must not be that of a file of the demo."""
    group = mesh.workload_groups.get(mesh.demo.group) if mesh.demo and mesh.demo.group else None
    if mesh.demo is None or group is None:
        return
    for index, file in enumerate(group.application.files):
        if file.path == DEMO_FILE:
            yield Problem(
                f"workloadGroups.{mesh.demo.group}.application.files.{index}.path",
                file.path,
                "the demo installs its own file at this path",
                "Choose another path, or remove the group from `demo.group`.",
            )
