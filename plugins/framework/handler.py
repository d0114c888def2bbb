"""What one type of resource has to know: check, diff, create, read, update, delete."""

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
    """The verdict of a diff.

    `replaces` names the properties whose change needs a new resource; `detailed` has the property paths
    (`a.b[0]`) that the engine shows. `delete_before_replace` when two cannot exist side by side.
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
        """The structural difference of two sets of inputs; a change of a property in `replace_on` replaces.

        Properties in `ignore` do not count at all.
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
    """Checked inputs (with defaults filled in) and what is wrong with them."""

    inputs: Properties
    failures: list[CheckFailure] = field(default_factory=list)


@dataclass(frozen=True)
class Created:
    """A created resource: its id ("" in a preview) and outputs."""

    identity: str
    outputs: Properties


@dataclass(frozen=True)
class ReadState:
    """A resource as it is now. `inputs` is what a program would have to say to get it as it is (drift
    shows there).

    `ready` only where the handler has looked: it ends an initialization failure. A handler that asks no one
    leaves it False, and what failed stays failed until an update succeeds.
    """

    identity: str
    inputs: Properties
    outputs: Properties
    ready: bool = False


@dataclass(frozen=True)
class CheckCall:
    """Inputs of a program, and those that were checked before ({} for a new resource)."""

    olds: Properties
    news: Properties
    context: CallContext


@dataclass(frozen=True)
class DiffCall:
    """A resource as the state has it, and its checked inputs of now."""

    identity: str
    old_outputs: Properties
    old_inputs: Properties
    news: Properties
    context: CallContext


@dataclass(frozen=True)
class CreateCall:
    """`timeout` is the user's custom timeout in seconds, 0 when there is none."""

    inputs: Properties
    preview: bool
    timeout: float
    context: CallContext


@dataclass(frozen=True)
class ReadCall:
    """A resource as the state has it; for an import or `.get()` without `inputs` and `outputs`."""

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
    """A resource as the state has it; `timeout` as in `CreateCall`."""

    identity: str
    outputs: Properties
    inputs: Properties
    timeout: float
    context: CallContext


class ResourceHandler(ABC):
    """One type of resource. Values may be or hold `UNKNOWN` in check, diff and previews.

    All methods may be called by several threads at once. They raise ResourceError for what a user can
    understand and InitializationFailedError for what exists but is not ready. Inputs that arrive secret
    leave secret at the same path of inputs and outputs; `secret_outputs` are always secret.
    """

    secret_outputs: ClassVar[frozenset[str]] = frozenset()

    def check(self, call: CheckCall) -> Checked:
        """Validates `news`, fills defaults. `olds` are the previous checked inputs, {} for a new resource."""
        return Checked(call.news)

    @abstractmethod
    def diff(self, call: DiffCall) -> Diff:
        """Compares; must have no effect and, unless the resource says otherwise, ask no one."""

    @abstractmethod
    def create(self, call: CreateCall) -> Created:
        """Makes it. In a preview nothing is made and what only creation can tell is `UNKNOWN`.

        `timeout` is the user's custom timeout in seconds, 0 when there is none.
        """

    @abstractmethod
    def read(self, call: ReadCall) -> ReadState | None:
        """The present state, or None when it is gone. With empty `inputs` and `outputs` it is an import
        or `.get()`.

        `context.unready` says why the last create or update failed to make it ready. A handler that can find
        out whether it is ready now does so only then, and without a long wait.
        """

    @abstractmethod
    def update(self, call: UpdateCall) -> Properties:
        """Changes it in place; returns the new outputs."""

    @abstractmethod
    def delete(self, call: DeleteCall) -> None:
        """Deletes it and waits until it is gone; what is gone already is no error."""
