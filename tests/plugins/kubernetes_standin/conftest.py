"""The plug-in over a live channel, configured for the control plane."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from plugins.framework.server import start
from plugins.framework.servicer import ProviderServicer
from plugins.framework.values import Decoded, Properties, decode, encode
from plugins.kubernetes_standin.provider import KubernetesProvider
from tests.plugins.control_plane import ControlPlane

_numbers = itertools.count(1)


class FailedAwaitError(Exception):
    """The plug-in answered ErrorResourceInitFailed."""

    def __init__(self, detail: Any) -> None:
        super().__init__("; ".join(detail.reasons))
        self.identity: str = detail.id
        self.properties = decode(detail.properties).value


@dataclass
class Made:
    """A resource in the state: its id, checked inputs and outputs."""

    token: str
    name: str
    identity: str
    inputs: Properties
    outputs: Properties
    secrets: frozenset[Any] = field(default=frozenset())


@dataclass
class Plugin:
    """Calls the plug-in as the engine does. Inputs may hold `Secret`."""

    stub: Any
    servicer: ProviderServicer

    def configure(self, **inputs: Any) -> None:
        self.stub.Configure(provider_pb2.ConfigureRequest(args=encode(inputs)))

    def check(self, token: str, name: str, inputs: Properties, olds: Properties | None = None) -> Any:
        return self.stub.Check(
            provider_pb2.CheckRequest(
                urn=urn(token, name), olds=encode(olds or {}), news=encode(inputs), randomSeed=name.encode()
            )
        )

    def checked(self, token: str, name: str, inputs: Properties, olds: Properties | None = None) -> Decoded:
        answer = self.check(token, name, inputs, olds)
        assert not answer.failures, answer.failures
        return decode(answer.inputs)

    def preview(self, token: str, name: str, inputs: Properties) -> Properties:
        checked = self.checked(token, name, inputs)
        request = provider_pb2.CreateRequest(
            urn=urn(token, name), properties=encode(checked.value, checked.secrets), preview=True
        )
        return decode(self.stub.Create(request).properties).value

    def create(self, token: str, name: str, inputs: Properties, timeout: float = 0) -> Made:
        checked = self.checked(token, name, inputs)
        request = provider_pb2.CreateRequest(
            urn=urn(token, name), properties=encode(checked.value, checked.secrets), timeout=timeout
        )
        created = _call(self.stub.Create, request)
        outputs = decode(created.properties)
        return Made(token, name, created.id, checked.value, outputs.value, outputs.secrets)

    def diff(self, made: Made, inputs: Properties) -> Any:
        news = self.checked(made.token, made.name, inputs, made.inputs)
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id=made.identity,
                urn=urn(made.token, made.name),
                olds=encode(made.outputs),
                old_inputs=encode(made.inputs),
                news=encode(news.value, news.secrets),
            )
        )

    def update(self, made: Made, inputs: Properties, *, preview: bool = False, timeout: float = 0) -> Made:
        news = self.checked(made.token, made.name, inputs, made.inputs)
        request = provider_pb2.UpdateRequest(
            id=made.identity,
            urn=urn(made.token, made.name),
            olds=encode(made.outputs),
            old_inputs=encode(made.inputs),
            news=encode(news.value, news.secrets),
            preview=preview,
            timeout=timeout,
        )
        outputs = decode(_call(self.stub.Update, request).properties)
        return Made(made.token, made.name, made.identity, news.value, outputs.value, outputs.secrets)

    def read(self, made: Made) -> Made:
        request = provider_pb2.ReadRequest(
            id=made.identity,
            urn=urn(made.token, made.name),
            properties=encode(made.outputs, made.secrets),
            inputs=encode(made.inputs),
        )
        answer = self.stub.Read(request)
        outputs = decode(answer.properties)
        return Made(
            made.token, made.name, answer.id, decode(answer.inputs).value, outputs.value, outputs.secrets
        )

    def delete(self, made: Made, timeout: float = 0) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                id=made.identity,
                urn=urn(made.token, made.name),
                properties=encode(made.outputs),
                old_inputs=encode(made.inputs),
                timeout=timeout,
            )
        )


def urn(token: str, name: str) -> str:
    """The URN of a resource of the tests' stack."""
    return f"urn:pulumi:stack::project::{token}::{name}"


def _call(method: Callable[[Any], Any], request: Any) -> Any:
    try:
        return method(request)
    except grpc.RpcError as failure:
        packed = dict(failure.trailing_metadata() or ()).get("grpc-status-details-bin")
        detail = provider_pb2.ErrorResourceInitFailed()
        if packed and status_pb2.Status.FromString(packed).details[0].Unpack(detail):
            raise FailedAwaitError(detail) from None
        raise


PluginFactory = Callable[..., Plugin]


@pytest.fixture
def make_plugin() -> Iterator[PluginFactory]:
    """Makes configured plug-ins: `make_plugin(kubeconfig=..., enableSecretMutable=True)`."""
    ends: list[Callable[[], Any]] = []

    def make(**inputs: Any) -> Plugin:
        server, servicer, port = start(KubernetesProvider())
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        ends.extend([channel.close, lambda: server.stop(0).wait()])
        plugin = Plugin(provider_pb2_grpc.ResourceProviderStub(channel), servicer)
        plugin.configure(**inputs)
        return plugin

    yield make
    for end in ends:
        end()


@pytest.fixture
def plugin(make_plugin: PluginFactory, control_plane: ControlPlane) -> Plugin:
    """The plug-in with its default settings."""
    return make_plugin(kubeconfig=control_plane.kubeconfig)


@pytest.fixture
def namespace(control_plane: ControlPlane) -> str:
    """A namespace of the test's own."""
    name = f"test-{next(_numbers)}"
    control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    return name
