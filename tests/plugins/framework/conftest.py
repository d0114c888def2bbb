"""A provider with one resource type, served over a live channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2_grpc

from plugins.framework.calls import CallContext
from plugins.framework.errors import CheckFailure, InitializationFailedError, ResourceError
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.provider import Provider
from plugins.framework.server import start
from plugins.framework.servicer import ProviderServicer
from plugins.framework.values import UNKNOWN, Properties

TOKEN = "test:index:Thing"
URN = f"urn:pulumi:stack::project::test:index:Parent${TOKEN}::thing"


class ThingHandler(ResourceHandler):
    """Remembers what it made; the input `behaviour` says how it misbehaves."""

    secret_outputs = frozenset({"key"})

    def __init__(self) -> None:
        self.made: dict[str, Properties] = {}

    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        if news.get("size") == "wrong":
            return Checked(news, [CheckFailure("size", "must be a number")])
        return Checked({"colour": "red", **news})

    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        return Diff.of_inputs(
            old_inputs, news, replace_on={"name"}, ignore={"noise"}, delete_before_replace=True
        )

    def create(self, inputs: Properties, *, preview: bool, timeout: float, context: CallContext) -> Created:
        if preview:
            return Created("", {**inputs, "key": UNKNOWN})
        behaviour = inputs.get("behaviour")
        if behaviour == "refuse":
            raise ResourceError(f"the password {inputs['password']} was refused")
        if behaviour == "break":
            raise KeyError(inputs["password"])
        if behaviour == "half":
            raise InitializationFailedError(
                "thing-1", {**inputs, "key": "k"}, [f"{inputs['password']} is not ready"]
            )
        if behaviour == "wait":
            context.wait_for(lambda: None, what="the sky falls", timeout=timeout or 60)
        self.made["thing-1"] = inputs
        return Created("thing-1", {**inputs, "key": "k"})

    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        if identity not in self.made:
            return None
        return ReadState(identity, self.made[identity], {**self.made[identity], "key": "k"})

    def update(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        *,
        preview: bool,
        timeout: float,
        context: CallContext,
    ) -> Properties:
        if not preview:
            self.made[identity] = news
        return {**news, "key": "k"}

    def delete(
        self, identity: str, outputs: Properties, inputs: Properties, *, timeout: float, context: CallContext
    ) -> None:
        self.made.pop(identity, None)


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
