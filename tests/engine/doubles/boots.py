"""What a VM does with its user-data: whether it joins the mesh, whether its application answers the probe."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import yaml

from hybrid_mesh.model.texts.cloud_init import member_files

_CLUSTER_ENV: Final = "/var/lib/istio/envoy/cluster.env"
_MESH: Final = "/var/lib/istio/config/mesh"
_UNITS: Final = "/etc/systemd/system/"
_SYSTEM_FOLDERS: Final = ("/bin/", "/sbin/", "/usr/")
_NO_CLOUD_INIT: Final = re.compile(
    r"(projects/)?(almalinux|centos|cos|debian|fedora-coreos|opensuse|oracle-linux|rhel|rhel-sap|rocky-linux"
    r"|rocky-linux-accelerator|suse|suse-sap|windows|windows-sql)-cloud/"
)
"""Public images of Google that never read user-data, or have neither apt nor dnf (pull request 469 of
andsens/bootstrap-vz, issue 16697 of kubernetes/kops)."""
_OF_A_VENDOR: Final = re.compile(r"(projects/)?[a-z0-9-]+-cloud/|resolve:ssm:/aws/service/")
"""Images in which nothing but the operating system runs."""


@dataclass(frozen=True)
class Boot:
    """One VM's image and user-data. `files` are the application's: path -> content."""

    image: str
    environment: Mapping[str, str]
    probe: Mapping[str, Any]
    files: Mapping[str, str]
    commands: tuple[str, ...]

    @property
    def group(self) -> tuple[str, str]:
        """Namespace and name of the WorkloadGroup."""
        return self.environment["ISTIO_NAMESPACE"], self.environment["ISTIO_META_AUTO_REGISTER_GROUP"]

    @property
    def labels(self) -> dict[str, str]:
        """What the agent sends as the labels of its proxy."""
        labels: dict[str, str] = json.loads(self.environment.get("ISTIO_METAJSON_LABELS", "{}"))
        return labels

    def joins(self) -> bool:
        return not _NO_CLOUD_INIT.match(self.image)

    def unhealthy(self, address: str) -> str:
        """The message of the agent's failing probe, empty if the probe succeeds (pkg/istio-agent/health of
        Istio 1.31)."""
        if "httpGet" in self.probe:
            return self._http(self.probe["httpGet"], address)
        if "exec" in self.probe:
            return self._command(self.probe["exec"]["command"][0])
        socket = self.probe.get("tcpSocket") or self.probe.get("grpc")
        return (
            "" if socket is None or self._listens(socket["port"]) else f"dial tcp {_refused(address, socket)}"
        )

    def _http(self, probe: Mapping[str, Any], address: str) -> str:
        scheme = probe.get("scheme", "HTTP").lower()
        url = f"{scheme}://{probe.get('host', address)}:{probe['port']}{probe.get('path', '/')}"
        if not self._listens(probe["port"]):
            return f'Get "{url}": dial tcp {_refused(address, probe)}'
        missing = any(folder is not None for folder in self._folders(probe["port"])) and not any(
            f"{folder}{probe.get('path', '/')}" in self.files for folder in self._folders(probe["port"])
        )
        return "status code was not from [200,400), bad code 404" if missing else ""

    def _command(self, path: str) -> str:
        there = path in self.files or path.startswith(_SYSTEM_FOLDERS) or "/" not in path
        return (
            ""
            if there or not _OF_A_VENDOR.match(self.image)
            else f"fork/exec {path}: no such file or directory"
        )

    def _listens(self, port: int) -> bool:
        """Whether something that starts names the port; in a custom image, something does."""
        if not _OF_A_VENDOR.match(self.image):
            return True
        return any(_names(text, port) for text in self._started())

    def _folders(self, port: int) -> Iterator[str | None]:
        """The folders that Python's own server serves on the port."""
        for text in self._started():
            found = re.search(r"http\.server.*(?:--directory|-d)[ =](\S+)", text)
            if found and _names(text, port):
                yield found[1].rstrip("/")

    def _started(self) -> Iterator[str]:
        """The commands, and the units that one of them names, each with the files that it names."""
        yield from self.commands
        for path, content in self.files.items():
            unit = path.removeprefix(_UNITS)
            if unit != path and any(unit.removesuffix(".service") in command for command in self.commands):
                named = [text for other, text in self.files.items() if other != path and other in content]
                yield "\n".join([content, *named])


@lru_cache(maxsize=64)
def boot_of(image: str, user_data: str) -> Boot:
    """From the text of a cloud-config, plain or as EC2 takes it: gzipped, then base64."""
    document = yaml.safe_load(_unpacked(user_data))
    files = {entry["path"]: entry["content"] for entry in document["write_files"]}
    lines = shlex.split(files[_CLUSTER_ENV])
    mesh = yaml.safe_load(files[_MESH])["defaultConfig"]
    return Boot(
        image=image,
        environment=dict(line.split("=", 1) for line in lines),
        probe=mesh.get("readinessProbe", {}),
        files={path: text for path, text in files.items() if path not in member_files()},
        commands=tuple(each if isinstance(each, str) else shlex.join(each) for each in document["runcmd"]),
    )


def _unpacked(user_data: str) -> str:
    try:
        return gzip.decompress(base64.b64decode(user_data, validate=True)).decode()
    except (binascii.Error, gzip.BadGzipFile):
        return user_data


def _names(text: str, port: int) -> bool:
    return re.search(rf"(?<!\d){port}(?!\d)", text) is not None


def _refused(address: str, probe: Mapping[str, Any]) -> str:
    return f"{probe.get('host', address)}:{probe['port']}: connect: connection refused"
