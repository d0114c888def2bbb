"""What one lab could leave behind on the host, read before and after."""

import contextlib
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from hybrid_mesh.local.linux import cgroups
from tests.waiting import eventually

Traces = dict[str, set[str]]
PLACES = (
    "/etc/cni",
    "/opt/cni",
    "/opt/containerd",
    "/run/containerd",
    "/run/hybrid-mesh",
    "/run/lock",
    "/run/netns",
    "/run/systemd/nspawn",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
    "/usr/libexec/kubernetes",
)
"""Where kubelet, containerd, CNI, iptables and systemd-nspawn keep notes unless they are kept from it."""


def traces(state: Path) -> Traces:
    """By kind: what of the host any lab could change, and what of cgroups and processes the lab on `state`
    has."""
    name = cgroups.lab_name(state)
    return {
        "mounts": {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()},
        "network namespaces": _lines("ip", "netns", "list"),
        "links": _lines("ip", "-o", "-br", "link"),
        "addresses": _lines("ip", "-o", "-br", "address"),
        "routes": _lines("ip", "route", "show", "table", "all"),
        "firewall": _lines("iptables-save") | _lines("nft", "list", "ruleset"),
        "files": {str(path) for place in PLACES for path in Path(place).rglob("*")},
        "own cgroups": {str(hierarchy / name) for hierarchy in cgroups.hierarchies()} & _cgroups(),
        "own processes": {f"{number} {' '.join(words)[:120]}" for number, words in processes(state)},
    }


def assert_nothing_left(before: Traces, state: Path) -> None:
    """The host is as it was, within a moment."""

    def clean() -> bool:
        now = traces(state)
        if left := {kind: added for kind, found in now.items() if (added := found - before[kind])}:
            raise AssertionError(left)
        return True

    eventually("the host is as it was", clean, 20, passing=AssertionError)


def processes(state: Path) -> Iterator[tuple[int, list[str]]]:
    """The number and words of the host's processes of the lab on `state`: its watchdog, init and server, and
    what runs with a file of its folder."""
    for number, words in command_lines():
        of_the_lab = "hybrid_mesh.local.lab.watchdog" in words and str(state) in words
        if of_the_lab or any(f"{state}/lab/" in word for word in words):
            yield number, words


def command_lines() -> Iterator[tuple[int, list[str]]]:
    """Of every process of the host: its number and the words it was started with."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield int(path.parent.name), path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue


def listening_sockets(numbers: Iterable[int]) -> Iterator[tuple[str, int]]:
    """Address and port of each TCP socket that these processes listen on in the host's network namespace, and
    the name of each abstract Unix socket (which other users could reach) with port 0."""
    inodes = set()
    for number in numbers:
        for descriptor in Path(f"/proc/{number}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    for line in [*_table("tcp"), *_table("tcp6")]:
        if line[3] == "0A" and line[9] in inodes:  # TCP_LISTEN of tcp_states.h
            address, port = line[1].split(":")
            yield ".".join(str(byte) for byte in reversed(bytes.fromhex(address))), int(port, 16)
    for line in _table("unix"):
        if line[6] in inodes and line[7:] and line[7].startswith("@"):
            yield line[7], 0


def _table(name: str) -> list[list[str]]:
    return [line.split() for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]


def _cgroups() -> set[str]:
    return {str(hierarchy / name) for hierarchy in cgroups.hierarchies() for name in cgroups.labs()}


def _lines(*command: str) -> set[str]:
    try:
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return set()
    return {line for line in text.splitlines() if line and not line.startswith("#")}
