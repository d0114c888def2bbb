"""Rules on values of Istio's charts, which are merged with the plan's."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hybrid_mesh.model.checks.chart_keys import CLOUD_OWNED, ENVOY_OWNED, GATEWAY, ISTIOD, ChartKeys, Path
from hybrid_mesh.model.checks.formats import is_label_key
from hybrid_mesh.model.checks.registry import cluster_rule, readable, rule
from hybrid_mesh.model.clouds.aws import EIP_ALLOCATIONS, NLB_SUBNETS
from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.clusters import CloudClusterConfig, ClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_AT_RUN_TIME = (EIP_ALLOCATIONS, NLB_SUBNETS)
_METADATA: Path = ("meshConfig", "defaultConfig", "proxyMetadata")


@dataclass(frozen=True)
class _Given:
    """Values of a chart at `path` of the mesh. `owned` are further keys that are not yours there."""

    path: str
    values: Mapping[str, Any]
    keys: ChartKeys
    owned: Mapping[Path, str]

    def at(self, path: Path) -> str:
        return ".".join((self.path, *path))


@rule
def chart_values_do_not_replace_the_plans(mesh: MeshConfig) -> Problems:
    """`values` must not set values that the program sets or relies on, nor `null` for them."""
    for given in _all_given(mesh):
        for path, source in sorted({**given.keys.owned, **given.owned}.items()):
            for value in _found(given.values, path):
                yield Problem(
                    given.at(path),
                    format_value(value),
                    f"this value is set by {source}",
                    "Leave it out here.",
                )
        variables = given.values.get("envVarFrom")
        for index, entry in enumerate(variables if isinstance(variables, list) else ()):
            name = entry.get("name") if isinstance(entry, Mapping) else None
            owner = {**given.keys.owned, **given.owned}.get(("env", str(name)))
            if owner is not None:
                yield Problem(
                    given.at(("envVarFrom", str(index), "name")),
                    str(name),
                    f"this variable is set by {owner}",
                    "Leave it out here.",
                )


@rule
def chart_values_keep_mappings(mesh: MeshConfig) -> Problems:
    """`values` must have a mapping where the program's values have one, not `null`, a list or a text."""
    for given in _all_given(mesh):
        for path in given.keys.kept:
            for value in _found(given.values, path):
                if path not in given.owned and not isinstance(value, Mapping):
                    yield Problem(
                        given.at(path),
                        format_value(value),
                        "this would remove the plan's own values below it",
                        "Write a mapping with the keys to set.",
                    )


@rule
def chart_values_have_the_types_of_the_chart(mesh: MeshConfig) -> Problems:
    """`values` must have a list or a mapping where the chart has one."""
    for given in _all_given(mesh):
        kinds: dict[Path, tuple[type, ...]] = {
            **dict.fromkeys(given.keys.lists, (list, type(None))),
            **dict.fromkeys(given.keys.sections, (Mapping, type(None))),
            **dict.fromkeys(given.keys.filled, (Mapping,)),
        }
        for path, kind in sorted(kinds.items(), key=lambda each: each[0]):
            for value in _found(given.values, path):
                if not isinstance(value, kind):
                    named = "list" if list in kind else "mapping"
                    yield Problem(
                        given.at(path),
                        format_value(value),
                        f"the chart requires a {named} here",
                        f"Write a {named}, or leave the key out.",
                    )


@rule
def chart_values_have_replicas(mesh: MeshConfig) -> Problems:
    """Numbers of replicas in `values` must be whole numbers of 1 or more."""
    replicas = [
        ("replicaCount",),
        ("autoscaleMin",),
        ("autoscaleMax",),
        ("autoscaling", "minReplicas"),
        ("autoscaling", "maxReplicas"),
    ]
    for given in _all_given(mesh):
        for path in replicas:
            for value in _found(given.values, path):
                if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                    yield Problem(
                        given.at(path),
                        format_value(value),
                        "the mesh requires a replica of its control plane and of its gateways at any time",
                        "Write 1 or more.",
                    )


@rule
def proxy_metadata_is_an_environment(mesh: MeshConfig) -> Problems:
    """`values.meshConfig.defaultConfig.proxyMetadata` must hold environment variables, whose values are
    strings of one line."""
    for given in _all_given(mesh):
        for metadata in _found(given.values, _METADATA):
            for name, value in metadata.items() if isinstance(metadata, Mapping) else ():
                path = given.at((*_METADATA, str(name)))
                if not _VARIABLE.fullmatch(str(name)):
                    yield Problem(
                        path,
                        str(name),
                        "this is not a valid name of an environment variable",
                        "Use letters, digits and `_`, beginning with a letter or `_`.",
                    )
                if (*_METADATA, str(name)) in given.keys.owned:
                    continue
                if not isinstance(value, str) or "\n" in value or "\0" in value:
                    yield Problem(
                        path,
                        format_value(value),
                        "a variable of the proxies' environment is a string of one line",
                        "Write it on one line, in quotes.",
                    )


@cluster_rule
def values_are_of_charts_that_are_installed(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`istio.values` requires that the program installs Istio in the cluster, and `gateway.values` and
    `gateway.annotations` that it installs the gateway."""
    if cluster.istio.values and cluster.istio.ownership == "existing":
        yield Problem(
            f"clusters.{name}.istio.values",
            format_value(cluster.istio.values),
            "the Istio of this cluster is installed by others",
            "Leave `values` out.",
        )
    gateway = cluster.gateway
    reason, other = "the cluster has no gateway", "enable the gateway"
    if gateway.enabled:
        reason, other = "the gateway of this cluster is installed by others", "set `ownership: own`"
    for key, value in (("values", gateway.values), ("annotations", gateway.annotations)):
        if value and not (gateway.enabled and gateway.ownership == "own"):
            yield Problem(
                f"clusters.{name}.gateway.{key}",
                format_value(value),
                reason,
                f"Leave `{key}` out, or {other}.",
            )


@cluster_rule
def gateway_annotations_are_not_those_of_the_plan(
    mesh: MeshConfig, name: str, cluster: ClusterConfig
) -> Problems:
    """`gateway.annotations` must have valid names, and not those that the program sets in a cloud."""
    cloud = cloud_of(cluster)
    planned = {*cloud.load_balancer_annotations({"stack": name}), *_AT_RUN_TIME} if cloud else set()
    given = {f"clusters.{name}.gateway.annotations": cluster.gateway.annotations}
    service = cluster.gateway.values.get("service")
    inside = service.get("annotations") if isinstance(service, Mapping) else None
    if isinstance(inside, Mapping):
        given[f"clusters.{name}.gateway.values.service.annotations"] = {str(key): "" for key in inside}
    for path, annotations in given.items():
        for key in annotations:
            if key in planned:
                yield Problem(f"{path}.{key}", key, "the program sets this annotation", "Leave it out here.")
            elif not is_label_key(key):
                yield Problem(
                    f"{path}.{key}",
                    key,
                    "not a valid name of an annotation",
                    "Write it like metallb.io/address-pool.",
                )


def _all_given(mesh: MeshConfig) -> Iterator[_Given]:
    """All values of charts. The chart `istiod` moves those below `pilot` to its top."""
    envoy = ENVOY_OWNED if mesh.istio.proxy == "envoy" else {}
    per_cluster = readable(mesh.clusters, lambda cluster: cluster.istio.values)
    of_istiod = {f"clusters.{name}.istio.values": values for name, values in per_cluster.items()}
    for path, values in {"istio.values": mesh.istio.values, **of_istiod}.items():
        yield _Given(path, values, ISTIOD, envoy)
        if isinstance(legacy := values.get("pilot"), Mapping):
            yield _Given(f"{path}.pilot", legacy, ISTIOD, envoy)
    gateways = readable(
        mesh.clusters, lambda cluster: (cluster.gateway.values, isinstance(cluster, CloudClusterConfig))
    )
    for name, (values, in_cloud) in gateways.items():
        yield _Given(f"clusters.{name}.gateway.values", values, GATEWAY, CLOUD_OWNED if in_cloud else {})


def _found(values: Mapping[str, Any], path: Path) -> Iterator[Any]:
    """Yields the value at `path`, or nothing if the key is absent."""
    value: Any = values
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return
        value = value[key]
    yield value
