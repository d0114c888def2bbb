"""Rules on `istio.values`, which are merged with the plan's values of the istiod chart."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value

OWNED_VALUES = {
    "_internal_defaults_do_not_set": "the chart",
    "env.ENABLE_CA_SERVER": "the plan: istiod signs the certificates of its cluster",
    "env.ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT": "the plan: Gateways are bound to the east-west gateway",
    "env.ISTIO_MULTIROOT_MESH": "the plan, so that roots can be rotated",
    "env.PILOT_ENABLE_GATEWAY_API": "the plan: ingresses and east-west gateways are Gateways",
    "env.PILOT_ENABLE_GATEWAY_API_STATUS": "the plan: `up` waits until Gateways are programmed",
    "env.PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION": "the plan: VMs register themselves",
    "env.PILOT_ENABLE_WORKLOAD_ENTRY_HEALTHCHECKS": "the plan: VMs report their health",
    "global.caAddress": "the plan: istiod signs the certificates of its cluster",
    "global.configCluster": "the plan: every cluster has its own control plane",
    "global.externalIstiod": "the plan: every cluster has its own control plane",
    "global.hub": "istio.hub",
    "global.istioNamespace": "the plan: the control plane is in istio-system",
    "global.meshID": "id",
    "global.meshNetworks": "networks.<name>.gateway",
    "global.multiCluster.clusterName": "clusters",
    "global.network": "clusters.<name>.network",
    "global.pilotCertProvider": "the plan: istiod signs the certificates of its cluster",
    "global.proxy.clusterDomain": "the plan: VMs and gateways use cluster.local",
    "global.proxy.statusPort": "the plan: health checks of VMs use 15020",
    "global.remotePilotAddress": "the plan: every cluster has its own control plane",
    "global.tag": "istio.tag",
    "istiodRemote": "the plan: every cluster has its own control plane",
    "meshConfig.defaultConfig.discoveryAddress": "the plan: proxies use the istiod of their cluster",
    "meshConfig.defaultConfig.meshId": "id",
    "meshConfig.defaultConfig.proxyMetadata.PROXY_CONFIG_XDS_AGENT": "the plan, so that roots can be rotated",
    "meshConfig.defaultConfig.readinessProbe": "workloadGroups.<name>.probe",
    "meshConfig.defaultConfig.statusPort": "the plan: health checks of VMs use 15020",
    "meshConfig.rootNamespace": "the plan: mesh-wide policies are in istio-system",
    "meshConfig.trustDomain": "trustDomain",
    "revision": "the plan: namespaces and VMs use the control plane without a revision",
}
"""Values of the istiod chart that the plan sets or relies on, and their sources."""

MAPPINGS = (
    "base",
    "env",
    "global",
    "global.defaultPodDisruptionBudget",
    "global.multiCluster",
    "global.proxy",
    "global.proxy.resources",
    "global.proxy.resources.requests",
    "meshConfig",
    "meshConfig.defaultConfig",
    "meshConfig.defaultConfig.proxyMetadata",
    "resources",
    "resources.requests",
    "telemetry",
)
"""Values of the plan that must remain mappings: another value would remove their contents."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@rule
def istio_values_do_not_replace_the_plans(mesh: MeshConfig) -> Problems:
    """`values` must not set values that the program sets or relies on."""
    for path, source in OWNED_VALUES.items():
        for value in _found(mesh.istio.values, path):
            yield Problem(
                f"istio.values.{path}",
                format_value(value),
                f"this value is set by {source}",
                "Leave it out here.",
            )


@rule
def istio_values_keep_mappings(mesh: MeshConfig) -> Problems:
    """`values` must have a mapping where the program's values have one."""
    for path in MAPPINGS:
        for value in _found(mesh.istio.values, path):
            if not isinstance(value, Mapping):
                yield Problem(
                    f"istio.values.{path}",
                    format_value(value),
                    "this would remove the plan's own values below it",
                    "Write a mapping with the keys to set.",
                )


@rule
def proxy_metadata_is_an_environment(mesh: MeshConfig) -> Problems:
    """`values.meshConfig.defaultConfig.proxyMetadata` must hold environment variables, whose values are
    strings of one line."""
    path = "meshConfig.defaultConfig.proxyMetadata"
    for metadata in _found(mesh.istio.values, path):
        for name, value in metadata.items() if isinstance(metadata, Mapping) else ():
            if not _VARIABLE.fullmatch(str(name)):
                yield Problem(
                    f"istio.values.{path}.{name}",
                    str(name),
                    "this is not a valid name of an environment variable",
                    "Use letters, digits and `_`, beginning with a letter or `_`.",
                )
            if not isinstance(value, str) or "\n" in value or "\0" in value:
                yield Problem(
                    f"istio.values.{path}.{name}",
                    format_value(value),
                    "a variable of the proxies' environment is a string of one line",
                    "Write it on one line, in quotes.",
                )


def _found(values: Mapping[str, Any], path: str) -> Iterator[Any]:
    """Yields the value at `path`, or nothing if the key is absent."""
    value: Any = values
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return
        value = value[key]
    yield value
