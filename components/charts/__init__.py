"""Where Helm charts come from."""

from pathlib import PurePosixPath
from typing import Any

from model.config.istio import FolderChartsConfig, IstioConfig, OciChartsConfig

GATEWAY_API_CRDS = "components/charts/gateway-api-crds"
"""The vendored chart, relative to the project, so that the state names no machine's folders."""


def istio_chart(istio: IstioConfig, chart: str) -> dict[str, Any]:
    """The arguments of a Release that name Istio's `chart`: from a repository, a registry or a local
    folder.
    """
    charts = istio.charts
    if isinstance(charts, FolderChartsConfig):
        return {"chart": str(PurePosixPath(charts.path) / chart)}
    if isinstance(charts, OciChartsConfig):
        return {"chart": f"{charts.url.rstrip('/')}/{chart}", "version": istio.version}
    return {"chart": chart, "repository_opts": {"repo": charts.url}, "version": istio.version}
