"""Rules on values of the chart `istiod` that telemetry sets, too."""

from collections.abc import Iterator, Mapping
from typing import Any

from hybrid_mesh.model.checks.registry import readable, rule
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.collectors import PROVIDERS, reports
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value

_PROVIDERS = ("meshConfig", "extensionProviders")
_REPLACED = {
    "accessLogs": (
        "meshConfig.accessLogEncoding",
        "meshConfig.accessLogFile",
        "meshConfig.accessLogFormat",
        "meshConfig.defaultProviders.accessLogging",
        "meshConfig.enableEnvoyAccessLogService",
    ),
    "traces": (
        "global.proxy.tracer",
        "meshConfig.defaultConfig.tracing",
        "meshConfig.defaultProviders.tracing",
        "meshConfig.enableTracing",
        "traceSampling",
    ),
    "metrics": ("meshConfig.defaultProviders.metrics", "telemetry"),
}
"""Key of telemetry -> values that Istio ignores with it, or that contradict it."""


@rule
def values_are_not_those_of_telemetry(mesh: MeshConfig) -> Problems:
    """`istio.values` must not set what `accessLogs`, `traces` or `metrics` replace: Istio would ignore one of
    the two."""
    if mesh.telemetry is None:
        return
    given = {
        "accessLogs": mesh.telemetry.access_logs,
        "traces": mesh.telemetry.traces,
        "metrics": mesh.telemetry.metrics,
    }
    for key, section in given.items():
        for path in _REPLACED[key] if section is not None else ():
            for place, value in _found(mesh, tuple(path.split("."))):
                message = f"telemetry.{key} replaces this value"
                yield Problem(place, format_value(value), message, "Leave it out here, or there.")


@rule
def your_providers_stay_beside_those_of_telemetry(mesh: MeshConfig) -> Problems:
    """With `telemetry`, `istio.values.meshConfig.extensionProviders` must be a list of providers, none of
    which has the name of one of the program's: `hybrid-mesh-stdout`, `hybrid-mesh-access-logs` and
    `hybrid-mesh-traces`. Istio ignores case in these names."""
    if mesh.telemetry is None:
        return
    for place, value in _found(mesh, _PROVIDERS):
        if ".pilot." in place:
            remedy = "Write it in `values.meshConfig`."
            yield Problem(place, format_value(value), "this would replace the program's providers", remedy)
            continue
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            yield Problem(place, format_value(value), "not a list of providers", "Write a list of mappings.")
            continue
        for index, each in enumerate(value):
            if str(each.get("name")).lower() in PROVIDERS:
                path, name = f"{place}.{index}.name", str(each["name"])
                yield Problem(path, name, "the program's own provider has this name", "Choose another name.")


def _found(mesh: MeshConfig, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Each place and value of `path` in the values of the mesh and of the clusters with telemetry, also below
    `pilot`, which the chart moves to its top."""
    per_cluster = readable(mesh.clusters, lambda cluster: cluster.istio.values)
    of_clusters = {
        f"clusters.{name}.istio.values": values for name, values in per_cluster.items() if reports(mesh, name)
    }
    for place, values in {"istio.values": mesh.istio.values, **of_clusters}.items():
        for keys in (path, ("pilot", *path)):
            value: Any = values
            for key in keys:
                value = value[key] if isinstance(value, Mapping) and key in value else _ABSENT
            if value is not _ABSENT:
                yield ".".join((place, *keys)), value


_ABSENT = object()
