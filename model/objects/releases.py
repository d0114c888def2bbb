"""The sources of the charts of a cluster's Helm releases."""

from pathlib import PurePosixPath
from typing import assert_never

from hybrid_mesh.model.config.istio import (
    FolderChartsConfig,
    IstioConfig,
    OciChartsConfig,
    RepositoryChartsConfig,
)
from hybrid_mesh.model.objects.planned import ChartSource

GATEWAY_API_CRDS = ChartSource("components/charts/gateway-api-crds")
"""The vendored chart, relative to the folder of this package's rooms."""


def istio_chart(istio: IstioConfig, chart: str) -> ChartSource:
    """Istio's `chart` (base, istiod, gateway): in a repository, a registry or a local folder."""
    match istio.charts:
        case FolderChartsConfig(path=path):
            return ChartSource(str(PurePosixPath(path) / chart))
        case OciChartsConfig(url=url):
            return ChartSource(f"{url.rstrip('/')}/{chart}", istio.version)
        case RepositoryChartsConfig(url=url):
            return ChartSource(chart, istio.version, url)
        case other:
            assert_never(other)
