"""The Istio release and where it is downloaded from.

The default URLs are those of Istio 1.31.0 ("Upgrade Notes").
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import IMAGE_TAG_PATTERN, SHA256_PATTERN, DnsLabel, Ownership, Section


class RepositoryChartsConfig(Section):
    """Charts in a Helm repository."""

    type: Literal["repository"]
    url: str = "https://blob.istio.io/istio-release/charts"
    """URL of the repository, `https` or `http`."""


class OciChartsConfig(Section):
    """Charts in an OCI registry."""

    type: Literal["oci"]
    url: str = "oci://ghcr.io/istio/release/charts"
    """URL of the registry folder that contains the charts, beginning with `oci://`."""


class FolderChartsConfig(Section):
    """Charts in a local folder that has the subfolders `base`, `istiod` and `gateway`."""

    type: Literal["folder"]
    path: str = Field(examples=[".toolchain/charts"])
    """Path of the folder, absolute or relative to the project folder."""


PackageForm = Literal["deb", "rpm"]
Architecture = Literal["amd64", "arm64"]
Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]

ChartsConfig = Annotated[
    RepositoryChartsConfig | OciChartsConfig | FolderChartsConfig, Field(discriminator="type")
]


class PackageSumsConfig(Section):
    """SHA-256 checksums of Istio's VM packages, 64 hexadecimal digits each.

    VMs refuse to install a package whose checksum differs. Istio publishes each checksum next to its package,
    with the suffix `.sha256`. Without a checksum here, a VM reads the published one over https, which finds a
    damaged download, but not a package that was replaced on the server together with its checksum.
    """

    amd64_deb: Sha256 | None = None
    """Checksum of `deb/istio-sidecar.deb`."""
    arm64_deb: Sha256 | None = None
    """Checksum of `deb/istio-sidecar-arm64.deb`."""
    amd64_rpm: Sha256 | None = None
    """Checksum of `rpm/istio-sidecar.rpm`."""
    arm64_rpm: Sha256 | None = None
    """Checksum of `rpm/istio-sidecar-arm64.rpm`."""

    def of(self, form: PackageForm, architecture: Architecture) -> str | None:
        """The checksum of one package, None if it is not set."""
        value: str | None = getattr(self, f"{architecture}_{form}")
        return value


GatewayApiSource = Literal["install", "existing"]


class ClusterIstioConfig(Section):
    """Istio in one cluster, as far as it differs from the other clusters."""

    ownership: Ownership = "own"
    """Who installs Istio in the cluster. `own`: the program, and a destroy deletes it. `adopt`: the program,
    which takes over what is there, and a destroy keeps it. `existing`: others; the program uses the Istio
    that is there and never changes it."""
    gateway_api: GatewayApiSource | None = None
    """CRDs of the Gateway API in this cluster. Defaults to `istio.gatewayApi`."""
    values: dict[str, Any] = Field(
        default_factory=dict, examples=[{"replicaCount": 2, "autoscaleEnabled": False}]
    )
    """Additional Helm values for the istiod chart in this cluster. They are merged with `istio.values`, and
    replace those where both set a value. VMs get the proxies' settings of the cluster that they register
    with."""
    remote_secret: DnsLabel | None = Field(default=None, examples=["istio-remote-secret-west"])
    """Name of a remote Secret that the cluster has already, for example of `istioctl create-remote-secret`.
    The program adds the other peers to it, and a destroy keeps it. Defaults to a new one."""


class IstioConfig(Section):
    """The Istio release of every cluster and VM, and where it is downloaded from."""

    version: str = "1.31.0"
    """Istio release, for example `1.31.0`."""
    distribution: Literal["upstream", "tetrate"] = "upstream"
    """Distribution of Istio. `tetrate` requires `hub` and `charts`."""
    hub: str = "docker.io/istio"
    """Image registry and folder, without a scheme."""
    tag: str | None = Field(default=None, pattern=IMAGE_TAG_PATTERN)
    """Tag of the images. Defaults to `version`."""
    pull_secret: DnsLabel | None = Field(default=None, examples=["registry"])
    """Name of the secret configuration key that holds the credentials of the image registry: a Docker
    `config.json`, as `kubectl create secret docker-registry` makes it. The program creates the Secret in
    every namespace of the mesh, except for Istio that others have installed."""
    charts: ChartsConfig = RepositoryChartsConfig(type="repository")
    """Source of the Helm charts."""
    gateway_api: GatewayApiSource = "install"
    """CRDs of the Gateway API. `install`: the program installs them and takes over those that exist.
    `existing`: the program uses those that the cluster already has, for example from k3s or a managed
    gateway."""
    packages: str = "https://blob.istio.io/istio-release"
    """Base URL of the VM packages. VMs download `<packages>/releases/<version>/deb/istio-sidecar.deb`, or
    the `rpm` next to it."""
    package_sha256: PackageSumsConfig = PackageSumsConfig()
    """Checksums of the VM packages. Required if `packages` is an `http` URL."""
    proxy: Literal["istio", "envoy"] = "istio"
    """Build of the proxies. `envoy`: upstream Envoy without Istio's extensions, as on the local site."""
    values: dict[str, Any] = Field(default_factory=dict)
    """Additional Helm values for the istiod chart. They are merged with the values that the program sets, and
    cannot replace the ones that the mesh relies on."""
