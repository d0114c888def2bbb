"""Rules on what runs on machines."""

import posixpath
from collections.abc import Iterator

from model.checks.formats import is_url
from model.checks.registry import single_group_rule
from model.config.groups import ApplicationConfig, MachineFileConfig
from model.config.machines import BundleMachinesConfig
from model.config.mesh import MeshConfig
from model.reading.problems import Problem

AGENT_FOLDERS = (
    "/etc/certs",
    "/etc/hybrid-mesh",
    "/etc/istio",
    "/etc/systemd/system/istio.service",
    "/etc/systemd/system/istio.service.d",
    "/run/secrets",
    "/usr/local/bin/envoy",
    "/usr/local/bin/istio-start.sh",
    "/usr/local/bin/pilot-agent",
    "/usr/local/lib/hybrid-mesh",
    "/var/cache/hybrid-mesh",
    "/var/lib/hybrid-mesh",
    "/var/lib/istio",
    "/var/run/secrets",
)
"""Folders and files of Istio's agent, and of what makes a machine a member of the mesh."""
OWN_UNIT_FILES = "/etc/systemd/system/hybrid-mesh"
"""How the paths of the program's own systemd units begin."""

OWN_UNITS = ("istio.service", "hybrid-mesh")
"""Names, or beginnings of names, of the units that make a machine a member of the mesh."""


@single_group_rule
def a_file_is_given_or_fetched(mesh: MeshConfig) -> Iterator[Problem]:
    """A file has exactly one of `content` and `url`."""
    for path, file in _files(mesh):
        if (file.content is None) == (file.url is None):
            found = "it has both" if file.content is not None else "it has neither"
            yield Problem(
                path, file.path, f"a file has either `content` or `url`; {found}", "Keep one of the two."
            )


@single_group_rule
def files_are_fetched_from_a_web_server(mesh: MeshConfig) -> Iterator[Problem]:
    """A file's `url` is an http or https one."""
    for path, file in _files(mesh):
        if file.url is not None and not is_url(file.url, "https", "http"):
            yield Problem(
                f"{path}.url", file.url, "this is no http or https URL", "Write it like https://host/file."
            )


@single_group_rule
def a_file_is_one_file(mesh: MeshConfig) -> Iterator[Problem]:
    """A file's path is plain, names a file, and names it once in a group."""
    seen: dict[tuple[str, str], str] = {}
    for path, file in _files(mesh):
        group = path.split(".")[1]
        first = seen.setdefault((group, file.path), path)
        if posixpath.normpath(file.path) != file.path or file.path == "/":
            yield Problem(
                f"{path}.path",
                file.path,
                "this is no plain path of a file",
                "Write it without `.`, `..`, double slashes and a slash at the end.",
            )
        elif first != path:
            yield Problem(f"{path}.path", file.path, f"{first} is the same file", "Keep one of the two.")


@single_group_rule
def files_leave_the_agents_alone(mesh: MeshConfig) -> Iterator[Problem]:
    """No file replaces one of Istio's agent, or of what makes the machine a member of the mesh."""
    for path, file in _files(mesh):
        owned = next((f for f in AGENT_FOLDERS if f"{file.path}/".startswith(f"{f}/")), None)
        if owned is None and file.path.startswith(OWN_UNIT_FILES):
            owned = file.path
        if owned is not None:
            yield Problem(f"{path}.path", file.path, f"{owned} is the agent's own", "Choose another place.")


@single_group_rule
def applications_run_on_machines_that_the_program_makes(mesh: MeshConfig) -> Iterator[Problem]:
    """A bundle holds no application: its machines are set up by their owner."""
    for name, group in sorted(mesh.workload_groups.items()):
        if isinstance(group.machines, BundleMachinesConfig) and group.application != ApplicationConfig():
            yield Problem(
                f"workloadGroups.{name}.application",
                "",
                "machines of type bundle are set up by their owner, not by the program",
                "Install the application on the machines yourself, and leave `application` out.",
            )


@single_group_rule
def units_have_names_of_their_own(mesh: MeshConfig) -> Iterator[Problem]:
    """No unit has the name of another, or of one that makes the machine a member of the mesh."""
    for name, group in mesh.workload_groups.items():
        seen: set[str] = set()
        for index, unit in enumerate(group.application.units):
            path = f"workloadGroups.{name}.application.units.{index}.name"
            if unit.name in seen:
                yield Problem(path, unit.name, "another unit has this name", "Give each unit its own name.")
            if unit.name.startswith(OWN_UNITS):
                yield Problem(
                    path,
                    unit.name,
                    "this name belongs to the units that keep the machine in the mesh",
                    "Name the unit after your application.",
                )
            seen.add(unit.name)


def _files(mesh: MeshConfig) -> Iterator[tuple[str, MachineFileConfig]]:
    for name, group in sorted(mesh.workload_groups.items()):
        for index, file in enumerate(group.application.files):
            yield f"workloadGroups.{name}.application.files.{index}", file
