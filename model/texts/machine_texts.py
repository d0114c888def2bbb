"""The static files of a VM, and their paths on it."""

import re
from dataclasses import dataclass
from pathlib import Path

LIBRARY = "/usr/local/lib/hybrid-mesh"
SETTINGS = "/etc/hybrid-mesh/machine.env"

_SOURCES = Path(__file__).parent / "machine_files"
_COMMENT = re.compile(r'^ *"""(?s:.*?)"""\n|^ *#(?!!).*\n', re.MULTILINE)
"""A docstring, or a line that is a comment and not the line that names the interpreter."""


@dataclass(frozen=True)
class MachineText:
    """A text, the absolute path of its file on the VM, and that file's mode in octal."""

    path: str
    content: str
    mode: str = "0644"


def source_text(name: str) -> str:
    return (_SOURCES / name).read_text(encoding="utf-8")


def machine_text(path: str, source: str, mode: str = "0644") -> MachineText:
    """The file `source` of `machine_files/`, with its `path` on the VM. Without comments, which would be a
    fifth of the user-data."""
    return MachineText(path, without_comments(source_text(source)), mode)


def without_comments(text: str) -> str:
    return _COMMENT.sub("", text)


def membership_texts(*, cluster_env: str, mesh_yaml: str, hosts: str) -> tuple[MachineText, ...]:
    """The files of every VM in the mesh, with a cloud identity or a bundle's token.

    The paths are those of Istio's package (tools/packaging/postinst.sh, istio-start.sh). Its link
    `/etc/istio` to `/var/lib/istio` does not exist before the package is installed.
    """
    return (
        MachineText("/etc/hybrid-mesh/hosts", hosts),
        MachineText("/var/lib/istio/envoy/cluster.env", cluster_env),
        MachineText("/var/lib/istio/config/mesh", mesh_yaml),
        machine_text(f"{LIBRARY}/address", "address.sh", "0755"),
        machine_text(f"{LIBRARY}/await-istiod", "await-istiod.sh", "0755"),
        machine_text(f"{LIBRARY}/certificate-is-valid", "certificate-is-valid.sh", "0755"),
        machine_text(f"{LIBRARY}/hosts", "hosts.sh", "0755"),
        machine_text(f"{LIBRARY}/before-istio", "before-istio.sh", "0755"),
        machine_text("/etc/systemd/system/istio.service.d/hybrid-mesh.conf", "istio.service.conf"),
    )
