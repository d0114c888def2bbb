"""Calls of the handlers of local clusters and VMs to the lab, with timeouts and cancellation."""

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
"""Maximum wait for a response in a preview."""
_Result = TypeVar("_Result")


class Life(Enum):
    """Whether a recorded instance still exists."""

    ALIVE = "alive"
    DEAD = "dead"
    UNCERTAIN = "uncertain"
    """The lab is stopped with saved state, or did not respond, so the instance may or may not exist."""


def connect(*, start: bool) -> LabClient:
    """The lab of this user's state folder. Raises LabNotRunning or LabError."""
    return LabClient.connect(start=start)


def has_state() -> bool:
    """Whether the lab, running or stopped, has a cluster or a VM."""
    return LabClient.has_state()


class LabInfo(Protocol):
    """A cluster or VM of the lab."""

    @property
    def instance_id(self) -> str: ...

    @property
    def owner(self) -> Owner | None: ...


_Info = TypeVar("_Info", bound=LabInfo)


def owner_of(context: CallContext) -> Owner:
    """The stack that the engine works on (`urn:pulumi:<stack>::<project>::…`)."""
    stack, project = context.urn.removeprefix("urn:pulumi:").split("::")[:2]
    return stack_owner(project, stack, os.environ)


def in_background(
    call: Callable[[], _Result], *, condition: str, timeout: float, context: CallContext
) -> _Result:
    """The result of `call`. Waits for it until cancelled or timed out; `condition` completes "waiting until
    …".

    Raises ResourceError with the lab's message if the lab refuses.
    """
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lab")
    future = pool.submit(call)
    pool.shutdown(wait=False)
    context.wait_for(future.done, condition=condition, timeout=timeout, interval=0.05)
    try:
        return future.result()
    except LabError as failure:
        raise ResourceError(str(failure)) from failure


def look_up(
    find: Callable[[LabClient], _Info | None], identity: str, condition: str, context: CallContext
) -> tuple[Life, _Info | None]:
    """Whether the instance `identity` exists, and its state in the lab. Does not start the lab.

    `condition` completes "waiting until …". An instance that an earlier version created for this stack is
    marked in the lab as the stack's, as only this stack's state has its identity.
    """
    owner = owner_of(context)

    def answer() -> tuple[Life, _Info | None]:
        try:
            lab = connect(start=False)
            member = find(lab)
            if member is not None and member.owner is None and member.instance_id == identity:
                with contextlib.suppress(LabError):  # a running lab of an earlier version has no owners
                    lab.adopt(identity, owner)
        except LabNotRunning:
            return (Life.UNCERTAIN if has_state() else Life.DEAD), None
        if member is None or member.instance_id != identity:
            return Life.DEAD, None
        return Life.ALIVE, member

    try:
        return in_background(answer, condition=condition, timeout=ANSWER_SECONDS, context=context)
    except OperationCancelledError:
        raise
    except (ResourceError, WaitTimeoutError):
        return Life.UNCERTAIN, None


def refuse_others(find: Callable[[LabClient], LabInfo | None], member: str, context: CallContext) -> None:
    """Raises ResourceError if `member` (for example "cluster east") exists and belongs to another stack.
    Does not start the lab, and does not refuse if the lab does not respond."""
    owner = owner_of(context)

    def found() -> LabInfo | None:
        with contextlib.suppress(LabError):
            return find(connect(start=False))
        return None

    with contextlib.suppress(WaitTimeoutError):
        info = in_background(
            lambda: (found(),), condition=f"the lab reports {member}", timeout=ANSWER_SECONDS, context=context
        )[0]
        if info is not None:
            try:
                refuse_other_owner(member, info.owner, owner)
            except LabError as refusal:
                raise ResourceError(str(refusal)) from refusal


def remove(
    find: Callable[[LabClient], LabInfo | None],
    delete: Callable[[LabClient], None],
    identity: str,
    member: str,
    owner: Owner,
) -> None:
    """Deletes the instance `identity` if it exists. Its name may already belong to its successor.

    The lab ends with its last member, maybe during another call of the same destroy. Raises LabError, also if
    the instance (`member`, for example "cluster east") belongs to another stack.
    """
    for last_try in (False, True):
        if not has_state():
            return
        try:
            lab = connect(start=True)
            found = find(lab)
            if found is not None and found.instance_id == identity:
                refuse_other_owner(member, found.owner, owner)
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
