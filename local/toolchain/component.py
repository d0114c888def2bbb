"""A component of the toolchain, and the key under which its result is kept."""

import enum
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Lane(enum.Enum):
    """What a recipe keeps busy, so that the builder knows what may run side by side."""

    GO = "go"
    """The compiler, which uses every core."""
    OTHER = "other"
    """Downloads, unpacking and copying."""


class Task(Protocol):
    """What a recipe is given."""

    @property
    def output(self) -> Path:
        """The empty folder to fill."""

    @property
    def scratch(self) -> Path:
        """An empty folder that is dropped afterwards."""

    def need(self, name: str) -> Path:
        """The finished folder of another component."""

    def run(
        self, command: list[str], *, folder: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Run a command to its end with its output in the component's log. Raises `RecipeError`."""

    def ask(
        self, command: list[str], *, folder: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> str:
        """Run a command to its end and answer its standard output. Raises `RecipeError`."""


@dataclass(frozen=True)
class Component:
    """Something that is built once for given inputs.

    `inputs` and the keys of `needs` decide the key. `tools` are components that are only needed while it is
    built: they do not change its key. `download` fetches what the recipe will need while another component
    compiles: it may fail or come too late. `seconds` is about how long it takes on two cores, for the
    estimate of what is left.
    """

    name: str
    recipe: Callable[[Task], None]
    inputs: Mapping[str, str]
    needs: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    download: Callable[[Task], None] | None = None
    lane: Lane = Lane.OTHER
    seconds: float = 2


@dataclass(frozen=True)
class Catalogue:
    """All components by name, and their keys (16 hexadecimal digits)."""

    components: Mapping[str, Component]
    keys: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        keys: dict[str, str] = {}
        for name in self.components:
            self._add_key(name, keys)
        object.__setattr__(self, "keys", keys)

    @classmethod
    def of(cls, components: Iterable[Component]) -> "Catalogue":
        return cls({component.name: component for component in components})

    def _add_key(self, name: str, keys: dict[str, str]) -> str:
        if name not in keys:
            component = self.components[name]
            needs = {need: self._add_key(need, keys) for need in component.needs}
            text = json.dumps(
                {"name": name, "inputs": dict(component.inputs), "needs": needs}, sort_keys=True
            )
            keys[name] = hashlib.sha256(text.encode()).hexdigest()[:16]
        return keys[name]


def text_of(*files: Path) -> str:
    """The digest of the files' texts, as the input of a recipe that these files are."""
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
