"""Speaks to the plug-in as the engine does: over a channel, in property structs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from hybrid_mesh.plugins.framework.server import start
from hybrid_mesh.plugins.framework.values import Decoded, Properties, decode, encode
from hybrid_mesh.plugins.hybridmesh.main import provider


class FailedCallError(Exception):
    """The plug-in refused; what it says besides is of ErrorResourceInitFailed, if it was one."""

    def __init__(self, error: grpc.RpcError) -> None:
        super().__init__(error.details())
        self.code = error.code()
        self.reasons: list[str] = []
        self.identity = ""
        self.inputs: Properties = {}
        self.outputs: Properties = {}
        for key, value in error.trailing_metadata():
            if key == "grpc-status-details-bin":
                status = status_pb2.Status.FromString(value)
                detail = provider_pb2.ErrorResourceInitFailed()
                status.details[0].Unpack(detail)
                self.reasons, self.identity = list(detail.reasons), detail.id
                self.inputs, self.outputs = decode(detail.inputs).value, decode(detail.properties).value


@dataclass
class Driver:
    """One resource type of a live plug-in."""

    stub: Any
    type: str
    stack: str = "test"

    @property
    def urn(self) -> str:
        return f"urn:pulumi:{self.stack}::hybrid-mesh::{self.type}::thing"

    def check(self, news: Properties, olds: Properties | None = None) -> tuple[Properties, dict[str, str]]:
        request = provider_pb2.CheckRequest(
            urn=self.urn, type=self.type, olds=encode(olds or {}), news=encode(news)
        )
        answer = self._call(self.stub.Check, request)
        return decode(answer.inputs).value, {each.property: each.reason for each in answer.failures}

    def diff(self, identity: str, outputs: Properties, old: Properties, new: Properties) -> Any:
        request = provider_pb2.DiffRequest(
            id=identity,
            urn=self.urn,
            type=self.type,
            olds=encode(outputs),
            old_inputs=encode(old),
            news=encode(new),
        )
        return self._call(self.stub.Diff, request)

    def create(self, inputs: Properties, *, preview: bool = False, timeout: float = 0) -> tuple[str, Decoded]:
        request = provider_pb2.CreateRequest(
            urn=self.urn, type=self.type, properties=encode(inputs), preview=preview, timeout=timeout
        )
        answer = self._call(self.stub.Create, request)
        return answer.id, decode(answer.properties)

    def read(self, identity: str, inputs: Properties, outputs: Properties) -> tuple[str, Decoded]:
        request = provider_pb2.ReadRequest(
            id=identity, urn=self.urn, type=self.type, inputs=encode(inputs), properties=encode(outputs)
        )
        answer = self._call(self.stub.Read, request)
        return answer.id, decode(answer.properties)

    def update(
        self,
        identity: str,
        outputs: Properties,
        old: Properties,
        new: Properties,
        *,
        preview: bool = False,
        timeout: float = 0,
    ) -> Decoded:
        request = provider_pb2.UpdateRequest(
            id=identity,
            urn=self.urn,
            type=self.type,
            olds=encode(outputs),
            old_inputs=encode(old),
            news=encode(new),
            preview=preview,
            timeout=timeout,
        )
        return decode(self._call(self.stub.Update, request).properties)

    def delete(self, identity: str, outputs: Properties, inputs: Properties) -> None:
        request = provider_pb2.DeleteRequest(
            id=identity,
            urn=self.urn,
            type=self.type,
            properties=encode(outputs),
            old_inputs=encode(inputs),
        )
        self._call(self.stub.Delete, request)

    @contextmanager
    def cancelled_after(self, seconds: float) -> Iterator[None]:
        """Sends the engine's Cancel while the body waits."""
        timer = threading.Timer(seconds, lambda: self.stub.Cancel(empty_pb2.Empty()))
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    @staticmethod
    def _call(method: Any, request: Any) -> Any:
        try:
            return method(request, timeout=30)
        except grpc.RpcError as error:
            raise FailedCallError(error) from None


@contextmanager
def live_plugin() -> Iterator[Any]:
    """A stub to the plug-in's service in this process."""
    server, servicer, port = start(provider())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    servicer.cancel()
    server.stop(grace=0).wait()


def registration_inputs(kubeconfig: str, /, **more: Any) -> Properties:
    """Those of a MachineRegistration that waits for one healthy machine."""
    return {
        "clusterName": "east",
        "kubeconfig": kubeconfig,
        "group": "legacy",
        "namespace": "demo",
        "minimum": 1,
        "probe": True,
        "triggers": {},
        "template": "",
        "patienceSeconds": 0,
        "inspection": "",
        "machineAddresses": {},
        "rollout": {},
        "quarantined": False,
        **more,
    }
