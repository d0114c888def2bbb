"""Rules on the applications of VMs."""

import posixpath
from collections.abc import Iterator

from hybrid_mesh.model.checks.formats import is_url
from hybrid_mesh.model.checks.registry import group_rule
from hybrid_mesh.model.config.groups import MachineFileConfig, WorkloadGroupConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.problems import Problem, Problems

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
"""Folders and files of Istio's agent, and those that the program installs."""
OWN_UNIT_FILES = "/etc/systemd/system/hybrid-mesh"
"""Prefixes of the paths of the program's systemd units."""

OWN_UNITS = ("istio.service", "hybrid-mesh")
"""Names, or prefixes of names, of the units that the program installs."""


@group_rule
def a_file_has_one_source(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """Exactly one of `content` and `url` must be set."""
    for path, file in _files(name, group):
        if (file.content is None) == (file.url is None):
            found = "neither" if file.content is None else "both"
            message = f"a file must have either `content` or `url` (got {found})"
            yield Problem(path, file.path, message, "Set exactly one of them.")


@group_rule
def files_are_downloaded_over_http(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`url` must be an http or https URL."""
    for path, file in _files(name, group):
        if file.url is not None and not is_url(file.url, "https", "http"):
            message = "not a valid http or https URL"
            yield Problem(f"{path}.url", file.url, message, "Write it like https://host/file.")


@group_rule
def file_paths_are_unique(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`path` must be the normalized path of a file, and must be unique in the group."""
    seen: dict[str, str] = {}
    for path, file in _files(name, group):
        first = seen.setdefault(file.path, path)
        if posixpath.normpath(file.path) != file.path or file.path == "/" or "\n" in file.path:
            yield Problem(
                f"{path}.path",
                file.path,
                "not a normalized path of a file",
                "Write it without `.`, `..`, double slashes, line breaks and a slash at the end.",
            )
        elif first != path:
            yield Problem(f"{path}.path", file.path, f"{first} has the same path", "Keep one of the two.")


@group_rule
def files_do_not_replace_reserved_ones(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`path` must not be that of a file of Istio's agent, or of a file that the program installs."""
    for path, file in _files(name, group):
        owned = next((f for f in AGENT_FOLDERS if f"{file.path}/".startswith(f"{f}/")), None)
        if owned is None and file.path.startswith(OWN_UNIT_FILES):
            owned = file.path
        if owned is not None:
            message = f"{owned} is reserved for Istio's agent"
            yield Problem(f"{path}.path", file.path, message, "Choose another path.")


@group_rule
def only_downloads_have_a_checksum(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`sha256` requires `url`."""
    for path, file in _files(name, group):
        if file.sha256 is not None and file.url is None:
            message = "only a file that is downloaded has a checksum"
            yield Problem(f"{path}.sha256", file.sha256, message, "Set `url`, or leave `sha256` out.")


@group_rule
def unit_names_are_unique(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`name` must be unique in the group, and must not be that of a unit that the program installs."""
    seen: set[str] = set()
    for index, unit in enumerate(group.application.units):
        path = f"workloadGroups.{name}.application.units.{index}.name"
        if unit.name in seen:
            message = "another unit has the same name"
            yield Problem(path, unit.name, message, "Give each unit its own name.")
        if unit.name.startswith(OWN_UNITS):
            message = "this name is reserved for the units that keep the VM in the mesh"
            yield Problem(path, unit.name, message, "Name the unit after your application.")
        seen.add(unit.name)


def _files(name: str, group: WorkloadGroupConfig) -> Iterator[tuple[str, MachineFileConfig]]:
    """The files of a group's application, with their paths in the stack file."""
    for index, file in enumerate(group.application.files):
        yield f"workloadGroups.{name}.application.files.{index}", file
