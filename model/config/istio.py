"""Which Istio is installed, and from where."""

from typing import Annotated, Any, Literal

from pydantic import Field

from model.config.base import Section


class RepositoryCharts(Section):
    type: Literal["repository"]
    url: str = "https://blob.istio.io/istio-release/charts"


class OciCharts(Section):
    type: Literal["oci"]
    url: str = "oci://ghcr.io/istio/release/charts"


class FolderCharts(Section):
    """Charts in a local folder with the subfolders base, istiod and gateway, relative to the project."""

    type: Literal["folder"]
    path: str


Charts = Annotated[RepositoryCharts | OciCharts | FolderCharts, Field(discriminator="type")]


class Istio(Section):
    """The Istio release that every cluster gets.

    Source of the addresses: the upgrade notes of Istio 1.31.0.
    """

    version: str = "1.31.0"
    distribution: Literal["upstream", "tetrate"] = "upstream"
    hub: str = "docker.io/istio"
    tag: str | None = None
    charts: Charts = RepositoryCharts(type="repository")
    packages: str = "https://blob.istio.io/istio-release"
    """Base address of the machine packages: `<packages>/releases/<version>/deb/istio-sidecar.deb`."""
    proxy: Literal["istio", "envoy"] = "istio"
    """`envoy` when the proxies are plain upstream Envoys without Istio's extensions."""
    values: dict[str, Any] = Field(default_factory=dict)
    """Further values for the istiod chart, merged over those of the plan."""
