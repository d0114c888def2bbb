"""What the lab remembers across power cuts: its members, their incarnations, addresses and ports."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock

from local.lab import addressing
from local.lab.errors import LabError
from local.lab.specs import ClusterSpec, MachineSpec, NetworkSpec, from_json, to_json


@dataclass
class ClusterRecord:
    """`number`: the cluster's WAN range; `index`: its node's place in the LAN; `ports`: loopback port by
    what it leads to ("api" or "namespace/service:port")."""

    spec: ClusterSpec
    instance_id: str
    number: int
    index: int
    ports: dict[str, int] = field(default_factory=dict)

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
    spec: MachineSpec
    instance_id: str
    number: int
    index: int

    @property
    def lan_address(self) -> str:
        return addressing.lan_machine(self.spec.network.cidr, self.index)

    @property
    def wan_address(self) -> str:
        return addressing.wan_machine(self.number)


def lab_folder(state: Path) -> Path:
    return state / "lab"


class LabState:
    """The file `lab.json` of a lab folder. Every change is on disk before it is acted on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = RLock()
        self.clusters: dict[str, ClusterRecord] = {}
        self.machines: dict[str, MachineRecord] = {}
        self._load()

    @property
    def empty(self) -> bool:
        return not self.clusters and not self.machines

    def cluster_folder(self, name: str) -> Path:
        return self.folder / "clusters" / name

    def machine_folder(self, name: str) -> Path:
        return self.folder / "machines" / name

    def add_cluster(self, spec: ClusterSpec, api_port: int) -> ClusterRecord:
        with self.lock:
            self._check_network(spec.network)
            number = addressing.lowest_free({record.number for record in self.clusters.values()}, 1)
            neighbours = [one for one in self.clusters.values() if one.spec.network.cidr == spec.network.cidr]
            index = addressing.lowest_free({record.index for record in neighbours}, 0)
            record = ClusterRecord(spec, secrets.token_hex(8), number, index, {"api": api_port})
            addressing.wan_node(number)
            addressing.lan_node(spec.network.cidr, index)
            self.clusters[spec.name] = record
            self.save()
            return record

    def add_machine(self, spec: MachineSpec) -> MachineRecord:
        with self.lock:
            self._check_network(spec.network)
            number = addressing.lowest_free({record.number for record in self.machines.values()}, 1)
            neighbours = [one for one in self.machines.values() if one.spec.network.cidr == spec.network.cidr]
            index = addressing.lowest_free({record.index for record in neighbours}, 0)
            record = MachineRecord(spec, secrets.token_hex(8), number, index)
            addressing.wan_machine(number)
            addressing.lan_machine(spec.network.cidr, index)
            self.machines[spec.name] = record
            self.save()
            return record

    def ports(self) -> set[int]:
        """Every loopback port that some cluster has."""
        with self.lock:
            return {port for record in self.clusters.values() for port in record.ports.values()}

    def forget_cluster(self, name: str) -> None:
        with self.lock:
            self.clusters.pop(name, None)
            self.save()

    def forget_machine(self, name: str) -> None:
        with self.lock:
            self.machines.pop(name, None)
            self.save()

    def remove(self) -> None:
        """Removes the whole folder, once the last member is gone."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def save(self) -> None:
        with self.lock:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            text = json.dumps(
                {"version": 1, "clusters": _dump(self.clusters), "machines": _dump(self.machines)}
            )
            draft = self.folder / "lab.json.new"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / "lab.json")

    def _load(self) -> None:
        path = self.folder / "lab.json"
        if not path.exists():
            return
        try:
            content = json.loads(path.read_text())
            for name, value in content["clusters"].items():
                self.clusters[name] = from_json(ClusterRecord, value)
            for name, value in content["machines"].items():
                self.machines[name] = from_json(MachineRecord, value)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LabError(f"{path} cannot be read ({error}); remove the folder {self.folder}") from error

    def _check_network(self, network: NetworkSpec) -> None:
        for other in self._networks():
            if other.name == network.name and other != network:
                raise LabError(
                    f"network {network.name} is {network} here but {other} for members that are up; "
                    "all members of a network must describe it alike"
                )
            if other.name != network.name and other.cidr == network.cidr:
                raise LabError(f"networks {network.name} and {other.name} have the same range {network.cidr}")

    def _networks(self) -> Iterator[NetworkSpec]:
        for cluster in self.clusters.values():
            yield cluster.spec.network
        for machine in self.machines.values():
            yield machine.spec.network


def _dump(records: dict[str, ClusterRecord] | dict[str, MachineRecord]) -> dict[str, object]:
    return {name: to_json(record) for name, record in records.items()}
