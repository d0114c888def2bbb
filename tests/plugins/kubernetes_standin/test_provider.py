"""The provider's own inputs: when a change replaces, and what happens while a cluster is away."""

from __future__ import annotations

import json
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from plugins.framework.values import UNKNOWN, Properties, decode, encode
from plugins.kubernetes_standin.settings import Settings
from tests.plugins.control_plane import ControlPlane
from tests.plugins.kubernetes_standin.conftest import Made, Plugin, PluginFactory
from tests.plugins.kubernetes_standin.objects import CONFIG_MAP, config_map, unreachable


def kubeconfig(server: str, cluster: str = "c", token: str = "t") -> str:
    return json.dumps(
        {
            "clusters": [{"name": cluster, "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": "x", "context": {"cluster": cluster, "user": "u"}}],
            "current-context": "x",
        }
    )


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [
        # With an identifier on both sides, it alone decides.
        (
            {"kubeconfig": kubeconfig("https://a"), "clusterIdentifier": "1"},
            {"kubeconfig": kubeconfig("https://b"), "clusterIdentifier": "1"},
            [],
        ),
        (
            {"kubeconfig": kubeconfig("https://a"), "clusterIdentifier": "1"},
            {"kubeconfig": kubeconfig("https://a"), "clusterIdentifier": "2"},
            ["clusterIdentifier"],
        ),
        (
            {"kubeconfig": kubeconfig("https://a"), "clusterIdentifier": "1"},
            {"kubeconfig": UNKNOWN, "clusterIdentifier": "1"},
            [],
        ),
        (
            {"kubeconfig": kubeconfig("https://a"), "clusterIdentifier": "1"},
            {"kubeconfig": UNKNOWN, "clusterIdentifier": UNKNOWN},
            ["clusterIdentifier"],
        ),
        # Without one, the server that the kubeconfig names decides; a renewed token does not.
        ({"kubeconfig": kubeconfig("https://a")}, {"kubeconfig": kubeconfig("https://b")}, ["kubeconfig"]),
        ({"kubeconfig": kubeconfig("https://a")}, {"kubeconfig": kubeconfig("https://a", token="n")}, []),
        ({"kubeconfig": kubeconfig("https://a")}, {"kubeconfig": UNKNOWN}, []),
        (
            {"kubeconfig": kubeconfig("https://a")},
            {"kubeconfig": kubeconfig("https://a"), "deleteUnreachable": "true"},
            [],
        ),
    ],
)
def test_what_replaces_a_provider(
    plugin: Plugin, old: Properties, new: Properties, replaces: list[str]
) -> None:
    answer = plugin.stub.DiffConfig(provider_pb2.DiffRequest(old_inputs=encode(old), news=encode(new)))
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(answer.replaces) == replaces


def test_an_unknown_kubeconfig_passes_the_check(plugin: Plugin) -> None:
    answer = plugin.stub.CheckConfig(provider_pb2.CheckRequest(news=encode({"kubeconfig": UNKNOWN})))
    assert not answer.failures
    assert decode(answer.inputs).value["kubeconfig"] is UNKNOWN


def test_the_version_is_that_of_the_sdk(plugin: Plugin) -> None:
    from importlib.metadata import version  # noqa: PLC0415

    assert plugin.stub.GetPluginInfo(empty_pb2.Empty()).version == version("pulumi-kubernetes")


def test_settings_are_read_from_texts_and_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
    settings = Settings.of(
        {
            "skipUpdateUnreachable": True,
            "upsertExistingObjects": "true",
            "enablePatchForce": "true",
            "helmReleaseSettings": '{"driver": "x"}',
        }
    )
    assert settings.delete_unreachable
    assert settings.skip_update_unreachable
    assert settings.upsert_existing_objects
    assert settings.patch_force
    assert settings.helm == {"driver": "x"}
    assert not Settings.of({"deleteUnreachable": "false"}).delete_unreachable
    assert "token" not in repr(Settings.of({"kubeconfig": kubeconfig("https://a", token="token")}))


def gone_config_map() -> Made:
    given = {"apiVersion": "v1", "kind": "ConfigMap", **config_map("n", {"a": "1"})}
    return Made(CONFIG_MAP, "cm", "n/cm", given, {**given, "__fieldManager": "m"})


@pytest.mark.parametrize("call", ["read", "delete", "update", "create"])
def test_a_cluster_that_is_away_is_named(make_plugin: PluginFactory, call: str) -> None:
    plugin = make_plugin(kubeconfig=unreachable())
    made = gone_config_map()
    calls: dict[str, Any] = {
        "read": lambda: plugin.read(made),
        "delete": lambda: plugin.delete(made),
        "update": lambda: plugin.update(made, config_map("n", {"a": "2"})),
        "create": lambda: plugin.create(CONFIG_MAP, "cm", config_map("n", {"a": "2"})),
    }
    with pytest.raises(grpc.RpcError, match=r"unreachable.*127\.0\.0\.1:1"):
        calls[call]()


def test_delete_unreachable_drops_what_is_gone_with_its_cluster(make_plugin: PluginFactory) -> None:
    plugin = make_plugin(kubeconfig=unreachable(), deleteUnreachable="true")
    assert plugin.read(gone_config_map()).identity == ""
    plugin.delete(gone_config_map())


def test_skip_update_unreachable_takes_all_as_it_was(make_plugin: PluginFactory) -> None:
    plugin = make_plugin(kubeconfig=unreachable(), skipUpdateUnreachable="true")
    made = gone_config_map()
    read = plugin.read(made)
    assert (read.identity, read.inputs, read.outputs) == (made.identity, made.inputs, made.outputs)
    assert plugin.update(made, config_map("n", {"a": "1"}, labels={"x": "y"})).outputs == made.outputs
    with pytest.raises(grpc.RpcError, match="unreachable"):
        plugin.delete(made)


def test_a_kubeconfig_may_be_a_path(
    make_plugin: PluginFactory, control_plane: ControlPlane, namespace: str
) -> None:
    plugin = make_plugin(kubeconfig=str(control_plane.folder / "kubeconfig"), context="test")
    assert plugin.create(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"})).identity


def test_an_exec_plug_in_logs_in(
    make_plugin: PluginFactory, control_plane: ControlPlane, namespace: str
) -> None:
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    control_plane.request("POST", account, {"metadata": {"name": "admin"}})
    binding = {
        "metadata": {"name": f"admin-{namespace}"},
        "subjects": [{"kind": "ServiceAccount", "name": "admin", "namespace": namespace}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    }
    control_plane.request("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    token = control_plane.request("POST", f"{account}/admin/token", {"spec": {"audiences": []}})["status"][
        "token"
    ]
    plugin = make_plugin(kubeconfig=json.dumps(exec_kubeconfig(control_plane, f"echo '{credential(token)}'")))
    assert plugin.create(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"})).identity


def test_an_exec_plug_in_that_fails_is_named(
    make_plugin: PluginFactory, control_plane: ControlPlane, namespace: str
) -> None:
    plugin = make_plugin(kubeconfig=json.dumps(exec_kubeconfig(control_plane, "echo no rights >&2; exit 1")))
    with pytest.raises(grpc.RpcError, match=r"login failed: exec: process returned 1\. no rights"):
        plugin.create(CONFIG_MAP, "cm", config_map(namespace, {"a": "1"}))


def credential(token: str) -> str:
    return json.dumps(
        {
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "status": {"token": token},
        }
    )


def exec_kubeconfig(plane: ControlPlane, script: str) -> Properties:
    content: Properties = json.loads(plane.kubeconfig)
    content["users"][0]["user"] = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "sh",
            "args": ["-c", script],
            "interactiveMode": "Never",
        }
    }
    return content
