"""Previews of objects, against a real API server."""

from __future__ import annotations

import grpc
import pytest

from plugins.framework.values import UNKNOWN, Properties
from tests.plugins.control_plane import ControlPlane
from tests.plugins.kubernetes_standin.conftest import Plugin, PluginFactory
from tests.plugins.kubernetes_standin.objects import (
    CONFIG_MAP,
    DEPLOYMENT,
    NAMESPACE,
    SECRET,
    SERVICE,
    SKIP,
    config_map,
    deployment,
    unreachable,
)


def test_a_preview_makes_nothing_and_knows_what_it_does_not_know(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    outputs = plugin.preview(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"}))
    assert outputs["data"] == {"a": "1"}
    assert outputs["metadata"]["name"] == "cm"
    assert outputs["metadata"]["uid"] is UNKNOWN
    assert outputs["status"] is UNKNOWN
    assert control_plane.find(f"/api/v1/namespaces/{namespace}/configmaps/cm") is None


def test_previews_of_what_the_server_fills(plugin: Plugin, namespace: str) -> None:
    spec = {"ports": [{"port": 80}], "selector": {"a": "b"}}
    service = plugin.preview(SERVICE, "s", {"metadata": {"name": "s", "namespace": namespace}, "spec": spec})
    assert service["spec"]["clusterIP"] is UNKNOWN
    account = {"kubernetes.io/service-account.name": "default"}
    token = {
        "metadata": {"name": "t", "namespace": namespace, "annotations": account},
        "type": "kubernetes.io/service-account-token",
    }
    assert plugin.preview(SECRET, "t", token)["data"] is UNKNOWN


def test_a_preview_of_an_update_keeps_what_stays(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    metadata: Properties = {"name": "s", "namespace": namespace, "annotations": SKIP}
    given = {"metadata": metadata, "spec": spec}
    made = plugin.create(SERVICE, "s", given)
    path = f"/api/v1/namespaces/{namespace}/services/s"
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "172.30.1.10"}]}}}
    control_plane.request("PATCH", f"{path}/status", status, "application/merge-patch+json")
    labelled = {**given, "metadata": {**metadata, "labels": {"x": "y"}}}
    outputs = plugin.update(made, labelled, preview=True).outputs
    assert outputs["status"] == status["status"] | {
        "loadBalancer": {"ingress": [{"ip": "172.30.1.10", "ipMode": "VIP"}]}
    }
    assert outputs["spec"]["clusterIP"] == made.outputs["spec"]["clusterIP"]
    assert outputs["metadata"]["uid"] == made.outputs["metadata"]["uid"]
    assert outputs["metadata"]["resourceVersion"] is UNKNOWN
    assert "x" not in control_plane.request("GET", path)["metadata"].get("labels", {})


def test_a_preview_in_a_namespace_that_is_not_there_yet(plugin: Plugin) -> None:
    outputs = plugin.preview(CONFIG_MAP, "cm", config_map("not-yet", {"a": "1"}))
    assert outputs["data"] == {"a": "1"}


def test_a_preview_with_unknown_values(plugin: Plugin, namespace: str) -> None:
    outputs = plugin.preview(CONFIG_MAP, "cm", {**config_map(namespace, {}), "data": {"a": UNKNOWN}})
    assert outputs["data"]["a"] is UNKNOWN


def test_a_preview_without_a_server(make_plugin: PluginFactory) -> None:
    plugin = make_plugin(kubeconfig=unreachable())
    assert plugin.preview(NAMESPACE, "n", {"metadata": {"name": "n"}})["metadata"]["name"] == "n"
    assert plugin.preview("kubernetes:example.com/v1:Thing", "t", {"spec": {}})["spec"] == {}


def test_a_preview_of_a_replacement_is_not_held_against_the_old_object(
    plugin: Plugin, namespace: str
) -> None:
    plugin.create(DEPLOYMENT, "d", deployment(namespace))
    changed = deployment(namespace)
    changed["spec"]["selector"]["matchLabels"] = {"app": "other"}
    changed["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    outputs = plugin.preview(DEPLOYMENT, "d", changed)
    assert outputs["spec"]["selector"]["matchLabels"] == {"app": "other"}


def test_a_preview_tells_what_the_server_would_refuse(plugin: Plugin, namespace: str) -> None:
    given = deployment(namespace)
    given["spec"]["template"]["metadata"]["labels"] = {"app": "another"}
    with pytest.raises(grpc.RpcError, match=r"would refuse it.*selector"):
        plugin.preview(DEPLOYMENT, "d", given)
