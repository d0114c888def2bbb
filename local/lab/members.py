"""The members of one kind, clusters or VMs: starts, restarts and removes them."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import Generic, Protocol, TypeVar

from hybrid_mesh.local.lab.errors import LabError, refuse_other_owner
from hybrid_mesh.local.lab.networks import Member, Networks
from hybrid_mesh.local.lab.operations import DELETE_SECONDS, START_SECONDS
from hybrid_mesh.local.lab.preflight import check_network
from hybrid_mesh.local.lab.services import LabServices
from hybrid_mesh.local.lab.specs import ClusterSpec, MachineSpec, MemberState, Report
from hybrid_mesh.local.lab.starts import Start, Starts
from hybrid_mesh.local.lab.state import ClusterRecord, LabState, MachineRecord
from hybrid_mesh.local.linux.mounts import remove_tree
from hybrid_mesh.local.linux.waiting import until

SETTLE_INTERVAL = 0.1


class Part(Protocol):
    """What runs for a member."""

    def start(self, report: Report) -> None:
        """Returns when it is ready. Raises LabError or OSError."""

    def stop(self) -> None:
        """Ends it at once, also during a start; its disk stays."""

    def remove(self) -> None:
        """Ends it and removes everything that it has outside its folder. Raises LabError or OSError."""


Spec = TypeVar("Spec", ClusterSpec, MachineSpec)
Record = TypeVar("Record", ClusterRecord, MachineRecord)
Running = TypeVar("Running", bound=Part)


@dataclass(frozen=True)
class Kind(Generic[Spec, Record, Running]):
    """How members of one kind are created. `build` gets a record and its place in the networks. `amend` takes
    other settings for a member that runs, and returns whether it can; `renewed` is called when a member gets
    a new disk."""

    noun: str
    records: dict[str, Record]
    add: Callable[[Spec], Record]
    build: Callable[[Record, Member], Running]
    amend: Callable[[Record, Spec], bool] = field(default=lambda *_: False)
    renewed: Callable[[Record], None] = field(default=lambda _: None)


class Members(Generic[Spec, Record, Running]):
    """Starts, restarts and removes the members of one kind. Safe to call from many threads: operations on one
    name wait for each other."""

    def __init__(
        self,
        kind: Kind[Spec, Record, Running],
        *,
        state: LabState,
        networks: Networks,
        services: LabServices,
        log: Report,
    ) -> None:
        self._kind: Kind[Spec, Record, Running] = kind
        self._state = state
        self._networks = networks
        self._services = services
        self._starts = Starts(log)
        self._locks: defaultdict[str, RLock] = defaultdict(RLock)
        self.running: dict[str, Running] = {}

    def restore(self) -> None:
        """Begins to start all members of the saved state at the same time."""
        for record in list(self._kind.records.values()):
            self._begin(record, None)

    def record(self, name: str) -> Record | None:
        return self._kind.records.get(name)

    def status(self, name: str) -> tuple[MemberState, str]:
        """The state of a member, and its last report or error."""
        return self._starts.state(self._key(name))

    def ensure(self, spec: Spec, report: Report, *, amend: bool = False) -> Record:
        """The member of that name, created if it does not exist; returns when it is ready. With `amend`, one
        with other settings takes these for its renewal, if it can. Raises LabError."""
        with self._locks[spec.name]:
            record = self._find(spec, amend=amend)
            if record is None:
                check_network(spec.network)
                record = self._kind.add(spec)
            start = self._begin(record, report)
        start.wait(START_SECONDS)
        return record

    def renew(self, name: str, report: Report) -> Record:
        """Creates a member again from its settings: with its name and addresses, and nothing that was on its
        disk. Returns when it is ready. Raises LabError or OSError."""
        with self._locks[name]:
            record = self._kind.records.get(name)
            if record is None:
                raise LabError(f"the lab has no {self._kind.noun} {name}")
            self._end(record)
            self._kind.renewed(record)
            start = self._begin(record, report)
        start.wait(START_SECONDS)
        return record

    def delete(self, name: str) -> None:
        """Removes a member and everything in it, if it exists. Raises LabError or OSError."""
        with self._locks[name]:
            record = self._kind.records.get(name)
            if record is not None:
                self._remove(record)

    def _find(self, spec: Spec, *, amend: bool) -> Record | None:
        """The record of that name; one without an owner gets that of `spec`. One with other settings that
        never became ready is removed. Raises LabError when it belongs to another stack."""
        record = self._kind.records.get(spec.name)
        if record is None:
            return None
        what = f"{self._kind.noun} {spec.name}"
        refuse_other_owner(what, record.spec.owner, spec.owner)
        if record.spec == spec:
            if spec.owner is not None:
                self._state.adopt(record, spec.owner)
            return record
        if amend and record.was_ready and self._kind.amend(record, spec):
            return record
        if self.status(spec.name)[0] != "failed" or record.was_ready:
            raise LabError(
                f"{what} already exists with different settings; "
                f"run `hybrid-mesh lab delete {spec.name}`, then try again"
            )
        self._remove(record)
        return None

    def _begin(self, record: Record, report: Report | None) -> Start:
        return self._starts.begin(self._key(record.spec.name), lambda log: self._start(record, log), report)

    def _start(self, record: Record, report: Report) -> None:
        name = record.spec.name
        if failed := self.running.pop(name, None):
            failed.stop()
        self._networks.leave(record.member)
        member = self._networks.join(
            record.member, record.spec.network, record.lan_address, record.wan_address, record.pod_cidr
        )
        self._services.serve_lan(record.spec.network)
        part = self.running[name] = self._kind.build(record, member)
        part.start(report)
        self._state.remember_ready(record)

    def _remove(self, record: Record) -> None:
        self._end(record)
        self._state.forget(record)
        self._services.leave_lan(record.spec.network)

    def _end(self, record: Record) -> None:
        """Ends a member and removes its disk."""
        name = record.spec.name

        def settled() -> bool:
            if starting := self.running.get(name):
                starting.stop()
            return self._starts.settled(self._key(name), SETTLE_INTERVAL)

        until(settled, DELETE_SECONDS / 2, f"{self._key(name)} is starting and cannot be stopped", every=0)
        if part := self.running.pop(name, None):
            part.remove()
        self._starts.forget(self._key(name))
        self._networks.leave(record.member)
        remove_tree(self._state.member_folder(record))

    def _key(self, name: str) -> str:
        return f"{self._kind.noun} {name}"
