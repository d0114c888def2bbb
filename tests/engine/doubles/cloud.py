"""What the doubles of the two clouds share: every resource type that the SDK knows, checked against it, named
as Pulumi's bridged providers name, and answered with what a cloud would compute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from plugins.framework.calls import CallContext
from plugins.framework.differences import compare, property_path
from plugins.framework.errors import CheckFailure, ResourceError
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.provider import Provider
from plugins.framework.values import UNKNOWN, Properties, contains_unknown
from tests.engine.doubles.schema import Field, UnknownTypeError, provider_inputs, resource_type
from tests.engine.doubles.store import Call, Thing, World, texts

DEFAULTS: Final = "__defaults"
"""Where a bridged provider notes which inputs it filled in itself."""
IMMUTABLE: Final = frozenset(
    [
        "name",
        "namePrefix",
        "project",
        "region",
        "location",
        "zone",
        "network",
        "subnetwork",
        "vpcId",
        "cidrBlock",
        "ipCidrRange",
        "availabilityZone",
        "accountId",
        "clusterName",
        "cluster",
        "principalArn",
        "roleArn",
        "role",
        "member",
        "policyArn",
        "subnetId",
        "allocationId",
        "addressType",
        "customSuffix",
        "serviceAccountId",
        "pool",
        "certificateAuthorityArn",
    ]
)
EVERYTHING: Final = frozenset({"*"})
Computed = Callable[["Facts"], Mapping[str, Any]]


@dataclass(frozen=True)
class Facts:
    """What a rule may use of a resource that is being made."""

    resource: str
    """Its Pulumi name."""
    inputs: Properties
    name: str
    """Of the thing in the cloud."""
    mark: str
    """Eight hexadecimal digits that no other resource has."""
    region: str
    project: str
    world: World

    def number(self, modulo: int) -> int:
        return int(hashlib.sha256(self.mark.encode()).hexdigest()[:8], 16) % modulo

    @property
    def address(self) -> str:
        """A public address of its own (RFC 2544's range), or the one that the test wants."""
        number = self.number(2**16)
        return self.world.fixed_address(self.resource) or f"198.18.{number >> 8}.{number & 255}"


@dataclass(frozen=True)
class Rule:
    """What is special about a type.

    `computed` are outputs beyond the general ones; `inner` names those inside an object that the program
    gives; `renewed` those that every update makes anew; `protected` the input that must be False before a
    delete, and its default.
    """

    identity: Callable[[Facts], str]
    computed: Computed = field(default=lambda facts: {})
    inner: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    immutable: frozenset[str] = frozenset()
    renewed: frozenset[str] = frozenset()
    protected: tuple[str, bool] | None = None
    check: Callable[[Properties], list[CheckFailure]] = field(default=lambda inputs: [])


class Cloud(Provider):
    """A provider of one cloud. Subclasses know its ids and types."""

    def __init__(self, name: str, version: str, rules: Mapping[str, Rule], world: World | None) -> None:
        super().__init__(name, version, {})
        self.world = world or World.current()
        self.settings: Properties = {}
        self.rules = rules

    def handler(self, token: str) -> ResourceHandler:
        try:
            resource_type(token)
        except UnknownTypeError as failure:
            raise ResourceError(str(failure)) from None
        return CloudHandler(self, token, self.rules.get(token) or self.rule_of(token))

    def check_config(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        known = provider_inputs(self.name).keys() | {"version", "pluginDownloadURL"}
        return Checked(
            news,
            [CheckFailure(name, "the SDK's Provider knows no such input") for name in news.keys() - known],
        )

    def diff_config(self, old_inputs: Properties, news: Properties, context: CallContext) -> Diff:
        return Diff.of_inputs(old_inputs, news)

    def configure(self, inputs: Properties, context: CallContext) -> None:
        self.settings = inputs

    def rule_of(self, token: str) -> Rule:
        """Of a type that has no rule of its own."""
        raise NotImplementedError

    def general(self, token: str, name: str, identity: str, facts: Facts) -> Any:
        """The value of a computed output that every type may have; None for one that is not general."""
        raise NotImplementedError

    def facts(self, inputs: Properties, call: CallContext) -> Facts:
        raise NotImplementedError

    def removed(self, thing: Thing) -> None:
        """After a thing was deleted."""


class CloudHandler(ResourceHandler):
    """One resource type."""

    def __init__(self, cloud: Cloud, token: str, rule: Rule) -> None:
        self._cloud, self._token, self._rule = cloud, token, rule
        self._type = resource_type(token)

    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        given = {name: value for name, value in news.items() if name != DEFAULTS}
        inputs = dict(given)
        failures = [CheckFailure(path, reason) for path, reason in self._type.problems(given)]
        nameless = "name" in self._type.inputs and not {"name", "namePrefix"} & given.keys()
        if nameless and self._type.inputs["name"].optional:
            kept = olds.get("name") if "name" in olds.get(DEFAULTS, []) else None
            inputs["name"] = kept or f"{context.name}-{_mark(context)[:7]}"
            inputs[DEFAULTS] = ["name"]
        return Checked(inputs, [*failures, *self._rule.check(inputs)])

    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        found = compare(old_inputs, news, {DEFAULTS})
        tops = {str(path[0]) for path in found}
        immutable = tops if self._rule.immutable == EVERYTHING else IMMUTABLE | self._rule.immutable
        replaces = sorted(tops & immutable & (self._type.inputs.keys()))
        return Diff(
            changes=bool(found),
            replaces=replaces,
            delete_before_replace=bool(replaces) and "name" in news and "name" not in news.get(DEFAULTS, []),
            detailed={property_path(path): how for path, how in found.items()},
        )

    def create(self, inputs: Properties, *, preview: bool, timeout: float, context: CallContext) -> Created:
        if preview:
            return Created("", self._foreseen(inputs))
        if contains_unknown(inputs):
            raise ResourceError("an input is not known although it is created now")
        self._fail_if_told("create", context)
        facts = self._cloud.facts(inputs, context)
        identity = self._rule.identity(facts)
        if self._cloud.world.find(self._cloud.name, self._token, identity):
            raise ResourceError(f"{self._token} {identity} exists already")
        outputs = self._computed(inputs, identity, facts)
        self._keep(identity, inputs, outputs, context)
        self._record("create", identity, context)
        return Created(identity, outputs)

    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        found = self._cloud.world.find(self._cloud.name, self._token, identity)
        self._record("read", identity, context)
        return ReadState(identity, found.inputs, found.outputs) if found else None

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
        kept = {
            name: value
            for name, value in old_outputs.items()
            if name not in old_inputs or name not in self._type.inputs
        }
        inside = {
            name: _carried(value, old_inputs.get(name), old_outputs.get(name)) for name, value in news.items()
        }
        if preview:
            return {**kept, **inside, **dict.fromkeys(self._rule.renewed, UNKNOWN)}
        self._fail_if_told("update", context)
        facts = self._cloud.facts(news, context)
        fresh = self._computed(inside, identity, facts, old_outputs)
        renewed = {name: int(old_outputs.get(name, 1)) + 1 for name in self._rule.renewed}
        outputs = {**fresh, **{name: value for name, value in kept.items() if name in fresh}, **renewed}
        for name in ("tagsAll", "effectiveLabels", "pulumiLabels"):
            if name in fresh:
                outputs[name] = fresh[name]
        self._keep(identity, news, outputs, context)
        self._record("update", identity, context)
        return outputs

    def delete(
        self, identity: str, outputs: Properties, inputs: Properties, *, timeout: float, context: CallContext
    ) -> None:
        self._fail_if_told("delete", context)
        if self._rule.protected:
            name, default = self._rule.protected
            if inputs.get(name, default):
                raise ResourceError(f"{identity} cannot be deleted while {name} is true")
        world = self._cloud.world
        thing = world.find(self._cloud.name, self._token, identity)
        if thing is None:
            return
        if users := self._users(thing):
            raise ResourceError(f"DependencyViolation: {identity} is used by {', '.join(users)}")
        world.drop(self._cloud.name, self._token, identity)
        self._cloud.removed(thing)
        self._record("delete", identity, context)

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
        for name, value in special.items():
            given = outputs.get(name)
            outputs[name] = (
                {**given, **value} if isinstance(given, dict) and isinstance(value, dict) else value
            )
        return outputs

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
        marks = {thing.identity, thing.outputs.get("arn"), thing.outputs.get("selfLink")} - {None, ""}
        return [
            f"{other.type} {other.identity}"
            for other in self._cloud.world.things(self._cloud.name)
            if other.identity != thing.identity and marks & set(texts(other.inputs))
        ]

    def _keep(self, identity: str, inputs: Properties, outputs: Properties, context: CallContext) -> None:
        thing = Thing(self._cloud.name, self._token, identity, context.name, inputs, outputs)
        self._cloud.world.put(thing)

    def _record(self, operation: str, identity: str, context: CallContext) -> None:
        call = Call(operation, self._cloud.name, self._token, context.name, identity)
        self._cloud.world.record(call)

    def _fail_if_told(self, operation: str, context: CallContext) -> None:
        if message := self._cloud.world.fault(operation, context.name):
            raise ResourceError(message)


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


def cluster_gone(world: World, server: str) -> None:
    """Everything in a cluster goes with it; the load balancers that it made stay, and cost money."""
    world.kill(server)
    for thing in world.things("kubernetes", server):
        world.drop("kubernetes", thing.type, thing.identity, server)


def leaked_balancers(world: World, cloud: str) -> list[str]:
    """Load balancers in `cloud` whose cluster is no more."""
    return [
        each.identity
        for each in world.balancers()
        if each.outputs["cloud"] == cloud and world.dead(each.owner)
    ]
