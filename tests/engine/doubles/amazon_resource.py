"""One resource type of pulumi-aws as calls of the API: the calls that its Terraform provider makes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hybrid_mesh.plugins.framework.differences import compare
from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.values import Properties
from tests.engine.doubles.amazon_api import Account, input_shape
from tests.engine.doubles.amazon_shapes import to_request

ALWAYS_UNSENT = frozenset({"__defaults", "tags", "region", "namePrefix"})


@dataclass(frozen=True)
class Made:
    """What a create answers: the resource's id ("" for the one that its rule makes), and outputs."""

    identity: str
    outputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Caller:
    """Calls of one provider: its account, region and default tags. `identity` is the resource's id, for a
    create the one of its rule."""

    account: Account
    region: str
    default_tags: Mapping[str, str]
    identity: str
    name: str

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        given = {name: value for name, value in parameters.items() if value is not None}
        return self.account.call(service, operation, self.region, **given)

    def tags(self, inputs: Mapping[str, Any]) -> dict[str, str]:
        """Those of the resource: its own over the provider's."""
        own = inputs.get("tags")
        return {**self.default_tags, **(own if isinstance(own, dict) else {})}


@dataclass(frozen=True)
class Differences:
    """An update: the inputs and all tags of before and now, and the names of the inputs that changed."""

    olds: Properties
    news: Properties
    tags_before: Mapping[str, str]
    tags_now: Mapping[str, str]

    @property
    def changed(self) -> set[str]:
        return {str(path[0]) for path in compare(self.olds, self.news, {"__defaults"})}

    def of(self, *names: str) -> bool:
        return bool(self.changed & set(names))


class ApiResource:
    """A type. Subclasses say which calls it is; the attributes say how inputs become parameters."""

    service: ClassVar[str]
    renamed: ClassVar[Mapping[str, str]] = {}
    """Inputs whose member of a request has another name."""
    unsent: ClassVar[frozenset[str]] = frozenset()
    """Inputs that `request` does not send: they only steer the provider, or go into calls of their own."""

    def create(self, api: Caller, inputs: Properties) -> Made:
        raise NotImplementedError

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        """Outputs that the update renewed."""
        return self.updated(api, change)

    def updated(self, api: Caller, change: Differences, done: Collection[str] = ()) -> Mapping[str, Any]:
        """Updates the tags. No input but them and those that are `done` may differ."""
        self.update_tags(api, change)
        if left := change.changed - {"tags", *done}:
            raise ResourceError(f"{api.name}: the provider has no update of {', '.join(sorted(left))}")
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        raise NotImplementedError

    def live(self, api: Caller, inputs: Properties) -> Properties:
        """The inputs of the resource as it is now."""
        return inputs

    def update_tags(self, api: Caller, change: Differences) -> None:
        before, now = change.tags_before, change.tags_now
        if before != now:
            if gone := sorted(before.keys() - now.keys()):
                self.untag(api, {key: before[key] for key in gone})
            if new := {key: text for key, text in now.items() if before.get(key) != text}:
                self.tag(api, new)

    def tag(self, api: Caller, tags: Mapping[str, str]) -> None:
        raise ResourceError(f"{api.name} has no tags")

    def untag(self, api: Caller, tags: Mapping[str, str]) -> None:
        raise ResourceError(f"{api.name} has no tags")

    def parameters(self, operation: str, inputs: Properties) -> dict[str, Any]:
        """The inputs as members of the operation's request."""
        given = {k: v for k, v in inputs.items() if k not in self.unsent | ALWAYS_UNSENT}
        made: dict[str, Any] = to_request(input_shape(self.service, operation), given, self.renamed)
        return made


def tag_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in sorted(tags.items())]
