"""Every call of the service, over a live channel."""

from __future__ import annotations

import threading
import time
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from hybrid_mesh.plugins.framework.values import UNKNOWN, Secret, decode, encode
from tests.plugins.framework.conftest import TOKEN, URN, Live

PASSWORD = "correct horse battery"


def create(live: Live, inputs: dict[str, Any], **more: Any) -> Any:
    request = provider_pb2.CreateRequest(urn=URN, type=TOKEN, name="thing", properties=encode(inputs), **more)
    return live.stub.Create(request)


def test_handshake_accepts_secrets(live: Live) -> None:
    assert live.stub.Handshake(provider_pb2.ProviderHandshakeRequest()).accept_secrets


def test_attach_answers(live: Live) -> None:
    assert live.stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1")) == empty_pb2.Empty()


def test_plugin_info_has_the_version(live: Live) -> None:
    assert live.stub.GetPluginInfo(empty_pb2.Empty()).version == "1.2.3"


def test_the_schema_has_the_name(live: Live) -> None:
    assert '"name": "test"' in live.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema


def test_configure_supports_previews(live: Live) -> None:
    answer = live.stub.Configure(provider_pb2.ConfigureRequest(args=encode({"a": "b"})))
    assert answer.supportsPreview
    assert answer.acceptSecrets


def test_check_fills_defaults_and_keeps_secrets(live: Live) -> None:
    news = encode({"password": Secret(PASSWORD)})
    answer = live.stub.Check(provider_pb2.CheckRequest(urn=URN, news=news))
    inputs = decode(answer.inputs)
    assert inputs.value == {"password": PASSWORD, "colour": "red"}
    assert inputs.secrets == {("password",)}


def test_check_lists_failures(live: Live) -> None:
    answer = live.stub.Check(provider_pb2.CheckRequest(urn=URN, news=encode({"size": "wrong"})))
    assert [(failure.property, failure.reason) for failure in answer.failures] == [
        ("size", "must be a number")
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"size": 1}, {"size": 1}, ("DIFF_NONE", [], {})),
        ({"noise": 1}, {"noise": 2}, ("DIFF_NONE", [], {})),
        ({"size": 1}, {"size": 2}, ("DIFF_SOME", [], {"size": "UPDATE"})),
        ({"name": "a"}, {"name": "b"}, ("DIFF_SOME", ["name"], {"name": "UPDATE_REPLACE"})),
        (
            {"tags": {"x": "1"}},
            {"tags": {"y.z": "1"}},
            ("DIFF_SOME", [], {"tags.x": "DELETE", 'tags["y.z"]': "ADD"}),
        ),
        ({"list": [1, 2]}, {"list": [1]}, ("DIFF_SOME", [], {"list[1]": "DELETE"})),
        ({"size": 1}, {"size": UNKNOWN}, ("DIFF_SOME", [], {"size": "UPDATE"})),
    ],
)
def test_diff(
    live: Live, old: dict[str, Any], new: dict[str, Any], expected: tuple[str, list[str], dict[str, str]]
) -> None:
    changes, replaces, kinds = expected
    request = provider_pb2.DiffRequest(
        id="thing-1", urn=URN, olds=encode(old), old_inputs=encode(old), news=encode(new)
    )
    answer = live.stub.Diff(request)
    assert answer.changes == provider_pb2.DiffResponse.DiffChanges.Value(changes)
    assert list(answer.replaces) == replaces
    assert answer.deleteBeforeReplace == bool(replaces)
    shown = {path: provider_pb2.PropertyDiff.Kind.Name(one.kind) for path, one in answer.detailedDiff.items()}
    assert shown == kinds


def test_diff_config_sees_a_change(live: Live) -> None:
    request = provider_pb2.DiffRequest(old_inputs=encode({"a": "1"}), news=encode({"a": "2"}))
    assert live.stub.DiffConfig(request).changes == provider_pb2.DiffResponse.DIFF_SOME


def test_preview_of_create_has_unknowns_and_makes_nothing(live: Live) -> None:
    answer = create(live, {"size": 1}, preview=True)
    assert answer.id == ""
    assert decode(answer.properties).value["key"] is UNKNOWN
    assert live.handler.made == {}


def test_create_read_update_delete(live: Live) -> None:
    created = create(live, {"size": 1, "password": Secret(PASSWORD)})
    outputs = decode(created.properties)
    assert outputs.secrets == {("key",), ("password",)}
    read = live.stub.Read(
        provider_pb2.ReadRequest(
            id=created.id, urn=URN, properties=created.properties, inputs=encode({"size": 1})
        )
    )
    assert decode(read.inputs).value["size"] == 1
    updated = live.stub.Update(
        provider_pb2.UpdateRequest(id=created.id, urn=URN, olds=created.properties, news=encode({"size": 2}))
    )
    assert decode(updated.properties).value["size"] == 2
    live.stub.Delete(provider_pb2.DeleteRequest(id=created.id, urn=URN, properties=updated.properties))
    assert live.stub.Read(provider_pb2.ReadRequest(id=created.id, urn=URN)).id == ""


def test_a_secret_inside_a_list_covers_the_list_in_the_outputs(live: Live) -> None:
    created = create(live, {"env": {"list": [{"name": "a", "value": Secret("hidden")}, {"name": "b"}]}})
    assert decode(created.properties).secrets == {("env", "list"), ("key",)}


def test_an_error_is_one_line_without_the_secret(live: Live) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        create(live, {"behaviour": "refuse", "password": Secret(PASSWORD)})
    assert caught.value.details() == "the password [secret] was refused"


def test_a_mistake_of_ours_is_one_line_without_the_secret(live: Live) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        create(live, {"behaviour": "break", "password": Secret(PASSWORD)})
    text = caught.value.details()
    assert PASSWORD not in text
    assert "KeyError" in text
    assert "\n" not in text


def test_initialization_failure_carries_the_state(live: Live) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        create(live, {"behaviour": "half", "password": Secret(PASSWORD)})
    detail = failed_detail(caught.value)
    assert detail.id == "thing-1"
    assert list(detail.reasons) == ["[secret] is not ready"]
    properties = decode(detail.properties)
    assert properties.secrets == {("key",), ("password",)}
    assert properties.value["password"] == PASSWORD


def test_a_read_repeats_the_failure_without_its_secret(live: Live) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        create(live, {"behaviour": "half", "password": Secret(PASSWORD)})
    made = failed_detail(caught.value)
    live.handler.made["thing-1"] = {"password": PASSWORD}
    for _ in range(2):
        request = provider_pb2.ReadRequest(id="thing-1", urn=URN, properties=made.properties)
        with pytest.raises(grpc.RpcError) as caught:
            live.stub.Read(request)
        made = failed_detail(caught.value)
        assert list(made.reasons) == ["[secret] is not ready"]
        assert decode(made.properties).secrets == {("key",), ("password",)}


def failed_detail(error: grpc.RpcError) -> Any:
    packed = dict(error.trailing_metadata())["grpc-status-details-bin"]
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(packed).details[0].Unpack(detail)
    return detail


def test_an_unknown_type_is_an_error(live: Live) -> None:
    with pytest.raises(grpc.RpcError, match="no resource type test:index:Other"):
        live.stub.Create(provider_pb2.CreateRequest(urn=URN, type="test:index:Other"))


def test_an_unknown_function_is_an_error(live: Live) -> None:
    with pytest.raises(grpc.RpcError, match="no function test:index:f"):
        live.stub.Invoke(provider_pb2.InvokeRequest(tok="test:index:f"))


def test_cancel_ends_a_wait_at_once(live: Live) -> None:
    timer = threading.Timer(0.2, lambda: live.stub.Cancel(empty_pb2.Empty()))
    timer.start()
    began = time.monotonic()
    with pytest.raises(grpc.RpcError) as caught:
        create(live, {"behaviour": "wait"})
    timer.join()
    assert caught.value.code() is grpc.StatusCode.CANCELLED
    assert time.monotonic() - began < 5


def test_a_wait_times_out_with_its_condition(live: Live) -> None:
    with pytest.raises(grpc.RpcError, match=r"timed out after 0\.1 s waiting until the sky falls"):
        create(live, {"behaviour": "wait"}, timeout=0.1)


def test_a_hundred_waits_do_not_hold_up_a_check(live: Live) -> None:
    request = provider_pb2.CreateRequest(
        urn=URN, type=TOKEN, properties=encode({"behaviour": "wait"}), timeout=30
    )
    waits = [live.stub.Create.future(request) for _ in range(100)]
    live.stub.Check(provider_pb2.CheckRequest(urn=URN, news=encode({})), timeout=10)
    live.servicer.cancel()
    assert {wait.exception().code() for wait in waits} == {grpc.StatusCode.CANCELLED}
