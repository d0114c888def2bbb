"""Which Istio is installed, and from where."""

from typing import Annotated, Any, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import IMAGE_TAG_PATTERN, SHA256_PATTERN, Section


class RepositoryChartsConfig(Section):
    """Charts of a Helm repository."""

    type: Literal["repository"]
    url: str = "https://blob.istio.io/istio-release/charts"
    """Address of the repository."""


class OciChartsConfig(Section):
    """Charts of an OCI registry."""

    type: Literal["oci"]
    url: str = "oci://ghcr.io/istio/release/charts"
    """Address of the folder that holds the charts."""


class FolderChartsConfig(Section):
    """Charts in a local folder with the subfolders base, istiod and gateway, relative to the project."""

    type: Literal["folder"]
    path: str = Field(examples=[".toolchain/charts"])
    """Path of the folder."""


PackageForm = Literal["deb", "rpm"]
Architecture = Literal["amd64", "arm64"]
Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]

ChartsConfig = Annotated[
    RepositoryChartsConfig | OciChartsConfig | FolderChartsConfig, Field(discriminator="type")
]


class PackageSumsConfig(Section):
    """SHA-256 sums of Istio's VM packages, in hexadecimal; VMs refuse a package of another sum.

    Istio publishes each beside its package, with the suffix `.sha256`.
    """

    amd64_deb: Sha256 | None = None
    """Of `deb/istio-sidecar.deb`."""
    arm64_deb: Sha256 | None = None
    """Of `deb/istio-sidecar-arm64.deb`."""
    amd64_rpm: Sha256 | None = None
    """Of `rpm/istio-sidecar.rpm`."""
    arm64_rpm: Sha256 | None = None
    """Of `rpm/istio-sidecar-arm64.rpm`."""

    def of(self, form: PackageForm, architecture: Architecture) -> str | None:
        """The sum of one package; None where it is not given."""
        value: str | None = getattr(self, f"{architecture}_{form}")
        return value


class IstioConfig(Section):
    """The Istio release that every cluster gets.

    Source of the addresses: the upgrade notes of Istio 1.31.0.
    """

    version: str = "1.31.0"
    """Release of Istio."""
    distribution: Literal["upstream", "tetrate"] = "upstream"
    """Whose build it is; `tetrate` needs `hub` and `charts`."""
    hub: str = "docker.io/istio"
    """Where the images are, without a scheme."""
    tag: str | None = Field(default=None, pattern=IMAGE_TAG_PATTERN)
    """Tag of the images; the version by default."""
    charts: ChartsConfig = RepositoryChartsConfig(type="repository")
    """Where the Helm charts are."""
    gateway_api: Literal["install", "existing"] = "install"
    """The Gateway API's custom resource definitions: `install` installs them, and takes over those that are
    there already; `existing` uses those that a cluster has from elsewhere (k3s, a managed gateway)."""
    packages: str = "https://blob.istio.io/istio-release"
    """Base address of the machine packages: `<packages>/releases/<version>/deb/istio-sidecar.deb`."""
    package_sha256: PackageSumsConfig = PackageSumsConfig()
    """Sums of the machine packages; an `http` address of `packages` requires them."""
    proxy: Literal["istio", "envoy"] = "istio"
    """`envoy` when the proxies are plain upstream Envoys without Istio's extensions."""
    values: dict[str, Any] = Field(default_factory=dict)
    """Further values for the istiod chart, merged over those of the plan."""
