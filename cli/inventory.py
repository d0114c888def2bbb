"""Reads the file of `hybrid-mesh bundle GROUP --hosts FILE`: the VMs of a group, one a line.

# name    address      [[user@]host of ssh]
rack1-a   10.40.3.7
rack1-b   10.40.3.8    admin@rack1-b.mgmt.example.com
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from pathlib import Path

from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.model.checks.formats import is_host_name
from hybrid_mesh.model.config.machines import StaticMachinesConfig
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan

FORM = "Write one VM a line: NAME ADDRESS [[USER@]HOST]. Comments begin with #."
_DESTINATION = re.compile(r"(?:ssh://)?(?:[^\s@-][^\s@]*@)?[^\s@-][^\s@]*")
"""What ssh cannot take for an option (`-oProxyCommand=…`, CVE-2017-1000117)."""


@dataclass(frozen=True)
class Host:
    """One VM: its name in the mesh, the IPv4 address at which the mesh reaches it, and how ssh reaches it."""

    name: str
    address: str
    destination: str


def read_inventory(file: Path, plan: MeshPlan, group: GroupPlan) -> tuple[Host, ...]:
    """The VMs in `file`. Raises CommandError with all its problems, each with its line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise CommandError(f"{file} cannot be read: {reason}.", FORM, WRONG) from None
    hosts: list[Host] = []
    problems: list[str] = []
    lines: dict[tuple[str, str], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.partition("#")[0].split()
        if not fields:
            continue
        if len(fields) not in (2, 3):
            problems.append(f"{file}:{number}: not NAME ADDRESS [[USER@]HOST] (got {len(fields)} fields)")
            continue
        host = Host(fields[0], fields[1], fields[2] if len(fields) > 2 else fields[1])
        found = [*_problems(host, plan, group), *_repeated(host, number, lines)]
        problems += [f"{file}:{number}: {problem}" for problem in found]
        hosts.append(host)
    if not hosts and not problems:
        problems.append(f"{file} lists no VM")
    if problems:
        raise CommandError("\n".join(problems), FORM, WRONG)
    return tuple(hosts)


def _problems(host: Host, plan: MeshPlan, group: GroupPlan) -> Iterator[str]:
    if not is_host_name(host.name):
        yield f"{host.name} is not a valid name (lower-case letters, digits, dashes and dots)"
    if _DESTINATION.fullmatch(host.destination) is None:
        yield f"{host.destination} is not a valid destination of ssh"
    try:
        address = IPv4Address(host.address)
    except AddressValueError:
        yield f"{host.address} is not a valid IPv4 address"
        return
    cidrs = plan.networks[group.network].config.cidrs
    if not any(address in cidr for cidr in cidrs):
        where = ", ".join(map(str, cidrs))
        yield f"{address} is outside the CIDR of network {group.network} ({where})"
    for name, cluster in plan.clusters.items():
        pods = cluster.pod_cidr if cluster.network == group.network else None
        if pods is not None and address in IPv4Network(pods):
            yield f"{address} is in the pod CIDR of cluster {name} ({pods})"
    for other in plan.groups.values():
        machines = other.config.machines if other.network == group.network else None
        if isinstance(machines, StaticMachinesConfig) and host.address in machines.addresses:
            yield f"{address} belongs to group {other.name}, and a server can be in one group only"


def _repeated(host: Host, number: int, lines: dict[tuple[str, str], int]) -> Iterator[str]:
    """Remembers in `lines` where each value was first."""
    values = (("name", host.name), ("address", host.address), ("destination", host.destination))
    for what, value in values:
        first = lines.setdefault((what, value), number)
        if first != number and not (what == "destination" and value == host.address):
            yield f"line {first} has the same {what} ({value})"
