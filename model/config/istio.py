"""Which Istio is installed, and from where."""

from typing import Annotated, Any, Literal

from pydantic import Field

from model.config.base import Section


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


ChartsConfig = Annotated[
    RepositoryChartsConfig | OciChartsConfig | FolderChartsConfig, Field(discriminator="type")
]


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
    tag: str | None = None
    """Tag of the images; the version by default."""
    charts: ChartsConfig = RepositoryChartsConfig(type="repository")
    """Where the Helm charts are."""
    packages: str = "https://blob.istio.io/istio-release"
    """Base address of the machine packages: `<packages>/releases/<version>/deb/istio-sidecar.deb`."""
    proxy: Literal["istio", "envoy"] = "istio"
    """`envoy` when the proxies are plain upstream Envoys without Istio's extensions."""
    values: dict[str, Any] = Field(default_factory=dict)
    """Further values for the istiod chart, merged over those of the plan."""
