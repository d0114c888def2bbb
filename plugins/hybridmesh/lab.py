"""What the handlers of local clusters and VMs ask the lab, bounded and cancellable."""

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Final, Protocol, TypeVar

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabError, LabNotRunning, refuse_other_owner
from hybrid_mesh.local.lab.specs import NetworkSpec, Owner
from hybrid_mesh.local.ownership import stack_owner
from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.errors import OperationCancelledError, ResourceError, WaitTimeoutError
from hybrid_mesh.plugins.framework.values import Properties

ANSWER_SECONDS: Final = 10.0
"""Longest wait for an answer that a preview needs."""
_Result = TypeVar("_Result")


class Life(Enum):
    """Whether a recorded instance still exists."""

    ALIVE = "alive"
    DEAD = "dead"
    UNCERTAIN = "uncertain"
    """The lab is off but keeps state on disk, or did not answer: nothing may be concluded."""


def connect(*, start: bool) -> LabClient:
    """The lab of this user's state folder. Raises LabNotRunning or LabError."""
    return LabClient.connect(start=start)


def has_state() -> bool:
    """Whether the lab, running or not, remembers a cluster or a machine."""
    return LabClient.has_state()


class LabInfo(Protocol):
    """A cluster or VM as the lab knows it."""

    @property
    def instance_id(self) -> str: ...

    @property
    def owner(self) -> Owner | None: ...


_Info = TypeVar("_Info", bound=LabInfo)


def owner_of(context: CallContext) -> Owner:
    """The stack that the engine works on (`urn:pulumi:<stack>::<project>::…`)."""
    stack, project = context.urn.removeprefix("urn:pulumi:").split("::")[:2]
    return stack_owner(project, stack, os.environ)


def in_background(call: Callable[[], _Result], *, what: str, timeout: float, context: CallContext) -> _Result:
    """The result of `call`, awaited until cancelled or timed out; `what` completes "waiting until …".

    Raises ResourceError with the lab's own text when the lab refuses.
    """
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lab")
    future = pool.submit(call)
    pool.shutdown(wait=False)
    context.wait_for(future.done, what=what, timeout=timeout, interval=0.05)
    try:
        return future.result()
    except LabError as failure:
        raise ResourceError(str(failure)) from failure


def look_up(
    find: Callable[[LabClient], _Info | None], identity: str, what: str, context: CallContext
) -> tuple[Life, _Info | None]:
    """Whether the instance `identity` lives, and what the lab knows of it. Starts nothing.

    `what` completes "waiting until …". An instance that an earlier version made for this stack is noted in
    the lab as the stack's: only its own state holds the identity.
    """
    owner = owner_of(context)

    def answer() -> tuple[Life, _Info | None]:
        try:
            lab = connect(start=False)
            member = find(lab)
            if member is not None and member.owner is None and member.instance_id == identity:
                with contextlib.suppress(LabError):  # a running lab of an earlier version knows no owners
                    lab.adopt(identity, owner)
        except LabNotRunning:
            return (Life.UNCERTAIN if has_state() else Life.DEAD), None
        if member is None or member.instance_id != identity:
            return Life.DEAD, None
        return Life.ALIVE, member

    try:
        return in_background(answer, what=what, timeout=ANSWER_SECONDS, context=context)
    except OperationCancelledError:
        raise
    except (ResourceError, WaitTimeoutError):
        return Life.UNCERTAIN, None


def refuse_others(find: Callable[[LabClient], LabInfo | None], what: str, context: CallContext) -> None:
    """Raises ResourceError when `what` (as "cluster east") is there and belongs to another stack. Starts
    nothing; a lab that does not answer refuses nobody."""
    owner = owner_of(context)

    def found() -> LabInfo | None:
        with contextlib.suppress(LabError):
            return find(connect(start=False))
        return None

    with contextlib.suppress(WaitTimeoutError):
        info = in_background(
            lambda: (found(),), what=f"the lab reports {what}", timeout=ANSWER_SECONDS, context=context
        )[0]
        if info is not None:
            try:
                refuse_other_owner(what, info.owner, owner)
            except LabError as refusal:
                raise ResourceError(str(refusal)) from refusal


def remove(
    find: Callable[[LabClient], LabInfo | None],
    delete: Callable[[LabClient], None],
    identity: str,
    what: str,
    owner: Owner,
) -> None:
    """Deletes the instance `identity` if it is there; its name may belong to its successor already.

    The lab ends with its last member, maybe while another call of the same destroy is still talking to it.
    Raises LabError, also when the instance (`what`, as "cluster east") belongs to another stack.
    """
    for last_try in (False, True):
        if not has_state():
            return
        try:
            lab = connect(start=True)
            found = find(lab)
            if found is not None and found.instance_id == identity:
                refuse_other_owner(what, found.owner, owner)
                delete(lab)
        except LabNotRunning:
            if last_try:
                raise
        else:
            return


def network_spec(inputs: Properties) -> NetworkSpec:
    network = inputs["network"]
    return NetworkSpec(
        name=network["name"],
        cidr=network["cidr"],
        direct=network["direct"],
        delay_milliseconds=network["delayMilliseconds"],
        loss_percent=network["lossPercent"],
    )


def checked_network(inputs: Properties) -> Properties:
    """`inputs` with the defaults of their network filled in."""
    network = inputs.get("network")
    if not isinstance(network, dict):
        return inputs
    defaults = {"direct": False, "delayMilliseconds": 0, "lossPercent": 0}
    return {**inputs, "network": {**defaults, **network}}
