"""The interface of a resource type: check, diff, create, read, update, delete."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import ClassVar

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.differences import Difference, compare, property_path
from hybrid_mesh.plugins.framework.errors import CheckFailure
from hybrid_mesh.plugins.framework.values import Properties


@dataclass(frozen=True)
class Diff:
    """The result of a diff.

    `replaces` are the properties whose change replaces the resource; `detailed` has the property paths
    (`a.b[0]`) that the engine shows. `delete_before_replace` is for resources that cannot exist twice.
    """

    changes: bool
    replaces: list[str] = field(default_factory=list)
    delete_before_replace: bool = False
    detailed: dict[str, Difference] = field(default_factory=dict)

    @classmethod
    def of_inputs(
        cls,
        old: Properties,
        new: Properties,
        *,
        replace_on: Collection[str] = (),
        ignore: Collection[str] = (),
    ) -> Diff:
        """The structural difference of two sets of inputs. A change of a property in `replace_on` replaces
        the resource.

        Properties in `ignore` are ignored.
        """
        found = compare(old, new, ignore)
        replaces = sorted({str(path[0]) for path in found} & set(replace_on))
        return cls(
            changes=bool(found),
            replaces=replaces,
            detailed={property_path(path): kind for path, kind in found.items()},
        )


@dataclass(frozen=True)
class Checked:
    """Checked inputs (with defaults filled in) and their failures."""

    inputs: Properties
    failures: list[CheckFailure] = field(default_factory=list)


@dataclass(frozen=True)
class Created:
    """A created resource: its ID ("" in a preview) and outputs."""

    identity: str
    outputs: Properties


@dataclass(frozen=True)
class ReadState:
    """The current state of a resource. `inputs` are those with which a program would create it as it is, so
    that they show drift.

    `ready` ends an initialization failure; it is only set by a handler that has checked. Otherwise it is
    False, and a failed resource remains failed until an update succeeds.
    """

    identity: str
    inputs: Properties
    outputs: Properties
    ready: bool = False


@dataclass(frozen=True)
class CheckCall:
    """Inputs of a program, and the previously checked ones ({} for a new resource)."""

    olds: Properties
    news: Properties
    context: CallContext


@dataclass(frozen=True)
class DiffCall:
    """A resource in the state, and its new checked inputs."""

    identity: str
    old_outputs: Properties
    old_inputs: Properties
    news: Properties
    context: CallContext


@dataclass(frozen=True)
class CreateCall:
    """`timeout` is the custom timeout in seconds, 0 without one."""

    inputs: Properties
    preview: bool
    timeout: float
    context: CallContext


@dataclass(frozen=True)
class ReadCall:
    """A resource in the state. For an import or `.get()`, `inputs` and `outputs` are empty."""

    identity: str
    inputs: Properties
    outputs: Properties
    context: CallContext


@dataclass(frozen=True)
class UpdateCall:
    """As in `DiffCall` and `CreateCall`."""

    identity: str
    old_outputs: Properties
    old_inputs: Properties
    news: Properties
    preview: bool
    timeout: float
    context: CallContext


@dataclass(frozen=True)
class DeleteCall:
    """A resource in the state. `timeout` is as in `CreateCall`."""

    identity: str
    outputs: Properties
    inputs: Properties
    timeout: float
    context: CallContext


class ResourceHandler(ABC):
    """One type of resource. Values may be or hold `UNKNOWN` in check, diff and previews.

    Several threads may call a handler's methods at the same time. They raise ResourceError for failures to
    show to the user, and InitializationFailedError for a resource that exists but is not ready. Secret inputs
    remain secret at the same path of inputs and outputs; `secret_outputs` are always secret.
    """

    secret_outputs: ClassVar[frozenset[str]] = frozenset()

    def check(self, call: CheckCall) -> Checked:
        """Validates `news`, fills defaults. `olds` are the previous checked inputs, {} for a new resource."""
        return Checked(call.news)

    @abstractmethod
    def diff(self, call: DiffCall) -> Diff:
        """Compares. It must have no side effects and, unless documented otherwise, no I/O."""

    @abstractmethod
    def create(self, call: CreateCall) -> Created:
        """Creates it. In a preview, nothing is created, and outputs that are only known after creation are
        `UNKNOWN`.

        `timeout` is the custom timeout in seconds, 0 without one.
        """

    @abstractmethod
    def read(self, call: ReadCall) -> ReadState | None:
        """The current state; None if the resource no longer exists. With empty `inputs` and `outputs`, it is
        an import or `.get()`.

        `context.unready` has the reasons why the resource was not ready after the last create or update. Only
        then should a handler check whether it is ready now, without a long wait.
        """

    @abstractmethod
    def update(self, call: UpdateCall) -> Properties:
        """Changes it in place; returns the new outputs."""

    @abstractmethod
    def delete(self, call: DeleteCall) -> None:
        """Deletes it and waits for its deletion. A missing resource is not an error."""
