"""Objects in a real API server: create, update, delete."""

from __future__ import annotations

import re

import grpc
import pytest

from tests.plugins.control_plane import ControlPlane
from tests.plugins.kubernetes_standin.conftest import Plugin, PluginFactory
from tests.plugins.kubernetes_standin.objects import (
    CONFIG_MAP,
    CRD,
    DEPLOYMENT,
    NAMESPACE,
    SECRET,
    SKIP,
    changes,
    config_map,
    deployment,
    kind_definition,
)
from tests.waiting import eventually


def test_create_gives_the_live_object(plugin: Plugin, namespace: str, control_plane: ControlPlane) -> None:
    made = plugin.create(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"}))
    assert made.identity == f"{namespace}/cm"
    live = control_plane.request("GET", f"/api/v1/namespaces/{namespace}/configmaps/cm")
    assert live["data"] == {"a": "1"}
    assert made.outputs["metadata"]["uid"] == live["metadata"]["uid"]
    assert [entry["operation"] for entry in live["metadata"]["managedFields"]] == ["Apply"]
    assert live["metadata"]["managedFields"][0]["manager"] == made.outputs["__fieldManager"]


def test_an_object_without_a_namespace_goes_to_the_providers(
    make_plugin: PluginFactory, namespace: str, control_plane: ControlPlane
) -> None:
    plugin = make_plugin(kubeconfig=control_plane.kubeconfig, namespace=namespace)
    made = plugin.create(CONFIG_MAP, "cm", {"metadata": {"name": "cm"}, "data": {"a": "1"}})
    assert made.identity == f"{namespace}/cm"
    assert not changes(plugin.diff(made, config_map(namespace, {"a": "1"})))


def test_an_object_that_exists_is_refused_unless_upserted(
    plugin: Plugin, make_plugin: PluginFactory, namespace: str, control_plane: ControlPlane
) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    control_plane.request("POST", path, {"metadata": {"name": "cm"}, "data": {"b": "2"}})
    with pytest.raises(grpc.RpcError, match="already exists"):
        plugin.create(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"}))
    upserting = make_plugin(kubeconfig=control_plane.kubeconfig, upsertExistingObjects="true")
    made = upserting.create(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"}))
    assert made.outputs["data"] == {"a": "1", "b": "2"}


def test_a_field_that_leaves_the_program_leaves_the_server(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    made = plugin.create(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"}, labels={"x": "y", "z": "1"}))
    updated = plugin.update(made, config_map(namespace, {"a": "1"}, labels={"x": "y"}))
    assert updated.outputs["metadata"]["labels"] == {"x": "y"}
    live = control_plane.request("GET", f"/api/v1/namespaces/{namespace}/configmaps/cm")
    assert live["metadata"]["labels"] == {"x": "y"}


def test_a_conflict_names_the_other_manager_and_can_be_forced(
    plugin: Plugin, make_plugin: PluginFactory, namespace: str, control_plane: ControlPlane
) -> None:
    made = plugin.create(DEPLOYMENT, "d", deployment(namespace))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/d"
    control_plane.patch(path, {"spec": {"replicas": 3}}, manager="autoscaler")
    wanted = deployment(namespace)
    wanted["spec"]["replicas"] = 2
    for preview in (True, False):
        with pytest.raises(grpc.RpcError) as caught:
            plugin.update(made, wanted, preview=preview)
        assert "conflict" in caught.value.details()
        assert "autoscaler" in caught.value.details()
        assert ".spec.replicas" in caught.value.details()
        assert "enablePatchForce" in caught.value.details()
    forcing = make_plugin(kubeconfig=control_plane.kubeconfig, enablePatchForce="true")
    assert forcing.update(made, wanted, preview=True).outputs["spec"]["replicas"] == 2
    wanted["metadata"]["annotations"] = {**SKIP, "pulumi.com/patchForce": "true"}
    assert plugin.update(made, wanted).outputs["spec"]["replicas"] == 2


def test_what_kubectl_set_is_taken_over_and_what_it_added_goes(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    made = plugin.create(DEPLOYMENT, "d", deployment(namespace))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/d"
    change = {"metadata": {"labels": {"added": "yes"}}, "spec": {"replicas": 3}}
    control_plane.patch(path, change, manager="kubectl-patch")
    control_plane.patch(path, {"metadata": {"labels": {"foreign": "yes"}}}, manager="controller")
    wanted = deployment(namespace)
    wanted["spec"]["replicas"] = 2
    with pytest.raises(grpc.RpcError):
        plugin.update(made, wanted, preview=True)
    assert control_plane.request("GET", path)["spec"]["replicas"] == 3
    live = plugin.update(made, wanted).outputs
    assert live["spec"]["replicas"] == 2
    assert live["metadata"]["labels"] == {**wanted["metadata"].get("labels", {}), "foreign": "yes"}
    managers = {entry["manager"] for entry in control_plane.request("GET", path)["metadata"]["managedFields"]}
    assert "kubectl-patch" not in managers


def test_a_namespace_is_gone_when_its_delete_ends(plugin: Plugin, control_plane: ControlPlane) -> None:
    made = plugin.create(NAMESPACE, "n", {"metadata": {"name": "short-lived"}})
    inner = plugin.create(CONFIG_MAP, "cm", config_map("short-lived", {"a": "1"}))
    plugin.delete(made)
    assert control_plane.find("/api/v1/namespaces/short-lived") is None
    plugin.delete(inner)


def test_custom_resources_of_a_new_kind(plugin: Plugin, namespace: str, control_plane: ControlPlane) -> None:
    definition = plugin.create(CRD, "crd", kind_definition("new.example.com", "Thing"))
    thing = {
        "apiVersion": "new.example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "t", "namespace": namespace},
    }
    token = "kubernetes:new.example.com/v1:Thing"
    made = plugin.create(token, "t", {**thing, "spec": {"size": 3}})
    assert made.outputs["spec"] == {"size": 3}
    assert not changes(plugin.diff(made, {**thing, "spec": {"size": 3}}))
    assert plugin.update(made, {**thing, "spec": {"size": 4}}).outputs["spec"] == {"size": 4}
    misspelt = {**thing, "spec": {"sise": 4}}
    # The server publishes the description of a new kind a moment after it serves it.
    eventually("the new kind is described", lambda: bool(plugin.check(token, "t", misspelt).failures))
    assert [failure.property for failure in plugin.check(token, "t", misspelt).failures] == ["spec.sise"]
    plugin.delete(definition)
    assert plugin.read(made).identity == ""


def test_no_answer_of_the_server_shows_a_secret(plugin: Plugin, namespace: str) -> None:
    given = {"metadata": {"name": "s", "namespace": namespace}, "data": {"a": "not base64 but secret"}}
    with pytest.raises(grpc.RpcError) as caught:
        plugin.create(SECRET, "s", given)
    assert "not base64 but secret" not in re.sub(r"\s+", " ", caught.value.details())
