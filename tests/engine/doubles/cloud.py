"""What the doubles of the two clouds share: every resource type that the SDK knows, checked against it, named
as Pulumi's bridged providers name, and answered with what a cloud would compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.errors import CheckFailure, ResourceError
from hybrid_mesh.plugins.framework.handler import Checked, Diff, DiffCall, ResourceHandler, UpdateCall
from hybrid_mesh.plugins.framework.provider import Provider
from hybrid_mesh.plugins.framework.values import Path, Properties
from tests.engine.doubles.cloud_resource import CloudHandler
from tests.engine.doubles.rules import Facts, Rule
from tests.engine.doubles.schema import UnknownTypeError, provider_inputs, resource_type
from tests.engine.doubles.store import Thing, World

NO_CREDENTIALS: Final = {
    "aws": "No valid credential sources found.",
    "gcp": "failed to load application credentials: run `gcloud auth application-default login`",
}
"""How the clouds' own plug-ins begin what they say then, when a provider's inputs are checked (pulumi-aws,
pull request 3310)."""


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
        if self.name in self.world.signed_out:
            return Checked(news, [CheckFailure("", NO_CREDENTIALS[self.name])])
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

    def make(self, token: str, identity: str, facts: Facts) -> tuple[str, Properties]:
        """Creates the thing in the cloud: its id, "" for `identity`, and what else the cloud answers. Raises
        ResourceError for what the cloud refuses."""
        return "", {}

    def drifted(self, call: DiffCall) -> list[Path]:
        """What differs although the inputs are the same, as the provider's own settings changed."""
        return []

    def change(self, token: str, call: UpdateCall, facts: Facts) -> Properties:
        """Changes the thing in the cloud to the inputs of `facts`; what else the cloud answers."""
        return {}

    def present(self, thing: Thing) -> Properties:
        """The inputs of a thing as it is now."""
        return thing.inputs

    def marks(self, thing: Thing) -> set[str]:
        """By what others refer to `thing`."""
        return {thing.identity, thing.outputs.get("arn", ""), thing.outputs.get("selfLink", "")} - {""}

    def in_use(self, identity: str, users: list[str]) -> str:
        """How the cloud refuses to delete what others refer to."""
        return f"DependencyViolation: {identity} is used by {', '.join(users)}"

    def removed(self, thing: Thing) -> None:
        """After a thing was deleted."""


def cluster_gone(world: World, server: str) -> None:
    """Everything in a cluster goes with it; the load balancers that it made stay, and cost money."""
    world.kill(server)
    for thing in world.things("kubernetes", server):
        world.drop("kubernetes", thing.type, thing.identity, server)


def leaked_balancers(world: World, cloud: str) -> list[str]:
    """Load balancers in `cloud` whose cluster no longer exists."""
    return [
        each.identity
        for each in world.balancers()
        if each.outputs["cloud"] == cloud and world.dead(each.owner)
    ]
