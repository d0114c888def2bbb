"""Refresh and import of objects."""

from __future__ import annotations

from pulumi.runtime.proto import provider_pb2

from plugins.framework.values import Properties
from tests.plugins.control_plane import ControlPlane
from tests.plugins.kubernetes_standin.conftest import Plugin
from tests.plugins.kubernetes_standin.objects import (
    CONFIG_MAP,
    DEPLOYMENT,
    SECRET,
    changes,
    config_map,
    deployment,
)


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
