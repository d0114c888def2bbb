"""The saved state of the lab: its members, their incarnations, addresses and ports."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from threading import RLock
from typing import TypeVar

from hybrid_mesh.local.lab import addressing
from hybrid_mesh.local.lab.encoding import decode, encode
from hybrid_mesh.local.lab.errors import LabEnding, LabError
from hybrid_mesh.local.lab.specs import ClusterSpec, MachineSpec, NetworkSpec, Owner
from hybrid_mesh.local.linux.files import write_durably

VERSION = 1
_BEGIN_ANEW = "run `hybrid-mesh lab down --forget` to start over"


@dataclass
class ClusterRecord:
    """`number`: selects the cluster's WAN CIDR; `index`: its node's address in the LAN; `ports`: loopback
    port by subject ("api" or "namespace/service:port"); `was_ready`: at any time since it was created."""

    spec: ClusterSpec
    instance_id: str
    number: int
    index: int
    ports: dict[str, int] = field(default_factory=dict)
    was_ready: bool = False

    @property
    def member(self) -> str:
        """Its name in the lab's networks."""
        return f"node-{self.spec.name}"

    @property
    def pod_cidr(self) -> str | None:
        return self.spec.pod_cidr

    @property
    def lan_address(self) -> str:
        return addressing.lan_node(self.spec.network.cidr, self.index)

    @property
    def wan_address(self) -> str:
        return addressing.wan_node(self.number)

    @property
    def gateway_address(self) -> str:
        return addressing.wan_gateway(self.number)


@dataclass
class MachineRecord:
    """`number`: selects its address in the WAN; `index`: in the LAN; `was_ready`: at any time since it was
    created; `created_from`: a hash of the user-data that its disk was created from, "" if it is that of
    `spec`."""

    spec: MachineSpec
    instance_id: str
    number: int
    index: int
    was_ready: bool = False
    created_from: str = ""

    @property
    def outdated(self) -> bool:
        return self.created_from not in ("", _hash(self.spec.user_data))

    @property
    def member(self) -> str:
        """Its name in the lab's networks."""
        return f"machine-{self.spec.name}"

    @property
    def pod_cidr(self) -> str | None:
        return None

    @property
    def lan_address(self) -> str:
        return addressing.lan_machine(self.spec.network.cidr, self.index)

    @property
    def wan_address(self) -> str:
        return addressing.wan_machine(self.number)


Record = ClusterRecord | MachineRecord
AnyRecord = TypeVar("AnyRecord", ClusterRecord, MachineRecord)


@dataclass
class _Saved:
    """The content of the file."""

    clusters: dict[str, ClusterRecord]
    machines: dict[str, MachineRecord]
    version: int = VERSION


def lab_folder(state: Path) -> Path:
    return state / "lab"


class LabState:
    """The file `lab.json` of a lab folder. Every change is on disk before it is acted on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = RLock()
        self.clusters: dict[str, ClusterRecord] = {}
        self.machines: dict[str, MachineRecord] = {}
        self.closed = False
        self._load()

    @property
    def empty(self) -> bool:
        return not self.clusters and not self.machines

    def close_when_empty(self) -> bool:
        """If there is no member, refuses new ones; returns whether it does."""
        with self.lock:
            self.closed = self.closed or self.empty
            return self.closed

    def cluster_folder(self, name: str) -> Path:
        return self.folder / "clusters" / name

    def machine_folder(self, name: str) -> Path:
        return self.folder / "machines" / name

    def member_folder(self, record: Record) -> Path:
        kind = self.cluster_folder if isinstance(record, ClusterRecord) else self.machine_folder
        return kind(record.spec.name)

    def add_cluster(self, spec: ClusterSpec, api_port: int) -> ClusterRecord:
        with self.lock:
            self._check(spec.network)
            number = addressing.lowest_free({record.number for record in self.clusters.values()}, 1)
            neighbours = [one for one in self.clusters.values() if one.spec.network.cidr == spec.network.cidr]
            index = addressing.lowest_free({record.index for record in neighbours}, 0)
            record = ClusterRecord(spec, secrets.token_hex(8), number, index, {"api": api_port})
            addressing.wan_node(number)
            addressing.lan_node(spec.network.cidr, index)
            self._add(self.clusters, record)
            return record

    def add_machine(self, spec: MachineSpec) -> MachineRecord:
        with self.lock:
            self._check(spec.network)
            number = addressing.lowest_free({record.number for record in self.machines.values()}, 1)
            neighbours = [one for one in self.machines.values() if one.spec.network.cidr == spec.network.cidr]
            index = addressing.lowest_free({record.index for record in neighbours}, 0)
            record = MachineRecord(spec, secrets.token_hex(8), number, index)
            addressing.wan_machine(number)
            addressing.lan_machine(spec.network.cidr, index)
            self._add(self.machines, record)
            return record

    def ports(self) -> set[int]:
        """All loopback ports of all clusters."""
        with self.lock:
            return {port for record in self.clusters.values() for port in record.ports.values()}

    def forget(self, record: Record) -> None:
        records = self.clusters if isinstance(record, ClusterRecord) else self.machines
        with self.lock:
            records.pop(record.spec.name, None)
            self.save()

    def remember_ready(self, record: Record) -> None:
        with self.lock:
            if not record.was_ready:
                record.was_ready = True
                self.save()

    def adopt(self, record: Record, owner: Owner) -> None:
        """Records the owner of a member that has none, because an earlier version created it."""
        with self.lock:
            if record.spec.owner is not None:
                return
            if isinstance(record, ClusterRecord):
                record.spec = replace(record.spec, owner=owner)
            else:
                record.spec = replace(record.spec, owner=owner)
            self.save()

    def amend_machine(self, record: MachineRecord, spec: MachineSpec) -> bool:
        """Records new user-data, which the VM gets when it is renewed. Returns whether nothing else
        differs."""
        amended = replace(record.spec, user_data=spec.user_data)
        if amended != spec:
            return False
        with self.lock:
            record.created_from = record.created_from or _hash(record.spec.user_data)
            record.spec = amended
            self.save()
        return True

    def renewed_machine(self, record: MachineRecord) -> None:
        """Records that a VM gets a new disk."""
        with self.lock:
            record.created_from = ""
            self.save()

    def owners(self) -> set[Owner]:
        """The stacks that have members here."""
        return {record.spec.owner for record in self.records() if record.spec.owner is not None}

    def records(self) -> list[Record]:
        """Every member."""
        with self.lock:
            return [*self.clusters.values(), *self.machines.values()]

    def remove(self) -> None:
        """Removes the whole folder, once the last member is gone."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def save(self) -> None:
        """Raises LabError when the file cannot be written."""
        path = self.folder / "lab.json"
        with self.lock:
            text = json.dumps(encode(_Saved(self.clusters, self.machines)))
            try:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                write_durably(path, text.encode())
            except OSError as error:
                raise LabError(
                    f"{path} cannot be written ({error.strerror}): make room on its disk, then try again"
                ) from error

    def _add(self, records: dict[str, AnyRecord], record: AnyRecord) -> None:
        """Adds a member, unless it cannot be saved. Raises LabError."""
        records[record.spec.name] = record
        try:
            self.save()
        except LabError:
            del records[record.spec.name]
            raise

    def _load(self) -> None:
        path = self.folder / "lab.json"
        if not path.exists():
            return
        try:
            saved = decode(_Saved, json.loads(path.read_text()))
        except (ValueError, TypeError) as error:
            raise LabError(f"{path} cannot be read ({error}); {_BEGIN_ANEW}") from error
        if saved.version != VERSION:
            raise LabError(f"{path} has version {saved.version}, not {VERSION}; {_BEGIN_ANEW}")
        self.clusters, self.machines = saved.clusters, saved.machines

    def _check(self, network: NetworkSpec) -> None:
        if self.closed:
            raise LabEnding("the lab is ending")
        for other in self._networks():
            if other.name == network.name and other != network:
                raise LabError(
                    f"network {network.name} has {_differences(network, other)}; "
                    "all members of a network must have the same settings"
                )
            if other.name != network.name and other.cidr == network.cidr:
                raise LabError(f"networks {network.name} and {other.name} have the same CIDR {network.cidr}")

    def _networks(self) -> Iterator[NetworkSpec]:
        for record in self.records():
            yield record.spec.network


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _differences(network: NetworkSpec, other: NetworkSpec) -> str:
    """As "direct True, but its members have False"."""
    names = [each.name for each in fields(NetworkSpec) if each.name != "name"]
    return ", ".join(
        f"{name} {getattr(network, name)}, but its members have {getattr(other, name)}"
        for name in names
        if getattr(network, name) != getattr(other, name)
    )
