"""What an installed Pulumi SDK knows of a resource type: its inputs, its outputs, and what it requires.

The SDKs are generated, always in one form, and big: importing `pulumi_gcp.compute` costs seconds. So the text
of the one class that is asked for is read instead, and kept for the life of the process.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from hybrid_mesh.plugins.framework.values import UNKNOWN

_ARGUMENT: Final = re.compile(r"^ {17}(\w+): (pulumi\.Input\[.+?\])( = None)?[,)]", re.MULTILINE)
_GETTER: Final = re.compile(
    r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?: +@.*\n)* +def (\w+)\(self\) -> (.+):\n', re.MULTILINE
)
_CLASS_END: Final = re.compile(r"^(?:class|@pulumi)", re.MULTILINE)
_NESTED: Final = re.compile(r"'(?:\w+\.)?(\w+Args)'")


class UnknownTypeError(Exception):
    """The SDK has no such resource or function."""


@dataclass(frozen=True)
class Field:
    """One property. `shape` is "list", "map", "object" or the name of a plain type; `nested` the class of its
    objects. `optional` outputs are absent unless a program gives them.
    """

    shape: str
    optional: bool
    nested: str = ""


Fields = Mapping[str, Field]


@dataclass(frozen=True)
class ResourceType:
    """The properties of one type by their names on the wire. `module` is the folder of its nested classes."""

    inputs: Fields
    outputs: Fields
    module: Path

    def problems(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Path and reason of everything in `inputs` that the type does not take."""
        yield from _problems(self.inputs, inputs, "", self.module)

    def computed(self, inputs: Mapping[str, Any]) -> dict[str, Field]:
        """The outputs that only the cloud knows."""
        return {
            name: field for name, field in self.outputs.items() if name not in inputs and not field.optional
        }


@cache
def resource_type(token: str) -> ResourceType:
    """The type of a token such as `gcp:compute/network:Network`. Raises UnknownTypeError."""
    source, name = _source(token)
    resource = _class_text(source, f"class {name}(pulumi.CustomResource):")
    if resource is None:
        raise UnknownTypeError(f"the SDK has no resource type {token}")
    arguments = _class_text(source, f"class {name}Args:") or ""
    return ResourceType(_inputs(arguments), _outputs(resource), source.parent)


@cache
def provider_inputs(package: str) -> Fields:
    """The inputs of the package's provider resource."""
    return _inputs(_class_text(_root(package) / "provider.py", "class ProviderArgs:") or "")


@cache
def _nested(module: Path, name: str) -> Fields:
    return _inputs(_class_text(module / "_inputs.py", f"class {name}:") or "")


def _inputs(text: str) -> Fields:
    names = {python: wire or python for wire, python, _ in _GETTER.findall(text)}
    return {
        names.get(python, python): _field(annotation, optional=bool(default))
        for python, annotation, default in _ARGUMENT.findall(text)
    }


def _outputs(text: str) -> Fields:
    return {
        wire or python: _field(annotation, optional="Output[Optional[" in annotation)
        for wire, python, annotation in _GETTER.findall(text)
    }


def _field(annotation: str, *, optional: bool) -> Field:
    plain = re.sub(r"pulumi\.(?:Input|Output)\[|Optional\[|Union\[|_builtins\.", "", annotation)
    nested = _NESTED.search(plain)
    if plain.startswith("Sequence"):
        shape = "list"
    elif plain.startswith("Mapping"):
        shape = "map"
    else:
        shape = "object" if plain.startswith("'") else re.split(r"\W", plain)[0]
    return Field(shape, optional, nested[1] if nested else "")


def _problems(
    fields: Fields, given: Mapping[str, Any], where: str, module: Path
) -> Iterator[tuple[str, str]]:
    for name, value in given.items():
        if name == "__defaults":
            continue
        path = f"{where}.{name}" if where else name
        field = fields.get(name)
        if field is None:
            yield path, f"the SDK knows no such property; it knows {', '.join(sorted(fields))}"
        elif value is not None and value is not UNKNOWN:
            yield from _misshapen(field, value, path, module)
    for name, field in fields.items():
        if not field.optional and given.get(name) is None:
            yield f"{where}.{name}" if where else name, "is required"


def _misshapen(field: Field, value: Any, path: str, module: Path) -> Iterator[tuple[str, str]]:
    wanted = {"list": list, "map": dict, "object": dict}.get(field.shape)
    if (wanted is not None and not isinstance(value, wanted)) or (
        wanted is None and field.shape in ("str", "int", "float", "bool") and isinstance(value, dict | list)
    ):
        yield path, f"must be a {field.shape}, not {type(value).__name__}"
    elif field.nested and field.shape != "map":
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            inner = f"{path}[{index}]" if isinstance(value, list) else path
            if isinstance(item, dict):
                yield from _problems(_nested(module, field.nested), item, inner, module)


def _source(token: str) -> tuple[Path, str]:
    package, _, rest = token.partition(":")
    place, _, name = rest.partition(":")
    module = _root(package) / place.partition("/")[0] if not place.startswith("index") else _root(package)
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    likely = module / f"{snake}.py"
    if likely.is_file() and f"'{token}'" in likely.read_text():
        return likely, name
    for candidate in sorted(module.glob("*.py")) if module.is_dir() else ():
        if f"'{token}'" in candidate.read_text():
            return candidate, name
    raise UnknownTypeError(f"the SDK has no type {token}")


def _root(package: str) -> Path:
    found = importlib.util.find_spec(f"pulumi_{package}")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def _class_text(source: Path, head: str) -> str | None:
    text = _text(source)
    begin = text.find(f"\n{head}")
    if begin < 0:
        return None
    end = _CLASS_END.search(text, begin + len(head) + 1)
    return text[begin : end.start() if end else len(text)]


@cache
def _text(source: Path) -> str:
    return source.read_text(encoding="utf-8")
