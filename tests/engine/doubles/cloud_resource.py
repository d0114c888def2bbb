"""One resource type of a cloud: checked, named, compared, created, changed and deleted as a cloud does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.differences import Difference, compare, property_path
from hybrid_mesh.plugins.framework.errors import CheckFailure, ResourceError
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
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties, contains_unknown
from tests.engine.doubles.rules import EVERYTHING, IMMUTABLE, Facts, Rule
from tests.engine.doubles.schema import Field, resource_type
from tests.engine.doubles.store import Call, Thing, texts
from tests.engine.doubles.vms import stop, vms

if TYPE_CHECKING:
    from tests.engine.doubles.cloud import Cloud

DEFAULTS: Final = "__defaults"
"""Where a bridged provider notes which inputs it filled in itself."""


class CloudHandler(ResourceHandler):
    """One resource type."""

    def __init__(self, cloud: Cloud, token: str, rule: Rule) -> None:
        self._cloud, self._token, self._rule = cloud, token, rule
        self._type = resource_type(token)

    def check(self, call: CheckCall) -> Checked:
        given = {name: value for name, value in call.news.items() if name != DEFAULTS}
        inputs = dict(given)
        failures = [CheckFailure(path, reason) for path, reason in self._type.problems(given)]
        nameless = "name" in self._type.inputs and not {"name", "namePrefix"} & given.keys()
        if nameless and self._type.inputs["name"].optional:
            kept = call.olds.get("name") if "name" in call.olds.get(DEFAULTS, []) else None
            inputs["name"] = kept or f"{call.context.name}-{_mark(call.context)[:7]}"
            inputs[DEFAULTS] = ["name"]
        return Checked(inputs, [*failures, *self._rule.check(inputs)])

    def diff(self, call: DiffCall) -> Diff:
        found = compare(call.old_inputs, call.news, {DEFAULTS})
        found |= dict.fromkeys(self._cloud.drifted(call), Difference.UPDATE)
        tops = {str(path[0]) for path in found}
        immutable = tops if self._rule.immutable == EVERYTHING else IMMUTABLE | self._rule.immutable
        replaces = sorted(tops & immutable & (self._type.inputs.keys()))
        return Diff(
            changes=bool(found),
            replaces=replaces,
            delete_before_replace=bool(replaces)
            and "name" in call.news
            and "name" not in call.news.get(DEFAULTS, []),
            detailed={property_path(path): how for path, how in found.items()},
        )

    def create(self, call: CreateCall) -> Created:
        if call.preview:
            return Created("", self._foreseen(call.inputs))
        if contains_unknown(call.inputs):
            raise ResourceError("an input is not known although it is created now")
        self._fail_if_told("create", call.context)
        facts = self._cloud.facts(call.inputs, call.context)
        identity = self._rule.identity(facts)
        if self._cloud.world.find(self._cloud.name, self._token, identity):
            raise ResourceError(f"{self._token} {identity} exists already")
        given, answered = self._cloud.make(self._token, identity, facts)
        identity = given or identity
        outputs = merged(self._computed(call.inputs, identity, facts), answered)
        self._keep(identity, call.inputs, outputs, call.context)
        self._record("create", identity, call.context)
        return Created(identity, outputs)

    def read(self, call: ReadCall) -> ReadState | None:
        found = self._cloud.world.find(self._cloud.name, self._token, call.identity)
        self._record("read", call.identity, call.context)
        if found is None:
            return None
        inputs = self._cloud.present(found)
        return ReadState(call.identity, inputs, merged(found.outputs, inputs))

    def update(self, call: UpdateCall) -> Properties:
        kept = {
            name: value
            for name, value in call.old_outputs.items()
            if name not in call.old_inputs or name not in self._type.inputs
        }
        inside = {
            name: _carried(value, call.old_inputs.get(name), call.old_outputs.get(name))
            for name, value in call.news.items()
        }
        if call.preview:
            return {**kept, **inside, **dict.fromkeys(self._rule.renewed, UNKNOWN)}
        self._fail_if_told("update", call.context)
        facts = self._cloud.facts(call.news, call.context)
        answered = self._cloud.change(self._token, call, facts)
        fresh = self._computed(inside, call.identity, facts, call.old_outputs)
        renewed = {name: int(call.old_outputs.get(name, 1)) + 1 for name in self._rule.renewed}
        outputs = {**fresh, **{name: value for name, value in kept.items() if name in fresh}, **renewed}
        for name in ("tagsAll", "effectiveLabels", "pulumiLabels"):
            if name in fresh:
                outputs[name] = fresh[name]
        outputs = merged(outputs, answered)
        self._keep(call.identity, call.news, outputs, call.context)
        self._record("update", call.identity, call.context)
        return outputs

    def delete(self, call: DeleteCall) -> None:
        self._fail_if_told("delete", call.context)
        if self._rule.protected:
            name, default = self._rule.protected
            if call.inputs.get(name, default):
                raise ResourceError(f"{call.identity} cannot be deleted while {name} is true")
        world = self._cloud.world
        thing = world.find(self._cloud.name, self._token, call.identity)
        if thing is None:
            return
        if users := self._users(thing):
            raise ResourceError(self._cloud.in_use(call.identity, users))
        world.drop(self._cloud.name, self._token, call.identity)
        stop(world, call.identity)
        self._cloud.removed(thing)
        self._record("delete", call.identity, call.context)

    def _foreseen(self, inputs: Properties) -> Properties:
        """The outputs as far as a preview can know them."""
        foreseen = {**inputs, **dict.fromkeys(self._type.computed(inputs), UNKNOWN)}
        foreseen |= dict.fromkeys(
            ("tagsAll", "effectiveLabels", "pulumiLabels") & self._type.outputs.keys(), UNKNOWN
        )
        for name, inside in self._rule.inner.items():
            if isinstance(foreseen.get(name), dict):
                foreseen[name] = {**foreseen[name], **dict.fromkeys(inside, UNKNOWN)}
        return foreseen

    def _computed(
        self, inputs: Properties, identity: str, facts: Facts, known: Mapping[str, Any] | None = None
    ) -> Properties:
        """All outputs. At an update, `known` has those of before: what was claimed is not claimed again."""
        special = dict(self._rule.computed(facts)) if known is None else {}
        outputs = {
            name: value for name, value in inputs.items() if name != DEFAULTS and name in self._type.outputs
        }
        for name, described in self._type.computed(outputs).items():
            outputs[name] = self._value(name, described, identity, facts)
        return merged(outputs, special)

    def _value(self, name: str, described: Field, identity: str, facts: Facts) -> Any:
        general = self._cloud.general(self._token, name, identity, facts)
        if general is not None:
            return general
        empty: dict[str, Any] = {"list": [], "map": {}, "object": {}, "int": 1, "float": 1.0, "bool": False}
        return empty.get(described.shape, f"{name}-{facts.mark}")

    def _users(self, thing: Thing) -> list[str]:
        """Ids of what exists and refers to `thing`, as clouds refuse to delete it then."""
        module = self._token.split("/")[0]
        if module in (
            "aws:iam",
            "aws:kms",
            "gcp:projects",
            "gcp:serviceaccount",
            "gcp:privateca",
            "aws:acmpca",
        ):
            return []
        marks = self._cloud.marks(thing)
        world = self._cloud.world
        return [
            f"{other.type} {other.identity}"
            for other in world.things(self._cloud.name)
            if other.identity != thing.identity and marks & set(texts(other.inputs))
        ] + [f"VM {vm.thing.identity}" for vm in vms(world) if vm.template in marks]

    def _keep(self, identity: str, inputs: Properties, outputs: Properties, context: CallContext) -> None:
        thing = Thing(self._cloud.name, self._token, identity, context.name, inputs, outputs)
        self._cloud.world.put(thing)

    def _record(self, operation: str, identity: str, context: CallContext) -> None:
        call = Call(operation, self._cloud.name, self._token, context.name, identity)
        self._cloud.world.record(call)

    def _fail_if_told(self, operation: str, context: CallContext) -> None:
        if message := self._cloud.world.fault(operation, context.name):
            raise ResourceError(message)


def merged(outputs: Mapping[str, Any], more: Mapping[str, Any]) -> Properties:
    """`outputs` with `more`, which is added inside objects that both have."""
    made = dict(outputs)
    for name, value in more.items():
        given = made.get(name)
        made[name] = {**given, **value} if isinstance(given, dict) and isinstance(value, dict) else value
    return made


def _carried(new: Any, old_input: Any, old_output: Any) -> Any:
    """`new` with what the cloud had added inside the objects that the program gives."""
    if not (isinstance(new, dict) and isinstance(old_output, dict)):
        return new
    before = old_input if isinstance(old_input, dict) else {}
    added = {name: value for name, value in old_output.items() if name not in before}
    return {
        **added,
        **{name: _carried(value, before.get(name), old_output.get(name)) for name, value in new.items()},
    }


def _mark(context: CallContext) -> str:
    return hashlib.sha256(context.random_seed + context.urn.encode()).hexdigest()[:8]
