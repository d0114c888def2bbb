"""Polls the registrations of a group's VMs until enough of the right ones are ready."""

import time
from collections.abc import Collection, Mapping
from typing import Final

from hybrid_mesh.local.patience import patient
from hybrid_mesh.plugins.framework.api_server import ApiServerError
from hybrid_mesh.plugins.framework.calls import CallContext, Progress
from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.values import Properties
from hybrid_mesh.plugins.hybridmesh.workload_entries import Registration, Registrations

_ASK_SECONDS: Final = 0.4
_PROGRESS_SECONDS: Final = 3.0


class RolloutStoppedError(ResourceError):
    """A new VM does not turn Healthy, so that no other VM may be replaced."""


class Patience:
    """How long new VMs have been connected and not ready."""

    def __init__(self, inputs: Properties) -> None:
        self._group, self._probe = inputs["group"], inputs["probe"]
        self._seconds = patient(inputs["patienceSeconds"])
        self._since: dict[str, float] = {}

    def check(self, entries: Collection[Registration]) -> None:
        """Takes the VMs as they are now. Raises RolloutStoppedError for one that has had its time."""
        now = time.monotonic()
        waiting = [each for each in entries if each.connected and not each.ready(probe=self._probe)]
        self._since = {each.name: self._since.get(each.name, now) for each in waiting}
        for entry in waiting:
            if now - self._since[entry.name] >= self._seconds:
                raise RolloutStoppedError(
                    f"the rollout of group {self._group} stopped {self._seconds:g} s after a new VM "
                    f"connected: {entry.describe()}"
                )


class RegistrationWait:
    """Waits for a group's VMs; keeps the last response and reports the progress.

    With a `template` in the inputs, a cloud replaces VMs of other templates: only VMs of this one count. If
    `replacing`, the wait only ends when no other VM is left. `superseded` (address -> time of connection) are
    registrations that do not count because their VM is gone.
    """

    def __init__(
        self, inputs: Properties, superseded: Mapping[str, str], context: CallContext, *, replacing: bool
    ) -> None:
        self._inputs, self._superseded, self._replacing = inputs, superseded, replacing
        self._context = context
        self._progress = Progress(context, _PROGRESS_SECONDS)
        self.registrations = Registrations(
            inputs.get("kubeconfig"), inputs.get("context"), inputs["namespace"], inputs["group"]
        )
        self._trouble = ""
        self._patience = Patience(inputs)
        self._best = (0, 0)
        self.last: list[Registration] = []
        self.former: list[Registration] = []
        """VMs of other templates that are still connected."""

    def run(self, timeout: float) -> None:
        """Waits until it is done. A rollout that makes progress may take any time.

        Raises WaitTimeoutError after `timeout` seconds without progress, and RolloutStoppedError.
        """
        done = False
        while not done:
            done = self._context.wait_for(
                self._step, condition=self._condition(), timeout=timeout, interval=_ASK_SECONDS
            )[0]

    def done(self) -> bool:
        """Polls once. Returns whether enough VMs are ready. Raises RolloutStoppedError."""
        answered = self.poll()
        enough = len(self.ready()) >= self._inputs["minimum"] and not (self._replacing and self.former)
        if enough and answered:
            return True
        if self.former and answered:
            self._patience.check(self.last)
        self._report()
        return False

    def poll(self) -> bool:
        """Reads the registrations once. Returns whether the API server answered."""
        try:
            self._read()
            self._trouble = ""
        except ApiServerError as failure:
            self._trouble = str(failure)
        return not self._trouble

    def ready(self) -> list[Registration]:
        return [entry for entry in self.last if entry.ready(probe=self._inputs["probe"])]

    def known(self) -> list[str]:
        """What is known about the missing VMs, one line each."""
        minimum, ready = self._inputs["minimum"], len(self.ready())
        lines = [entry.describe() for entry in self.last if not entry.ready(probe=self._inputs["probe"])]
        if self._trouble:
            lines.append(f"cluster {self._inputs['clusterName']}: {self._trouble}")
        if minimum > len(self.last):
            lines.append(
                f"{ready} of {minimum} VMs are ready, {minimum - len(self.last)} did not register "
                f"with istiod of cluster {self._inputs['clusterName']}"
            )
        if self.former:
            new = f"{len(self.last) or 'no'} VM{'s' * (len(self.last) != 1)} of the new template"
            lines.append(f"{new} connected; {_names(self.former)} of an earlier template still serve")
        return lines

    def inspection_hints(self) -> list[str]:
        """The command that shows what the cloud does, if a VM is missing there."""
        command = self._inputs["inspection"]
        return [f"To see what the cloud does with the group's VMs: `{command}`"] if command else []

    def _read(self) -> None:
        template = self._inputs["template"]
        found = [entry for entry in self.registrations.read() if not self._is_superseded(entry)]
        self.last = [entry for entry in found if not template or entry.template == template]
        self.former = [entry for entry in found if entry not in self.last and entry.connected]
        for entry in self.last:
            if entry.connected and entry.correction is not None:
                self.registrations.correct(entry)

    def _step(self) -> tuple[bool] | None:
        """Whether it is done; None without progress since the best step so far."""
        if self.done():
            return (True,)
        step = (len(self.ready()), -len(self.former))
        if self._trouble or not self.former or step <= self._best:
            return None
        self._best = step
        return (False,)

    def _is_superseded(self, entry: Registration) -> bool:
        return self._superseded.get(entry.address) == entry.connected_at

    def _condition(self) -> str:
        minimum = self._inputs["minimum"]
        joined = f"{minimum} VM{'s' * (minimum != 1)} of group {self._inputs['group']} have joined the mesh"
        rolled = self._replacing and self._inputs["template"]
        return f"{joined}, all of the current template" if rolled else joined

    def _report(self) -> None:
        detail = "; ".join(self.known())
        self._progress.report(
            f"{len(self.ready())} of {self._inputs['minimum']} VMs ready{': ' + detail if detail else ''}"
        )


def _names(entries: list[Registration]) -> str:
    """Up to three names."""
    names = ", ".join(entry.name for entry in entries[:3])
    return f"{names} and {len(entries) - 3} more" if len(entries) > 3 else names
