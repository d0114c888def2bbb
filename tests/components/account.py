"""An account on AWS under the mocks: what a program declares there is created, changed and deleted by the
double of Amazon's plug-in, as the engine would have it done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

import pulumi

from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.handler import CheckCall, CreateCall, DeleteCall, DiffCall, UpdateCall
from hybrid_mesh.plugins.hybridmesh.authority import make_request
from tests.components.conftest import Declared, declare_mesh
from tests.components.recording import Recording, plain
from tests.engine.console import context
from tests.engine.doubles.amazon import Amazon
from tests.engine.doubles.together import MemoryWorld


@dataclass
class Existing:
    """A resource of the account, as the state has it."""

    amazon: Amazon
    token: str
    name: str
    identity: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class AmazonAccount:
    """Several runs of a program in one account."""

    def __init__(self, folder: Path) -> None:
        self.world = MemoryWorld(folder)
        endpoints = [{"server": f"https://127.0.0.1:{port}", "authority": "PEM"} for port in range(1, 9)]
        self.world.offer({"aws": endpoints})
        self.amazon = Amazon(self.world)
        self.state: dict[tuple[str, str], Existing] = {}

    def up(self, mesh: Mapping[str, Any], stack: str = "prod") -> Declared:
        """Declares the mesh; what the state has and the program does not is deleted. Raises ResourceError for
        what AWS refuses."""
        run = _Run(self)
        try:
            declared = declare_mesh(mesh, stack=stack, recording=run)
        finally:
            if run.refusal is not None:
                raise run.refusal
        self.delete([each for key, each in self.state.items() if key not in run.seen] + run.replaced)
        return declared

    def destroy(self) -> None:
        self.delete(list(self.state.values()))

    def delete(self, things: list[Existing]) -> None:
        """In the reverse order of their creation."""
        for each in reversed(things):
            call = DeleteCall(each.identity, each.outputs, each.inputs, 0, context(each.name))
            each.amazon.handler(each.token).delete(call)
            self.state = {key: kept for key, kept in self.state.items() if kept is not each}

    def of_type(self, token: str) -> list[Existing]:
        return [each for each in self.state.values() if each.token == token]


class _Run(Recording):
    def __init__(self, account: AmazonAccount) -> None:
        super().__init__()
        self._account = account
        self._providers: dict[str, Amazon] = {}
        self.seen: set[tuple[str, str]] = set()
        self.replaced: list[Existing] = []
        self.refusal: ResourceError | None = None
        """The first one. What is declared after it gets the mocks' usual outputs."""
        self._one_at_a_time = RLock()

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """The mocks call this in several threads."""
        with self._one_at_a_time:
            return self._new_resource(args)

    def _new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ == "pulumi:providers:aws":
            amazon = Amazon(self._account.world)
            amazon.configure({name: plain(value) for name, value in args.inputs.items()}, context(args.name))
            self._providers[args.name] = amazon
        if not args.typ.startswith("aws:"):
            return super().new_resource(args)
        usual = super().new_resource(args)
        self.seen.add((args.typ, args.name))
        if self.refusal is not None:
            return usual
        try:
            made = self._made(self._provider(args.provider), args.typ, args.name, self.declared[-1].inputs)
        except ResourceError as failure:
            self.refusal = failure
            return usual
        self._account.state[args.typ, args.name] = made
        return made.identity, {**made.inputs, **made.outputs}

    @staticmethod
    def _outputs(token: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """As usual, but for requests of certificates, which the authorities of AWS really sign."""
        if token != "hybridmesh:index:CertificateRequest":
            return Recording._outputs(token, inputs)
        request, key = make_request("mesh.example.com", inputs["cluster"])
        return {"requestPem": request, "keyPem": key}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        if not args.token.startswith("aws:") or self.refusal is not None:
            return super().call(args)
        with self._one_at_a_time:
            amazon = self._provider(args.provider)
            return amazon.invoke(args.token, dict(args.args), context("invoke")), []

    def _provider(self, reference: str | None) -> Amazon:
        """A reference is the provider's URN and its id."""
        assert reference, "the default provider is off"
        return self._providers[reference.split("::")[-2]]

    def _made(self, amazon: Amazon, token: str, name: str, given: dict[str, Any]) -> Existing:
        handler, old = amazon.handler(token), self._account.state.get((token, name))
        wanted = _whole(self._with_ignored(token, name, given, old))
        checked = handler.check(CheckCall(old.inputs if old else {}, wanted, context(name)))
        assert checked.failures == []
        inputs = checked.inputs
        if old is not None:
            found = handler.diff(DiffCall(old.identity, old.outputs, old.inputs, inputs, context(name)))
            if not found.changes:
                return old
            if not found.replaces:
                call = UpdateCall(old.identity, old.outputs, old.inputs, inputs, False, 0, context(name))
                return Existing(amazon, token, name, old.identity, inputs, handler.update(call))
            self.replaced.append(old)
        fresh = f"{name}-{len(self.replaced)}".encode()
        made = handler.create(CreateCall(inputs, False, 0, context(name, fresh)))
        return Existing(amazon, token, name, made.identity, inputs, made.outputs)

    def _with_ignored(
        self, token: str, name: str, given: dict[str, Any], old: Existing | None
    ) -> dict[str, Any]:
        """With the old inputs in the place of those whose changes are ignored, as the engine sends them
        (`processIgnoreChanges` of pulumi)."""
        options = self.options.get((token, name))
        ignored = (options.ignore_changes or []) if options else []
        for path in ignored if old else []:
            given = _replaced(given, old.inputs, path.split("."))  # type: ignore[union-attr]
        return given


def _whole(value: Any) -> Any:
    """With whole numbers as such: under mocks all numbers arrive as floats."""
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _replaced(news: dict[str, Any], olds: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    key, *rest = path
    if key not in olds:
        return news
    return {**news, key: _replaced(news[key], olds[key], rest) if rest else olds[key]}
