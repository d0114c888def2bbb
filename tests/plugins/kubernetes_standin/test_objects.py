"""Objects in a real API server: preview, create, diff, update, refresh, delete, import."""

from __future__ import annotations

import base64
import re
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from plugins.framework.values import UNKNOWN, Properties
from tests.plugins.control_plane import ControlPlane
from tests.plugins.kubernetes_standin.conftest import Plugin, PluginFactory
from tests.plugins.kubernetes_standin.test_check import CONFIG_MAP, DEPLOYMENT, SECRET, unreachable
from tests.waiting import eventually

NAMESPACE = "kubernetes:core/v1:Namespace"
SERVICE = "kubernetes:core/v1:Service"
CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
SKIP = {"pulumi.com/skipAwait": "true"}


def config_map(namespace: str, data: dict[str, str], **metadata: Any) -> Properties:
    return {"metadata": {"name": "cm", "namespace": namespace, **metadata}, "data": data}


def deployment(namespace: str, **container: Any) -> Properties:
    labels = {"app": "d"}
    return {
        "metadata": {"name": "d", "namespace": namespace, "annotations": SKIP},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "c", "image": "none:1", **container}]},
            },
        },
    }


def kind_definition(group: str, kind: str) -> Properties:
    plural = f"{kind.lower()}s"
    size = {"type": "object", "properties": {"size": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"spec": size}}
    return {
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "scope": "Namespaced",
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            ],
        },
    }


def changes(answer: Any) -> bool:
    return bool(answer.changes == provider_pb2.DiffResponse.DIFF_SOME)


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


def test_nothing_changed_is_no_diff(plugin: Plugin, namespace: str) -> None:
    given = config_map(namespace, {"a": "1"})
    made = plugin.create(CONFIG_MAP, "cm", given)
    assert not changes(plugin.diff(made, given))


def test_config_map_data_replaces_and_labels_do_not(plugin: Plugin, namespace: str) -> None:
    made = plugin.create(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"}))
    answer = plugin.diff(made, config_map(namespace, {"a": "2"}))
    assert list(answer.replaces) == ["data.a"]
    assert answer.deleteBeforeReplace
    answer = plugin.diff(made, config_map(namespace, {"a": "1"}, labels={"x": "y"}))
    assert changes(answer)
    assert not answer.replaces


def test_mutable_config_maps_and_secrets_are_updated(
    make_plugin: PluginFactory, namespace: str, control_plane: ControlPlane
) -> None:
    plugin = make_plugin(
        kubeconfig=control_plane.kubeconfig, enableConfigMapMutable="true", enableSecretMutable="true"
    )
    made = plugin.create(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"}))
    assert not plugin.diff(made, config_map(namespace, {"a": "2"})).replaces
    secret = {"metadata": {"name": "s", "namespace": namespace}, "stringData": {"a": "1"}}
    made = plugin.create(SECRET, "s", secret)
    answer = plugin.diff(made, {**secret, "stringData": {"a": "2"}})
    assert changes(answer)
    assert not answer.replaces
    updated = plugin.update(made, {**secret, "stringData": {"b": "2"}})
    assert updated.outputs["data"] == {"b": base64.b64encode(b"2").decode()}


def test_an_autonamed_object_is_made_before_the_old_one_goes(plugin: Plugin, namespace: str) -> None:
    made = plugin.create(CONFIG_MAP, "cm", {"metadata": {"namespace": namespace}, "data": {"a": "1"}})
    answer = plugin.diff(made, {"metadata": {"namespace": namespace}, "data": {"a": "2"}})
    assert answer.replaces
    assert not answer.deleteBeforeReplace


@pytest.mark.parametrize("field", ["name", "namespace"])
def test_another_name_or_namespace_replaces(plugin: Plugin, namespace: str, field: str) -> None:
    given = config_map(namespace, {"a": "1"})
    made = plugin.create(CONFIG_MAP, "cm", given)
    moved = {**given, "metadata": {**given["metadata"], field: "other"}}
    answer = plugin.diff(made, moved)
    assert list(answer.replaces) == [f"metadata.{field}"]
    assert not answer.deleteBeforeReplace


def test_immutable_fields_replace(plugin: Plugin, namespace: str) -> None:
    given = deployment(namespace)
    made = plugin.create(DEPLOYMENT, "d", given)
    changed = deployment(namespace)
    changed["spec"]["selector"]["matchLabels"] = {"app": "d", "more": "yes"}
    answer = plugin.diff(made, changed)
    assert list(answer.replaces) == ["spec.selector.matchLabels.more"]
    assert answer.deleteBeforeReplace
    scaled = deployment(namespace)
    scaled["spec"]["replicas"] = 2
    assert not plugin.diff(made, scaled).replaces


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


def test_amounts_are_compared_by_value(plugin: Plugin, namespace: str) -> None:
    made = plugin.create(DEPLOYMENT, "d", deployment(namespace, resources={"limits": {"cpu": "1000m"}}))
    assert not changes(plugin.diff(made, deployment(namespace, resources={"limits": {"cpu": 1}})))
    assert changes(plugin.diff(made, deployment(namespace, resources={"limits": {"cpu": 2}})))
    refreshed = plugin.read(made)
    assert refreshed.inputs["spec"]["template"]["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "1000m"}
    }


def test_a_field_that_leaves_the_program_leaves_the_server(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    made = plugin.create(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"}, labels={"x": "y", "z": "1"}))
    updated = plugin.update(made, config_map(namespace, {"a": "1"}, labels={"x": "y"}))
    assert updated.outputs["metadata"]["labels"] == {"x": "y"}
    live = control_plane.request("GET", f"/api/v1/namespaces/{namespace}/configmaps/cm")
    assert live["metadata"]["labels"] == {"x": "y"}


def test_refresh_sees_only_what_the_program_manages(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    given = config_map(namespace, {"a": "1", "b": "1"}, labels={"x": "y"})
    made = plugin.create(CONFIG_MAP, "cm", given)
    path = f"/api/v1/namespaces/{namespace}/configmaps/cm"
    control_plane.patch(path, {"metadata": {"labels": {"foreign": "1"}}, "data": {"foreign": "1"}})
    refreshed = plugin.read(made)
    assert refreshed.inputs == made.inputs
    assert refreshed.outputs["data"]["foreign"] == "1"
    control_plane.patch(path, {"data": {"a": "2", "b": None}})
    refreshed = plugin.read(made)
    assert refreshed.inputs["data"] == {"a": "2"}
    assert changes(plugin.diff(refreshed, given))


def test_refresh_of_lists_with_items_of_others(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    given = deployment(namespace, args=["one", "two"], ports=[{"containerPort": 80}])
    made = plugin.create(DEPLOYMENT, "d", given)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/d"
    assert plugin.read(made).inputs == made.inputs
    sidecar: Properties = {"name": "sidecar", "image": "side:1"}
    body: Properties = {"spec": {"template": {"spec": {"containers": [sidecar]}}}}
    control_plane.request(
        "PATCH", f"{path}?fieldManager=injector", body, "application/strategic-merge-patch+json"
    )
    assert plugin.read(made).inputs == made.inputs
    changed: Properties = {"name": "c", "args": ["one"]}
    body = {"spec": {"template": {"spec": {"containers": [changed]}}}}
    control_plane.request(
        "PATCH", f"{path}?fieldManager=hand", body, "application/strategic-merge-patch+json"
    )
    refreshed = plugin.read(made).inputs["spec"]["template"]["spec"]["containers"]
    assert refreshed[0]["args"] == ["one"]
    assert len(refreshed) == 1


def test_a_conflict_names_the_other_manager_and_can_be_forced(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
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
    wanted["metadata"]["annotations"] = {**SKIP, "pulumi.com/patchForce": "true"}
    assert plugin.update(made, wanted).outputs["spec"]["replicas"] == 2


def test_gone_objects_have_an_empty_id(plugin: Plugin, namespace: str, control_plane: ControlPlane) -> None:
    made = plugin.create(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"}))
    control_plane.request("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/cm")
    assert plugin.read(made).identity == ""
    plugin.delete(made)


def test_import_by_id_alone(plugin: Plugin, namespace: str, control_plane: ControlPlane) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    control_plane.request(
        "POST", path, {"metadata": {"name": "cm", "labels": {"x": "y"}}, "data": {"a": "1"}}
    )
    request = provider_pb2.ReadRequest(
        id=f"{namespace}/cm", urn=f"urn:pulumi:stack::project::{CONFIG_MAP}::cm"
    )
    answer = plugin.stub.Read(request)
    assert answer.id == f"{namespace}/cm"
    assert answer.inputs["data"]["a"] == "1"
    assert set(answer.inputs["metadata"].keys()) == {"name", "namespace", "labels"}
    assert answer.properties["metadata"]["uid"]


def test_secret_data_stays_secret_in_every_answer(plugin: Plugin, namespace: str) -> None:
    given = {"metadata": {"name": "s", "namespace": namespace}, "stringData": {"a": "hidden"}}
    made = plugin.create(SECRET, "s", given)
    assert ("data",) in made.secrets
    assert ("data",) in plugin.read(made).secrets
    assert ("data",) in plugin.update(
        made, {**given, "metadata": {**given["metadata"], "labels": {}}}
    ).secrets


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
