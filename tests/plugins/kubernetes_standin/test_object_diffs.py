"""What of an object is a difference, and what needs a new one."""

from __future__ import annotations

import base64

import pytest

from tests.plugins.control_plane import ControlPlane
from tests.plugins.kubernetes_standin.conftest import Plugin, PluginFactory
from tests.plugins.kubernetes_standin.objects import (
    CONFIG_MAP,
    DEPLOYMENT,
    SECRET,
    changes,
    config_map,
    deployment,
)


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


def test_amounts_are_compared_by_value(plugin: Plugin, namespace: str) -> None:
    made = plugin.create(DEPLOYMENT, "d", deployment(namespace, resources={"limits": {"cpu": "1000m"}}))
    assert not changes(plugin.diff(made, deployment(namespace, resources={"limits": {"cpu": 1}})))
    assert changes(plugin.diff(made, deployment(namespace, resources={"limits": {"cpu": 2}})))
    refreshed = plugin.read(made)
    assert refreshed.inputs["spec"]["template"]["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "1000m"}
    }
