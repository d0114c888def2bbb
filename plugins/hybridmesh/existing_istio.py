"""Compares an Istio that others have installed in a cluster with what the mesh requires.

Sources, of Istio 1.31: the ConfigMaps `istio` (mesh configuration) and `istio-sidecar-injector` (values of
the chart), and the Deployment `istiod`. A control plane may be one minor release ahead of the proxies, never
behind ("Supported Releases").
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from hybrid_mesh.model.derive.versions import istio_release
from hybrid_mesh.model.istio_facts import NETWORK_LABEL, SYSTEM_NAMESPACE
from hybrid_mesh.plugins.framework.api_server import ApiServer

_ANSWER_SECONDS: Final = 15.0
_SPACE: Final = f"/api/v1/namespaces/{SYSTEM_NAMESPACE}"


def istio_problems(server: ApiServer, path: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Each way in which the Istio of the cluster with the configuration at `path` differs from `wanted`, with
    the key to change. Raises ApiServerError."""
    name = path.partition(".")[2]
    config = server.find(f"{_SPACE}/configmaps/istio", _ANSWER_SECONDS)
    injector = server.find(f"{_SPACE}/configmaps/istio-sidecar-injector", _ANSWER_SECONDS)
    istiod = server.find(f"/apis/apps/v1/namespaces/{SYSTEM_NAMESPACE}/deployments/istiod", _ANSWER_SECONDS)
    if config is None or injector is None or istiod is None:
        yield (
            f"{path}.istio.ownership: the cluster has no Istio without a revision in {SYSTEM_NAMESPACE} "
            "(ConfigMaps istio and istio-sidecar-injector, Deployment istiod). Install it, or set "
            "`ownership: own`"
        )
        return
    mesh = _mapping(yaml.safe_load(config["data"].get("mesh", "")))
    values = _mapping(_mapping(json.loads(injector["data"]["values"])).get("global"))
    there = _mapping(_mapping(mesh.get("defaultConfig")))
    facts = {
        "id": (values.get("meshID") or there.get("meshId"), wanted["meshId"], "mesh ID"),
        f"clusters.{name}": (_mapping(values.get("multiCluster")).get("clusterName"), name, "cluster name"),
        f"{path}.network": (values.get("network"), wanted["network"], "network"),
        "trustDomain": (mesh.get("trustDomain", "cluster.local"), wanted["trustDomain"], "trust domain"),
    }
    for key, (found, expected, title) in facts.items():
        if found != expected:
            yield (
                f"{key}: the Istio of cluster {name} has the {title} {found or 'none'} and the stack file "
                f"{expected}. Use one of them in both"
            )
    yield from _label_problems(server, path, wanted["network"])
    yield from _version_problems(path, istiod, wanted["version"])
    yield from _switched_off(path, istiod, wanted["variables"])
    yield from _gateway_problems(path, config["data"].get("meshNetworks", ""), wanted["gateways"])


def _label_problems(server: ApiServer, path: str, network: str) -> Iterator[str]:
    space = server.find(_SPACE, _ANSWER_SECONDS) or {"metadata": {}}
    label = (space["metadata"].get("labels") or {}).get(NETWORK_LABEL, network)
    if label != network:
        yield (
            f"{path}.network: the label {NETWORK_LABEL} of namespace {SYSTEM_NAMESPACE} is {label} and not "
            f"{network}. Use one of them in both"
        )


def _version_problems(path: str, istiod: Mapping[str, Any], version: str) -> Iterator[str]:
    image = _discovery(istiod).get("image", "")
    label = (istiod["metadata"].get("labels") or {}).get("app.kubernetes.io/version", "")
    release = istio_release(image, label)
    if release is None:
        return
    minor, expected = (tuple(map(int, each.split(".")[:2])) for each in (release, version))
    if not expected <= minor <= (expected[0], expected[1] + 1):
        yield (
            f"{path}.istio: its istiod is {release}, and VMs and gateways run istio.version {version}. "
            f"istiod must be {expected[0]}.{expected[1]}.x or one minor release ahead"
        )


def _switched_off(path: str, istiod: Mapping[str, Any], relied_on: Mapping[str, str]) -> Iterator[str]:
    """What the mesh relies on and istiod does by default."""
    for variable in _discovery(istiod).get("env") or ():
        name = variable["name"]
        reason = relied_on.get(name)
        if reason is not None and str(variable.get("value", "")).lower() == "false":
            yield f"{path}.istio: its istiod has {name}=false, which is set by {reason}. Remove it there"


def _gateway_problems(path: str, networks: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    """istiod cannot discover gateways at configured addresses."""
    there = _mapping(_mapping(yaml.safe_load(networks)).get("networks"))
    for network, addresses in wanted.items():
        known = {each.get("address") for each in _mapping(there.get(network)).get("gateways") or ()}
        for address in addresses:
            if address not in known:
                yield (
                    f"{path}.istio: its mesh configuration does not have the gateway {address} of network "
                    f"{network}. Add it to `global.meshNetworks` there"
                )


def _discovery(istiod: Mapping[str, Any]) -> Mapping[str, Any]:
    containers = istiod["spec"]["template"]["spec"]["containers"]
    return next((each for each in containers if each["name"] == "discovery"), {})


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
