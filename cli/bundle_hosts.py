"""Brings the VMs of an inventory into a workload group: writes a bundle for each, or installs it over ssh.

What has been done is read from the mesh: a VM that is registered and healthy is skipped, so an interrupted or
partly failed command is run again as it was.
"""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

from hybrid_mesh.cli.console import say
from hybrid_mesh.cli.deliveries import Deliver, Outcome, Result
from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.cli.inventory import Host
from hybrid_mesh.cli.pods import ClusterPods, Entry
from hybrid_mesh.local.patience import patient
from hybrid_mesh.model.plan.types import GroupPlan
from hybrid_mesh.operate.shell import NotReachableError, Registration

JOIN_SECONDS = 180
"""From the end of the installer, which has the VM's certificate, until the VM is registered and healthy."""
_ASK_SECONDS = 1.0


class Members:
    """The VMs that are registered with the group's cluster."""

    def __init__(self, cluster: ClusterPods, group: GroupPlan) -> None:
        self._cluster, self._group = cluster, group

    def check(self, hosts: Iterable[Host]) -> frozenset[Host]:
        """Those of `hosts` that have joined and are healthy. Raises CommandError if others have an address of
        theirs: a VM has one agent and is in one group."""
        try:
            entries = [one for one in self._cluster.entries() if one.network == self._group.network]
        except NotReachableError as error:
            raise CommandError(
                f"The cluster {self._group.cluster} has not reported which VMs have joined: {error}.",
                "Check that the stack is up and that you may list WorkloadEntries in the cluster.",
            ) from None
        taken = {entry.registration.address: entry for entry in entries if self._is_others(entry)}
        problems = [
            f"{host.address} ({host.name}) belongs to {_owner(taken[host.address])}"
            for host in hosts
            if host.address in taken
        ]
        if problems:
            raise CommandError(
                "\n".join(problems),
                "A VM can be in one group: list all its ports there, or run uninstall.sh on it first.",
                WRONG,
            )
        own = [entry.registration for entry in entries if self._is_own(entry)]
        ready = {one.address for one in own if not self.fault(one)}
        return frozenset(host for host in hosts if host.address in ready)

    def find(self) -> dict[str, Registration]:
        """The group's registrations by address; empty while the cluster does not answer."""
        try:
            found = self._cluster.registrations(self._group.namespace, self._group.name)
        except NotReachableError:
            return {}
        return {one.address: one for one in found}

    def fault(self, one: Registration | None) -> str:
        """Why a VM is not yet in service; empty if it is."""
        if one is None or not one.connected:
            return "it is not connected to istiod"
        if self._group.config.probe is None or one.healthy:
            return ""
        return f"its probe fails: {one.message}" if one.message else "its probe has not succeeded"

    def _is_own(self, entry: Entry) -> bool:
        return (entry.namespace, entry.group) == (self._group.namespace, self._group.name)

    def _is_others(self, entry: Entry) -> bool:
        return not self._is_own(entry) and (entry.registration.connected or not entry.group)


def _owner(entry: Entry) -> str:
    if entry.group:
        return f"group {entry.group} (namespace {entry.namespace})"
    return f"WorkloadEntry {entry.registration.name} (namespace {entry.namespace})"


def hand_over(
    hosts: Sequence[Host], members: Members, deliver: Deliver, *, parallel: int, again: bool, dry_run: bool
) -> list[Outcome]:
    """Brings each VM its bundle, at most `parallel` at a time, and waits until those that ran the installer
    are in service. The failure of one does not stop the others. The outcomes are in the order of `hosts`."""
    found = members.check(hosts)
    joined = frozenset() if again else found
    outcomes = {host: Outcome(host, Result.SKIPPED) for host in hosts if host in joined}
    missing = [host for host in hosts if host not in joined]
    if dry_run:
        outcomes |= {host: Outcome(host, Result.PLANNED) for host in missing}
    elif missing:
        outcomes |= _Run(members, deliver, len(missing)).run(missing, parallel)
    return [outcomes[host] for host in hosts]


class _Run:
    def __init__(self, members: Members, deliver: Deliver, total: int) -> None:
        self._members, self._deliver, self._total = members, deliver, total
        self._outcomes: dict[Host, Outcome] = {}
        self._waiting: dict[Host, tuple[Outcome, float]] = {}
        """VMs that ran the installer, and when to give up."""

    def run(self, hosts: Sequence[Host], parallel: int) -> dict[Host, Outcome]:
        with ThreadPoolExecutor(max_workers=parallel) as pool:
            running = {pool.submit(self._deliver, host): host for host in hosts}
            try:
                while running or self._waiting:
                    done = self._pause(running)
                    for future in done:
                        self._delivered(running.pop(future), future)
                    self._ask()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return self._outcomes

    def _pause(self, running: dict[Future[Outcome], Host]) -> set[Future[Outcome]]:
        if not running:
            time.sleep(_ASK_SECONDS)
            return set()
        limit = _ASK_SECONDS if self._waiting else None
        return wait(running, timeout=limit, return_when=FIRST_COMPLETED).done

    def _delivered(self, host: Host, future: Future[Outcome]) -> None:
        try:
            outcome = future.result()
        except CommandError as error:
            self._end(Outcome(host, Result.FAILED, error.message))
            return
        if outcome.result is Result.JOINED:
            say(f"    {host.name}: installed")
            self._waiting[host] = outcome, time.monotonic() + patient(JOIN_SECONDS)
        else:
            self._end(outcome)

    def _ask(self) -> None:
        if not self._waiting:
            return
        found = self._members.find()
        for host, (outcome, deadline) in list(self._waiting.items()):
            fault = self._members.fault(found.get(host.address))
            if fault and time.monotonic() < deadline:
                continue
            del self._waiting[host]
            self._end(replace(outcome, result=Result.FAILED, detail=fault) if fault else outcome)

    def _end(self, outcome: Outcome) -> None:
        self._outcomes[outcome.host] = outcome
        text = f"{outcome.result}: {outcome.detail}" if outcome.detail else outcome.result.value
        say(f"    {outcome.host.name}: {text} ({len(self._outcomes)} of {self._total})")
