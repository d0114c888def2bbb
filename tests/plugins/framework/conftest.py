"""A provider with one resource type, served over a live channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2_grpc

from hybrid_mesh.plugins.framework.errors import CheckFailure, InitializationFailedError, ResourceError
from hybrid_mesh.plugins.framework.handler import (
    CheckCall,
    Checked,
    CreateCall,
    Created,
    DeleteCall,
    Diff,
    DiffCall,
    ReadCall,
    ReadState,
    ResourceHandler,
    UpdateCall,
)
from hybrid_mesh.plugins.framework.provider import Provider
from hybrid_mesh.plugins.framework.server import start
from hybrid_mesh.plugins.framework.servicer import ProviderServicer
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties

TOKEN = "test:index:Thing"
URN = f"urn:pulumi:stack::project::test:index:Parent${TOKEN}::thing"


class ThingHandler(ResourceHandler):
    """Remembers what it made; the input `behaviour` says how it misbehaves."""

    secret_outputs = frozenset({"key"})

    def __init__(self) -> None:
        self.made: dict[str, Properties] = {}

    def check(self, call: CheckCall) -> Checked:
        if call.news.get("size") == "wrong":
            return Checked(call.news, [CheckFailure("size", "must be a number")])
        return Checked({"colour": "red", **call.news})

    def diff(self, call: DiffCall) -> Diff:
        found = Diff.of_inputs(call.old_inputs, call.news, replace_on={"name"}, ignore={"noise"})
        return replace(found, delete_before_replace=bool(found.replaces))

    def create(self, call: CreateCall) -> Created:
        if call.preview:
            return Created("", {**call.inputs, "key": UNKNOWN})
        behaviour = call.inputs.get("behaviour")
        if behaviour == "refuse":
            raise ResourceError(f"the password {call.inputs['password']} was refused")
        if behaviour == "break":
            raise KeyError(call.inputs["password"])
        if behaviour == "half":
            raise InitializationFailedError(
                "thing-1", {**call.inputs, "key": "k"}, [f"{call.inputs['password']} is not ready"]
            )
        if behaviour == "wait":
            call.context.wait_for(lambda: None, condition="the sky falls", timeout=call.timeout or 60)
        self.made["thing-1"] = call.inputs
        return Created("thing-1", {**call.inputs, "key": "k"})

    def read(self, call: ReadCall) -> ReadState | None:
        if call.identity not in self.made:
            return None
        return ReadState(call.identity, self.made[call.identity], {**self.made[call.identity], "key": "k"})

    def update(self, call: UpdateCall) -> Properties:
        if not call.preview:
            self.made[call.identity] = call.news
        return {**call.news, "key": "k"}

    def delete(self, call: DeleteCall) -> None:
        self.made.pop(call.identity, None)


@dataclass
class Live:
    """A running provider and a stub to it."""

    stub: Any
    handler: ThingHandler
    servicer: ProviderServicer
    address: str = field(default="")


@pytest.fixture
def live() -> Iterator[Live]:
    handler = ThingHandler()
    server, servicer, port = start(Provider("test", "1.2.3", {TOKEN: handler}))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Live(provider_pb2_grpc.ResourceProviderStub(channel), handler, servicer, f"127.0.0.1:{port}")
    server.stop(grace=0).wait()
