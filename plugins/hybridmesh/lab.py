"""What the handlers of local clusters and machines ask the lab, bounded and cancellable."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Final, Protocol, TypeVar

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabError, LabNotRunning
from hybrid_mesh.local.lab.specs import NetworkSpec
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
    """A cluster or machine as the lab knows it."""

    @property
    def instance_id(self) -> str: ...


_Info = TypeVar("_Info", bound=LabInfo)


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

    `what` completes "waiting until …".
    """

    def answer() -> tuple[Life, _Info | None]:
        try:
            member = find(connect(start=False))
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


def remove(
    find: Callable[[LabClient], LabInfo | None], delete: Callable[[LabClient], None], identity: str
) -> None:
    """Deletes the instance `identity` if it is there; its name may belong to its successor already.

    The lab ends with its last member, maybe while another call of the same destroy is still talking to it.
    Raises LabError.
    """
    for last_try in (False, True):
        if not has_state():
            return
        try:
            lab = connect(start=True)
            found = find(lab)
            if found is not None and found.instance_id == identity:
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
