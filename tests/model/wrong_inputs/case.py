"""How a wrong stack file is made of the local stack's, and what must be said about it."""

from dataclasses import dataclass, field

from tests.commands import PROJECT

GOOD = (PROJECT / "stacks" / "Pulumi.local.yaml").read_text()


@dataclass(frozen=True)
class WrongInput:
    """`says` are parts of what is said, `lacks` of what is not."""

    name: str
    content: bytes
    says: tuple[str, ...]
    lacks: tuple[str, ...] = field(default=())


def changed(name: str, old: str, new: str, *says: str, lacks: tuple[str, ...] = ()) -> WrongInput:
    """With `new` instead of `old`; in `says`, `@` is the file and line of the change, `@1` the line below."""
    line = GOOD[: GOOD.index(old)].count("\n") + 1
    places = {"@1:": f"{FILE}:{line + 1}:", "@:": f"{FILE}:{line}:"}
    parts = [part.replace(mark, place) for part in says for mark, place in places.items() if mark in part]
    parts += [part for part in says if "@" not in part]
    return WrongInput(name, GOOD.replace(old, new, 1).encode(), tuple(parts), lacks)


def whole(name: str, content: str | bytes, *says: str) -> WrongInput:
    return WrongInput(name, content if isinstance(content, bytes) else content.encode(), says)


def top(name: str, lines: str, *says: str, lacks: tuple[str, ...] = ()) -> WrongInput:
    """With `lines` at the top of the mesh."""
    return changed(name, "    id: mesh1\n", f"    id: mesh1\n{lines}\n", *says, lacks=lacks)


def identifier(name: str, value: str, *says: str, lacks: tuple[str, ...] = ()) -> WrongInput:
    """With another `id`, in column 9."""
    return changed(name, "    id: mesh1\n", f"    id: {value}\n", *says, lacks=lacks)


WEST = "      west: {type: local, network: boston}\n"
MISSPELT = GOOD.replace("network: boston}", "network: bostn}")
CIDR = "cidr: 10.20.0.0/16"
COUNT = "count: 2"
PORTS = "ports: {http: 9080}"
VERSION = "version: 1.31.0"
LABELS = "labels: {app: legacy, version: vm}"
FILE = "Pulumi.wrong.yaml"
AT_WEST = f"{FILE}:{GOOD[: GOOD.index(WEST)].count(chr(10)) + 1}"
NOT_YAML = "not valid YAML"


def bomb(levels: int) -> str:
    lines = ["    a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"    a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)
