"""The files of a bundle: everything that an existing VM needs to join the mesh, except a secret.

`hybrid-mesh bundle` adds `istio-token`. The VM uses it once; later it renews its certificate with the current
one in `/etc/certs`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hybrid_mesh.model.derive.http_proxy import without_proxy
from hybrid_mesh.model.texts.hosts import render_hosts
from hybrid_mesh.model.texts.machine_texts import source_text
from hybrid_mesh.model.texts.shell_text import render_environment

TOKEN_FILE = "istio-token"  # noqa: S105 - a file's name, not a secret

EXECUTABLE_FILES = ("install.sh", "uninstall.sh")

_LIBRARY_SCRIPTS = (
    "address",
    "application",
    "await-istiod",
    "before-istio",
    "certificate-is-valid",
    "fetch",
    "hosts",
    "install-package",
)


@dataclass(frozen=True)
class Bundle:
    """The bundle of one group.

    `root_certificates` (PEM) is `root-cert.pem` of the ConfigMap `istio-ca-root-cert` in the group's
    namespace. `package_url` is the `istio-sidecar` package (.deb or .rpm) that the installer downloads
    unless it is given a file. `network_cidrs` are those of the VMs' network, among which the VM looks for its
    address. `application` is what `bundled_application` gives. `name` and `address` are those of one VM; a
    bundle without them is the same for all VMs of the group.
    """

    group: str
    namespace: str
    service_account: str
    cluster: str
    root_certificates: str
    gateway_addresses: tuple[str, ...]
    cluster_env: str
    mesh_yaml: str
    package_url: str
    package_sha256: str | None = None
    network_cidrs: tuple[str, ...] = ()
    application: Mapping[str, str] = field(default_factory=dict)
    http_proxy: Mapping[str, str] = field(default_factory=dict)
    """Environment of the VM's downloads (`model.derive.http_proxy`)."""
    name: str = ""
    address: str = ""


def render_bundle(bundle: Bundle) -> dict[str, str]:
    """The files of the bundle, by path in its folder: those of `istioctl x workload entry configure` without
    the token, an installer and an uninstaller. EXECUTABLE_FILES must be executable.

    Raises ValueError for a gateway address that is not an IP address.
    """
    settings = {
        "GROUP": bundle.group,
        "NAMESPACE": bundle.namespace,
        "SERVICE_ACCOUNT": bundle.service_account,
        "CLUSTER": bundle.cluster,
        "PACKAGE_URL": bundle.package_url,
        "PACKAGE_SHA256": bundle.package_sha256 or "",
        "NETWORK_CIDRS": " ".join(bundle.network_cidrs),
        "NAME": bundle.name,
        "ADDRESS": bundle.address,
        **without_proxy(bundle.http_proxy, *bundle.gateway_addresses),
    }
    return {
        **{f"application/{path}": text for path, text in bundle.application.items()},
        "cluster.env": bundle.cluster_env,
        "hosts": render_hosts(bundle.gateway_addresses),
        "install.sh": source_text("install.sh"),
        "istio.service.conf": source_text("istio.service.conf"),
        **{f"library/{name}": source_text(f"{name}.sh") for name in _LIBRARY_SCRIPTS},
        "machine.env": render_environment(settings),
        "mesh.yaml": bundle.mesh_yaml,
        "root-cert.pem": bundle.root_certificates,
        "uninstall.sh": source_text("uninstall.sh"),
    }
