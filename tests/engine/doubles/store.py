"""The world that the doubles share: what exists, what was called in which order, what shall fail.

One folder; every double of every command of a test reads and writes it. Files are written whole or appended
in one piece, so that several processes can.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

VARIABLE: Final = "HYBRID_MESH_DOUBLES"


@dataclass(frozen=True)
class Thing:
    """What exists: a resource of a cloud, an object of a cluster (`owner` is its API server), or a load
    balancer that a cluster made.
    """

    plugin: str
    type: str
    identity: str
    name: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    owner: str = ""


@dataclass(frozen=True)
class Call:
    """One call that changed something. `name` is the resource's Pulumi name."""

    operation: str
    plugin: str
    type: str
    name: str
    identity: str
    owner: str = ""


class World:
    """The folder. Make it with `World(folder)` in a test; a double finds it by `World.current()`."""

    signed_out: frozenset[str] = frozenset()
    """The clouds for which there are no credentials; of a world in memory only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("things", "claims", "dead"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def kubeconfig(self) -> Path:
        """The default kubeconfig, which a site puts next to its world and names in KUBECONFIG. Doubles in the
        test's process do not have that variable."""
        return self.folder.parent / "kubeconfig"

    @classmethod
    def current(cls) -> World:
        return cls(Path(os.environ[VARIABLE]))

    # what exists

    def put(self, thing: Thing) -> None:
        path = self._path(thing.plugin, thing.owner, thing.type, thing.identity)
        draft = path.with_suffix(f".{os.getpid()}-{id(thing)}")
        draft.write_text(json.dumps(thing.__dict__))
        draft.rename(path)

    def find(self, plugin: str, type_: str, identity: str, owner: str = "") -> Thing | None:
        return _read(self._path(plugin, owner, type_, identity))

    def drop(self, plugin: str, type_: str, identity: str, owner: str = "") -> None:
        self._path(plugin, owner, type_, identity).unlink(missing_ok=True)

    def things(self, plugin: str | None = None, owner: str | None = None) -> list[Thing]:
        found = (_read(path) for path in sorted((self.folder / "things").glob("*.json")))
        return [
            thing
            for thing in found
            if thing and plugin in (None, thing.plugin) and owner in (None, thing.owner)
        ]

    def of_type(self, type_: str) -> list[Thing]:
        return [thing for thing in self.things() if thing.type == type_]

    def _path(self, *key: str) -> Path:
        return self.folder / "things" / f"{hashlib.sha256('|'.join(key).encode()).hexdigest()[:24]}.json"

    # what was called

    def record(self, call: Call) -> None:
        with (self.folder / "calls.jsonl").open("a") as file:
            file.write(json.dumps(call.__dict__) + "\n")

    def calls(self, operation: str | None = None) -> list[Call]:
        """In the order in which they ended."""
        try:
            lines = (self.folder / "calls.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return []
        found = [Call(**json.loads(line)) for line in lines]
        return [call for call in found if operation in (None, call.operation)]

    def forget_calls(self) -> None:
        (self.folder / "calls.jsonl").unlink(missing_ok=True)

    # what shall fail

    def fail(self, operation: str, name: str, message: str = "quota exceeded") -> None:
        """Lets `operation` of the resource `name` fail until `repair()`."""
        (self.folder / "faults.json").write_text(json.dumps({f"{operation} {name}": message}))

    def repair(self) -> None:
        (self.folder / "faults.json").unlink(missing_ok=True)

    def fault(self, operation: str, name: str) -> str | None:
        try:
            faults = json.loads((self.folder / "faults.json").read_text())
        except FileNotFoundError:
            return None
        message: str | None = faults.get(f"{operation} {name}")
        return message

    # clusters' API servers

    def offer(self, endpoints: Mapping[str, list[dict[str, str]]]) -> None:
        """The API servers that clusters may get, by plug-in: `server` (URL) and `authority` (PEM)."""
        (self.folder / "endpoints.json").write_text(json.dumps(endpoints))

    def claim(self, plugin: str) -> dict[str, str]:
        """An API server that no cluster had before."""
        offered: list[dict[str, str]] = json.loads((self.folder / "endpoints.json").read_text())[plugin]
        for endpoint in offered:
            try:
                (self.folder / "claims" / _digest(endpoint["server"])).touch(exist_ok=False)
            except FileExistsError:
                continue
            return endpoint
        raise AssertionError(f"every API server of {plugin} had a cluster already")

    def kill(self, server: str) -> None:
        """The API server does not answer any more."""
        (self.folder / "dead" / _digest(server)).touch()

    def revive(self, server: str) -> None:
        (self.folder / "dead" / _digest(server)).unlink(missing_ok=True)

    def dead(self, server: str) -> bool:
        return (self.folder / "dead" / _digest(server)).exists()

    # addresses

    def fix_addresses(self, addresses: Mapping[str, str]) -> None:
        """What reserved addresses shall be, by the resource's Pulumi name."""
        (self.folder / "addresses.json").write_text(json.dumps(dict(addresses)))

    def fixed_address(self, name: str) -> str | None:
        try:
            found: str | None = json.loads((self.folder / "addresses.json").read_text()).get(name)
        except FileNotFoundError:
            return None
        return found

    # load balancers that clusters make

    def balancers(self) -> list[Thing]:
        return self.things("balancer")


def texts(value: Any) -> Iterator[str]:
    """Every text anywhere in `value`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def _digest(server: str) -> str:
    return hashlib.sha256(server.encode()).hexdigest()[:16]


def _read(path: Path) -> Thing | None:
    try:
        return Thing(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
