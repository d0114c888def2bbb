"""Where Helm charts come from."""

from pathlib import PurePosixPath
from typing import Any

from model.config.istio import FolderCharts, Istio, OciCharts

GATEWAY_API_CRDS = "components/charts/gateway-api-crds"
"""The vendored chart, relative to the project, so that the state names no machine's folders."""


def istio_chart(istio: Istio, chart: str) -> dict[str, Any]:
    """The arguments of a Release that name Istio's `chart`: from a repository, a registry or a local
    folder.
    """
    charts = istio.charts
    if isinstance(charts, FolderCharts):
        return {"chart": str(PurePosixPath(charts.path) / chart)}
    if isinstance(charts, OciCharts):
        return {"chart": f"{charts.url.rstrip('/')}/{chart}", "version": istio.version}
    return {"chart": chart, "repository_opts": {"repo": charts.url}, "version": istio.version}
