"""Pulumi's own kubernetes plug-in, but for the one release that needs the real Amazon: its load balancer
controller, whose work the lab does automatically. Every other call is passed on as it came.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import provider_pb2

from hybrid_mesh.plugins.framework.server import start_on_loopback, wait_for_end
from tests.plugins.official import official_plugin

CONTROLLER: Final = "aws-load-balancer-controller"
_RELEASE: Final = "hybridmesh:index:LoadBalancerController$kubernetes:helm.sh/v3:Release::"


def _check(request: Any) -> Any:
    return provider_pb2.CheckResponse(inputs=request.news)


def _diff(request: Any) -> Any:
    same = request.old_inputs == request.news
    kinds = provider_pb2.DiffResponse
    return kinds(changes=kinds.DIFF_NONE if same else kinds.DIFF_SOME)


def _create(request: Any) -> Any:
    if request.preview:
        return provider_pb2.CreateResponse(properties=request.properties)
    identity = f"{request.properties['namespace']}/{CONTROLLER}"
    return provider_pb2.CreateResponse(id=identity, properties=_with_status(request.properties))


def _update(request: Any) -> Any:
    return provider_pb2.UpdateResponse(properties=_with_status(request.news))


def _read(request: Any) -> Any:
    return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)


def _delete(_request: Any) -> Any:
    return empty_pb2.Empty()


_OWN: Final[dict[str, tuple[Any, Callable[[Any], Any]]]] = {
    "Check": (provider_pb2.CheckRequest, _check),
    "Diff": (provider_pb2.DiffRequest, _diff),
    "Create": (provider_pb2.CreateRequest, _create),
    "Update": (provider_pb2.UpdateRequest, _update),
    "Read": (provider_pb2.ReadRequest, _read),
    "Delete": (provider_pb2.DeleteRequest, _delete),
}
"""How a release of the controller is answered, by method: it is only said to be there."""


def _with_status(inputs: struct_pb2.Struct) -> struct_pb2.Struct:
    outputs = struct_pb2.Struct()
    outputs.CopyFrom(inputs)
    outputs.update({"status": {"name": CONTROLLER, "namespace": outputs["namespace"], "status": "deployed"}})
    return outputs


class PassingOn(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers for the controller's release, and passes the bytes of all other calls on."""

    def __init__(self, official: grpc.Channel) -> None:
        self._official = official

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        path = handler_call_details.method
        pass_on = self._official.unary_unary(path)
        own = _OWN.get(path.rpartition("/")[2])

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            if own is not None:
                kind, answered = own
                message = kind.FromString(request)
                if _RELEASE in message.urn:
                    return bytes(answered(message).SerializeToString())
            try:
                return bytes(pass_on(request))
            except grpc.RpcError as failure:
                context.set_trailing_metadata(failure.trailing_metadata())
                context.abort(failure.code(), failure.details())
                raise

        return grpc.unary_unary_rpc_method_handler(answer)


def main() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with official_plugin(Path.cwd(), sys.argv[1:]) as official:
        server, port = start_on_loopback(lambda made: made.add_generic_rpc_handlers((PassingOn(official),)))
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        wait_for_end(stop, watch_parent=True)
        server.stop(grace=1).wait()


if __name__ == "__main__":
    main()
