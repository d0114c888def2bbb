"""Check: names, Secrets, and what a program may not say."""

from __future__ import annotations

import base64

from plugins.framework.values import UNKNOWN, Secret, decode
from tests.plugins.control_plane import ControlPlane
from tests.plugins.kubernetes_standin.conftest import Plugin, PluginFactory
from tests.plugins.kubernetes_standin.objects import CONFIG_MAP, DEPLOYMENT, SECRET, unreachable


def test_a_name_is_made_and_kept(plugin: Plugin) -> None:
    first = plugin.checked(CONFIG_MAP, "settings", {"data": {"a": "1"}}).value
    name = first["metadata"]["name"]
    assert name.startswith("settings-")
    assert len(name) == len("settings-") + 7
    second = plugin.checked(CONFIG_MAP, "settings", {"data": {"a": "2"}}, first).value
    assert second["metadata"]["name"] == name


def test_a_name_is_generated_from_a_prefix(plugin: Plugin) -> None:
    given = {"metadata": {"generateName": "prefix."}}
    checked = plugin.checked("kubernetes:batch/v1:CronJob", "c", {**given, "spec": UNKNOWN}).value
    assert checked["metadata"]["name"].startswith("prefix.")


def test_a_name_that_is_not_known_yet_stays_unknown(plugin: Plugin) -> None:
    checked = plugin.checked(CONFIG_MAP, "c", {"metadata": {"name": UNKNOWN}}).value
    assert checked["metadata"] == {"name": UNKNOWN}


def test_a_given_name_stays(plugin: Plugin) -> None:
    checked = plugin.checked(CONFIG_MAP, "settings", {"metadata": {"name": "mine"}}).value
    assert checked["metadata"] == {"name": "mine"}


def test_string_data_becomes_secret_data(plugin: Plugin) -> None:
    given = {"metadata": {"name": "s"}, "stringData": {"password": "hidden"}, "data": {"other": "eA=="}}
    checked = plugin.checked(SECRET, "s", given)
    assert "stringData" not in checked.value
    assert checked.value["data"] == {
        "password": base64.b64encode(b"hidden").decode(),
        "other": "eA==",
    }
    assert ("data",) in checked.secrets


def test_string_data_that_is_not_known_yet_stays_unknown(plugin: Plugin) -> None:
    given = {"metadata": {"name": "s"}, "stringData": {"password": UNKNOWN, "user": "u"}}
    assert plugin.checked(SECRET, "s", given).value["data"] == {"password": UNKNOWN, "user": "dQ=="}
    given = {"metadata": {"name": "s"}, "stringData": UNKNOWN}
    assert plugin.checked(SECRET, "s", given).value["data"] is UNKNOWN


def test_nulls_are_dropped(plugin: Plugin) -> None:
    checked = plugin.checked(CONFIG_MAP, "c", {"metadata": {"name": "c", "labels": None}, "data": {"a": "1"}})
    assert checked.value["metadata"] == {"name": "c"}


def test_a_misspelt_field_is_refused_with_a_suggestion(plugin: Plugin) -> None:
    inputs = {
        "metadata": {"name": "d"},
        "spec": {
            "replica": 1,
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"spec": {"containers": [{"name": "c", "imagee": "x"}]}},
        },
    }
    failures = {
        failure.property: failure.reason for failure in plugin.check(DEPLOYMENT, "d", inputs).failures
    }
    assert failures == {
        "spec.replica": 'unknown field; did you mean "replicas"?',
        "spec.template.spec.containers[0].imagee": 'unknown field; did you mean "image"?',
    }


def test_a_wrong_type_and_a_missing_field_are_refused(plugin: Plugin) -> None:
    inputs = {"metadata": {"name": "d"}, "spec": {"replicas": "two", "template": {"spec": {}}}}
    failures = {
        failure.property: failure.reason for failure in plugin.check(DEPLOYMENT, "d", inputs).failures
    }
    assert failures["spec.replicas"] == "must be an integer, not str"
    assert failures["spec.selector"] == "required field is missing"


def test_what_is_not_known_yet_is_not_validated(plugin: Plugin) -> None:
    inputs = {
        "metadata": {"name": "d"},
        "spec": {"replicas": UNKNOWN, "selector": UNKNOWN, "template": {"spec": UNKNOWN}},
    }
    assert not plugin.check(DEPLOYMENT, "d", inputs).failures


def test_amounts_and_ports_may_be_numbers_or_texts(plugin: Plugin) -> None:
    ports = [{"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 8081, "name": "x"}]
    assert not plugin.check(
        "kubernetes:core/v1:Service", "s", {"metadata": {"name": "s"}, "spec": {"ports": ports}}
    ).failures
    limits = {"spec": {"limits": [{"type": "Pod", "max": {"cpu": 1, "memory": "1Gi"}}]}}
    assert not plugin.check(
        "kubernetes:core/v1:LimitRange", "l", {"metadata": {"name": "l"}, **limits}
    ).failures


def test_nothing_is_validated_while_the_server_is_away(make_plugin: PluginFactory) -> None:
    plugin = make_plugin(kubeconfig=unreachable())
    assert not plugin.check(DEPLOYMENT, "d", {"spec": {"replica": 1}}).failures


def test_a_kind_that_the_server_does_not_know_yet_passes(plugin: Plugin) -> None:
    given = {"apiVersion": "never.example.com/v1", "kind": "Never", "spec": {"any": 1}}
    assert plugin.checked("kubernetes:never.example.com/v1:Never", "n", given).value["spec"] == {"any": 1}


def test_a_secret_kubeconfig_never_shows(plugin: Plugin, control_plane: ControlPlane) -> None:
    from pulumi.runtime.proto import provider_pb2  # noqa: PLC0415

    from plugins.framework.values import encode  # noqa: PLC0415

    news = encode({"kubeconfig": control_plane.kubeconfig})
    answer = plugin.stub.CheckConfig(provider_pb2.CheckRequest(news=news))
    assert ("kubeconfig",) in decode(answer.inputs).secrets
    broken = encode({"kubeconfig": Secret("clusters: [{token: verysecret\nx")})
    answer = plugin.stub.CheckConfig(provider_pb2.CheckRequest(news=broken))
    assert [failure.property for failure in answer.failures] == ["kubeconfig"]
    assert "verysecret" not in str(answer.failures)
