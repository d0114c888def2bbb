"""What a VM says of itself, by one script in it: its units, files, certificates, clock and disks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from hybrid_mesh.model.plan.types import GroupPlan
from hybrid_mesh.model.texts.cloud_init import member_files
from hybrid_mesh.operate.doctor.proxies import ProxyEvidence, read_certificates, read_proxy
from hybrid_mesh.operate.shell import Machine

AGENT: Final = "istio.service"
IDENTITY: Final = "hybrid-mesh-identity.service"
IDENTITY_TIMER: Final = "hybrid-mesh-identity.timer"
HEALTH: Final = "hybrid-mesh-health.service"
LEAVE: Final = "hybrid-mesh-leave.service"
MEMBER_UNITS: Final = (AGENT, IDENTITY, IDENTITY_TIMER, HEALTH, LEAVE)
"""The units of every VM in the mesh that are looked at."""
MESH_FILE: Final = "/var/lib/istio/config/mesh"
ENVIRONMENT_FILE: Final = "/var/lib/istio/envoy/cluster.env"
HOSTS_FILE: Final = "/etc/hosts"
BOOT_HOSTS_FILE: Final = "/etc/hybrid-mesh/hosts"
"""What a VM writes into its HOSTS_FILE at each start of its agent."""
ROOT_FILE: Final = "/etc/certs/root-cert.pem"
CHAIN_FILE: Final = "/etc/certs/cert-chain.pem"
_SCRIPT: Final = (Path(__file__).parent / "machine_script.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Unit:
    """A systemd unit. `kind` is the Type of a service, `active` its ActiveState, `since` the time of its last
    change of state, `line` the last thing that it wrote, of one that has failed or is starting."""

    kind: str
    load: str
    active: str
    sub: str
    result: str
    restarts: int
    since: datetime | None
    line: str

    @property
    def is_done(self) -> bool:
        """Whether it ran once and is not meant to stay."""
        return self.kind == "oneshot" and self.active == "inactive" and self.result == "success"


@dataclass(frozen=True)
class Disk:
    """The file system of a folder, in bytes."""

    path: str
    size: int
    free: int
    inodes: int
    free_inodes: int
    read_only: bool


@dataclass(frozen=True)
class Absent:
    """A planned VM that does not run: its `state` is `starting`, `failed`, `stopped` or `absent`."""

    group: str
    state: str


@dataclass(frozen=True)
class MachineEvidence:
    """A VM that runs. Times are of this host's clock.

    `ahead`: by how much the VM's clock is ahead of this host's, at least and at most, in seconds. `up`: since
    when its system runs. `proxy` is None while Envoy does not answer. `roots` and `chain` are those of the
    agent's files. `token_ends` is None without a token. `user_data` is what it was created from; "" where
    that cannot be known. `hashes` are SHA-256 by path, None for a file that is not there; `written` is when
    files were written last. `health` is what its health endpoint answers: whether it is in service and the
    reason. `reached` says whether istiod answered, None if it was not asked. `rules` and `dns_rules`: whether
    traffic and DNS are redirected; None if the rules cannot be read. `identity` is why the token cannot be
    renewed, "" if it can.
    """

    group: str
    name: str
    address: str
    ahead: tuple[float, float]
    up: datetime
    units: Mapping[str, Unit]
    proxy: ProxyEvidence | None
    state: str
    """Envoy's own, `LIVE` in service; "" without an answer."""
    version: str
    """Of the agent that started Envoy; "" without an answer."""
    package: str
    roots: tuple[x509.Certificate, ...]
    chain: tuple[x509.Certificate, ...]
    token_ends: datetime | None
    token_written: datetime | None
    texts: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, str | None] = field(default_factory=dict)
    written: Mapping[str, datetime] = field(default_factory=dict)
    user_data: str = ""
    disks: tuple[Disk, ...] = ()
    available_memory: float = 1.0
    """Share of the memory."""
    ports: frozenset[int] = frozenset()
    health: tuple[bool, str] | None = None
    reached: bool | None = None
    reached_reason: str = ""
    rules: bool | None = None
    dns_rules: bool | None = None
    identity: str = ""
    identity_since: datetime | None = None

    def is_active(self, unit: str) -> bool:
        return unit in self.units and self.units[unit].active == "active"


def command(group: GroupPlan) -> list[str]:
    """What runs in each VM of `group`."""
    names = [*MEMBER_UNITS, *(unit.name for unit in group.config.application.units)]
    wanted = {"units": names, "files": list(member_files())}
    return ["python3", "-c", _SCRIPT, json.dumps(wanted)]


def read_machine(machine: Machine, text: str, asked: datetime, answered: datetime) -> MachineEvidence:
    """Reads what the script printed between `asked` and `answered`. Raises ValueError."""
    try:
        found = json.loads(text)
        return _read(machine, found, asked, answered)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"its answer cannot be read: {type(error).__name__}") from None


def _read(machine: Machine, found: Any, asked: datetime, answered: datetime) -> MachineEvidence:
    ahead = found["ended"] - answered.timestamp(), found["started"] - asked.timestamp()
    offset = 0.0 if ahead[0] <= 0 <= ahead[1] else ahead[0] if ahead[0] > 0 else ahead[1]

    def when(seconds: float | None) -> datetime | None:
        return None if seconds is None else datetime.fromtimestamp(seconds - offset, UTC)

    server, token, identity = found["server"] or {}, found["token"] or {}, found["identity"] or {}
    rules, memory = found["rules"] or {}, found["memory"]
    ends = token.get("ends")
    return MachineEvidence(
        group=machine.group,
        name=machine.name,
        address=machine.address,
        ahead=ahead,
        up=answered - timedelta(seconds=found["up"]),
        units={key: _unit(unit, when(unit["since"])) for key, unit in found["units"].items()},
        proxy=_proxy(found["secrets"]),
        state=server.get("state", ""),
        version=server.get("version", ""),
        package=found["package"],
        roots=read_certificates(found["texts"][ROOT_FILE]),
        chain=read_certificates(found["texts"][CHAIN_FILE]),
        token_ends=None if ends is None else datetime.fromtimestamp(ends, UTC),
        token_written=when(token.get("written")),
        texts={path: text for path, text in found["texts"].items() if text is not None},
        hashes=found["hashes"],
        written={path: at for path, each in found["times"].items() if (at := when(each))},
        user_data=found["userData"],
        disks=tuple(map(_disk, found["disks"])),
        available_memory=memory["available"] / memory["total"] if memory["total"] else 1.0,
        ports=frozenset(found["ports"]),
        health=None if found["health"] is None else (found["health"][0] == 200, found["health"][1]),
        reached=found["istiod"]["reached"],
        reached_reason=found["istiod"]["reason"],
        rules=rules.get("traffic"),
        dns_rules=rules.get("dns"),
        identity=identity.get("problem", ""),
        identity_since=when(identity.get("since")),
    )


def _unit(unit: Mapping[str, Any], since: datetime | None) -> Unit:
    named = {key: unit[key] for key in ("kind", "load", "active", "sub", "result", "restarts", "line")}
    return Unit(since=since, **named)


def _disk(disk: Mapping[str, Any]) -> Disk:
    return Disk(
        path=disk["path"],
        size=disk["size"],
        free=disk["free"],
        inodes=disk["inodes"],
        free_inodes=disk["freeInodes"],
        read_only=disk["readOnly"],
    )


def _proxy(page: str | None) -> ProxyEvidence | None:
    try:
        return None if page is None else read_proxy(page)
    except ValueError:
        return None
