"""The common base of local clusters and local VMs: each resource is one incarnation of a lab member."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.specs import Owner, Report
from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.declared import DeclaredHandler
from hybrid_mesh.plugins.framework.differences import Difference
from hybrid_mesh.plugins.framework.handler import (
    CreateCall,
    Created,
    DeleteCall,
    Diff,
    DiffCall,
    ReadCall,
    ReadState,
    UpdateCall,
)
from hybrid_mesh.plugins.framework.values import Properties
from hybrid_mesh.plugins.hybridmesh.lab import (
    LabInfo,
    Life,
    checked_network,
    connect,
    in_background,
    look_up,
    owner_of,
    refuse_others,
    remove,
)

Info = TypeVar("Info", bound=LabInfo)


class InstanceHandler(DeclaredHandler, Generic[Info]):
    """One member of the lab. Its name is the input `<kind>Name`; the resource's ID is its incarnation.

    A subclass implements the lab's calls. If the input `quarantined` is set, there is no I/O.
    """

    kind: ClassVar[str]
    """The prefix of the input with its name."""
    noun: ClassVar[str]
    """The noun in messages."""
    made: ClassVar[str]
    """Completes "<kind> <name> …" for a created member, in messages."""
    in_place: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change does not replace the member."""
    create_seconds: ClassVar[float]
    delete_seconds: ClassVar[float]

    @abstractmethod
    def find(self, lab: LabClient, name: str) -> Info | None:
        """The member called `name`. Raises LabError."""

    @abstractmethod
    def ensure(self, lab: LabClient, inputs: Properties, owner: Owner, report: Report) -> Info:
        """Creates it for `owner`, or waits for its creation. Raises LabError."""

    def amend(self, lab: LabClient, inputs: Properties, owner: Owner, report: Report) -> Info:
        """The member with changed inputs that do not replace it, or an unfinished one. Raises LabError."""
        return self.ensure(lab, inputs, owner, report)

    @abstractmethod
    def end(self, lab: LabClient, name: str) -> None:
        """Deletes it. Raises LabError."""

    @abstractmethod
    def outputs_of(self, info: Info) -> Properties:
        """The computed outputs."""

    def has_outputs(self, info: Info) -> bool:
        """Whether `info` has all values of the outputs."""
        del info
        return True

    def completed(self, news: Properties) -> Properties:
        return checked_network(super().completed(news))

    def diff(self, call: DiffCall) -> Diff:
        """Asks the lab whether the recorded instance exists. If it does not, it is replaced."""
        if _left_alone(call.news, call.old_inputs):
            return Diff.of_inputs(call.old_inputs, call.news)
        life, _ = self._look_up(call.old_outputs, call.identity, call.context)
        return instance_diff(life, call.old_inputs, call.news, self.in_place)

    def create(self, call: CreateCall) -> Created:
        if call.preview:
            name = self._name(call.inputs)
            refuse_others(lambda lab: self.find(lab, name), f"{self.noun} {name}", call.context)
            return Created("", self.previewed(call.inputs))
        info = self._ensured(self.ensure, call.inputs, call.timeout, call.context)
        return Created(info.instance_id, {**call.inputs, **self.outputs_of(info)})

    def read(self, call: ReadCall) -> ReadState | None:
        self.refuse_import(call.inputs)
        if _left_alone(call.inputs):
            return ReadState(call.identity, call.inputs, call.outputs)
        life, info = self._look_up(call.inputs, call.identity, call.context)
        if life is Life.DEAD:
            return None
        if info is None or not self.has_outputs(info):
            return ReadState(call.identity, call.inputs, call.outputs)
        return ReadState(call.identity, call.inputs, {**call.inputs, **self.outputs_of(info)}, ready=True)

    def update(self, call: UpdateCall) -> Properties:
        """Only `quarantined` and the inputs `in_place` change. An unfinished creation is awaited again."""
        if call.preview or _left_alone(call.news, call.old_inputs):
            return {**call.old_outputs, **call.news}
        info = self._ensured(self.amend, call.news, call.timeout, call.context)
        return {**call.news, **self.outputs_of(info)}

    def delete(self, call: DeleteCall) -> None:
        """Deletes this incarnation only, as the name may already belong to its successor."""
        if _left_alone(call.inputs):
            return
        name, owner = self._name(call.outputs), owner_of(call.context)
        member = f"{self.noun} {name}"

        def delete() -> None:
            remove(
                lambda lab: self.find(lab, name),
                lambda lab: self.end(lab, name),
                call.identity,
                member,
                owner,
            )

        timeout = call.timeout or self.delete_seconds
        in_background(delete, condition=f"{member} is gone", timeout=timeout, context=call.context)

    def _name(self, properties: Properties) -> str:
        return str(properties[f"{self.kind}Name"])

    def _look_up(
        self, properties: Properties, identity: str, context: CallContext
    ) -> tuple[Life, Info | None]:
        name = self._name(properties)
        condition = f"the lab reports {self.noun} {name}"
        return look_up(lambda lab: self.find(lab, name), identity, condition, context)

    def _ensured(
        self,
        ensure: Callable[[LabClient, Properties, Owner, Report], Info],
        inputs: Properties,
        timeout: float,
        context: CallContext,
    ) -> Info:
        owner = owner_of(context)

        def call() -> Info:
            return ensure(connect(start=True), inputs, owner, context.status)

        condition = f"{self.noun} {self._name(inputs)} {self.made}"
        return in_background(
            call, condition=condition, timeout=timeout or self.create_seconds, context=context
        )


def instance_diff(
    life: Life, old_inputs: Properties, news: Properties, in_place: frozenset[str] = frozenset()
) -> Diff:
    """Every change of an input that is not `in_place` replaces. A dead instance is replaced on `instanceId`.

    Two instances of one name cannot exist at the same time, so an existing one is deleted first. A dead one
    is not in the way; if it were deleted first, the engine would also delete its objects, whose API server no
    longer responds.
    """
    found = Diff.of_inputs(old_inputs, news, replace_on={*old_inputs, *news} - in_place)
    if life is not Life.DEAD:
        return Diff(found.changes, found.replaces, bool(found.replaces), found.detailed)
    detailed = {**found.detailed, "instanceId": Difference.UPDATE}
    return Diff(changes=True, replaces=sorted({*found.replaces, "instanceId"}), detailed=detailed)


def _left_alone(*inputs: Properties) -> bool:
    return any(each.get("quarantined") for each in inputs)
