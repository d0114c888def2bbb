"""The user-data with which a VM joins the mesh: one text for GCE, EC2 and the local site.

It holds no secret: an API endpoint, the certificate authority of that endpoint, and static scripts
(`machine_files/`) that read their parameters from `/etc/hybrid-mesh/machine.env`.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cache
from urllib.parse import urlsplit

from hybrid_mesh.model.config.groups import ApplicationConfig
from hybrid_mesh.model.derive.http_proxy import without_proxy
from hybrid_mesh.model.istio_facts import TEMPLATE_LABEL
from hybrid_mesh.model.texts.application import application_commands, application_texts
from hybrid_mesh.model.texts.block_yaml import block_yaml
from hybrid_mesh.model.texts.cluster_env import with_label
from hybrid_mesh.model.texts.gzipped import gzipped
from hybrid_mesh.model.texts.hosts import render_hosts
from hybrid_mesh.model.texts.machine_texts import (
    LIBRARY,
    SETTINGS,
    MachineText,
    machine_text,
    membership_texts,
)
from hybrid_mesh.model.texts.shell_text import render_environment

USER_DATA_LIMIT = 16 * 1024
"""EC2's limit, in bytes, before base64 (EC2 User Guide, "Instance user data"); cloud-init takes it
gzipped."""


UNITS = (
    "hybrid-mesh.target",
    "hybrid-mesh-health.service",
    "hybrid-mesh-identity.service",
    "hybrid-mesh-identity.timer",
    "hybrid-mesh-identity-retry.timer",
    "hybrid-mesh-leave.service",
)
CLOUD_UNITS = {"ec2": ("hybrid-mesh-launched.service",)}
"""Further units by the source of the VM's identity."""


_START_HEALTH = ["systemctl", "--quiet", "--no-block", "start", "hybrid-mesh-health.service"]


class UserDataTooLarge(ValueError):  # noqa: N818 - the contract's name
    """The user-data exceeds EC2's limit. `size` is its length in bytes when gzipped."""

    def __init__(self, group: str, size: int) -> None:
        super().__init__(
            f"the user-data of group {group} must not exceed {USER_DATA_LIMIT} bytes when gzipped "
            f"(got {size}): "
            "set `url` instead of `content` for long files, or put them into a package"
        )
        self.size = size


@dataclass(frozen=True)
class MachineBoot:
    """The contents of one group's user-data, the same for all its VMs.

    `api_endpoint` (https URL) and `api_certificate_authority` (PEM) are those of the API server of `cluster`;
    `gateway_addresses` are IP addresses of its east-west gateway. `package_url` is the `istio-sidecar`
    package (.deb or .rpm), of `package_sha256` where that is given. `identity` is the source of the VM's
    credential: it selects the script `<identity>_identity.py`, which reads `identity_settings` (name and
    value). `probe` is the group's `spec.probe` in the API's form, as JSON, for the health endpoint.
    `template` is what else a cloud's template of the VMs consists of, for example their image.
    """

    group: str
    namespace: str
    service_account: str
    cluster: str
    api_endpoint: str
    api_certificate_authority: str
    gateway_addresses: tuple[str, ...]
    cluster_env: str
    mesh_yaml: str
    package_url: str
    package_sha256: str | None = None
    identity: str = "gce"
    identity_settings: tuple[tuple[str, str], ...] = ()
    probe: str = ""
    application: ApplicationConfig = field(default_factory=ApplicationConfig)
    http_proxy: tuple[tuple[str, str], ...] = ()
    """Environment of the VM's downloads (`model.derive.http_proxy`)."""
    template: tuple[str, ...] = ()


def template_fingerprint(boot: MachineBoot) -> str:
    """Changes with everything that a VM is created from. It is the value of the VM's label TEMPLATE_LABEL."""
    text = repr((_document(boot), boot.template))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def render_user_data(boot: MachineBoot) -> str:
    """The cloud-config of a group's VMs; the same input gives the same text.

    At the first boot, the health endpoint starts, then the application is set up (files, commands, units),
    then Istio's agent, so that no command of the application runs while traffic redirection is incomplete.
    Raises UserDataTooLarge, or ValueError for a gateway address that is not an IP address.
    """
    labelled = with_label(boot.cluster_env, TEMPLATE_LABEL, template_fingerprint(boot))
    text = f"#cloud-config\n{block_yaml(_document(replace(boot, cluster_env=labelled)))}"
    size = len(gzipped(text))
    if size > USER_DATA_LIMIT:
        raise UserDataTooLarge(boot.group, size)
    return text


def _document(boot: MachineBoot) -> dict[str, object]:
    return {
        "manage_etc_hosts": False,
        "write_files": [_entry(text) for text in (*_texts(boot), *application_texts(boot.application))],
        "runcmd": [_START_HEALTH, *application_commands(boot.application), [f"{LIBRARY}/setup"]],
    }


@cache
def member_files() -> tuple[str, ...]:
    """Paths of the files that every VM in the mesh has."""
    boot = MachineBoot(
        group="",
        namespace="",
        service_account="",
        cluster="",
        api_endpoint="",
        api_certificate_authority="",
        gateway_addresses=("203.0.113.10",),
        cluster_env="",
        mesh_yaml="",
        package_url="",
    )
    return tuple(text.path for text in _texts(boot))


def _texts(boot: MachineBoot) -> tuple[MachineText, ...]:
    settings = {
        "NAMESPACE": boot.namespace,
        "SERVICE_ACCOUNT": boot.service_account,
        "API_ENDPOINT": boot.api_endpoint,
        "PACKAGE_URL": boot.package_url,
        "PACKAGE_SHA256": boot.package_sha256 or "",
        "PROBE": boot.probe,
        **dict(boot.identity_settings),
        **without_proxy(dict(boot.http_proxy), urlsplit(boot.api_endpoint).hostname, *boot.gateway_addresses),
    }
    return (
        MachineText(SETTINGS, render_environment(settings)),
        MachineText("/etc/hybrid-mesh/api-server-ca.pem", boot.api_certificate_authority),
        *membership_texts(
            cluster_env=boot.cluster_env,
            mesh_yaml=boot.mesh_yaml,
            hosts=render_hosts(boot.gateway_addresses),
        ),
        machine_text(f"{LIBRARY}/identity", "identity.py", "0755"),
        machine_text(f"{LIBRARY}/cloud_identity.py", f"{boot.identity}_identity.py"),
        machine_text(f"{LIBRARY}/fetch", "fetch.sh", "0755"),
        machine_text(f"{LIBRARY}/health", "health.py", "0755"),
        *_grpc_texts(boot.probe),
        machine_text(f"{LIBRARY}/install-package", "install-package.sh", "0755"),
        machine_text(f"{LIBRARY}/leave", "leave.sh", "0755"),
        machine_text(f"{LIBRARY}/setup", "setup.sh", "0755"),
        *(
            machine_text(f"/etc/systemd/system/{unit}", unit)
            for unit in (*UNITS, *CLOUD_UNITS.get(boot.identity, ()))
        ),
        machine_text(
            "/etc/systemd/system/istio.service.d/hybrid-mesh-identity.conf", "istio.service.identity.conf"
        ),
    )


def _grpc_texts(probe: str) -> tuple[MachineText, ...]:
    """What the health endpoint needs for a probe by gRPC, and no VM has to carry otherwise."""
    if not probe or "grpc" not in json.loads(probe):
        return ()
    return (machine_text(f"{LIBRARY}/grpc_health.py", "grpc_health.py"),)


def _entry(text: MachineText) -> dict[str, str]:
    return {"path": text.path, "permissions": text.mode, "content": text.content}
