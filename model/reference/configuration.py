"""The configuration reference, docs/configuration.md, made from the model itself.

`python -m hybrid_mesh.model.reference.configuration` writes it.
"""

import json
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hybrid_mesh.model.checks import RULES
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.plan import user_data  # noqa: F401 - registers the rule that needs the texts
from hybrid_mesh.model.reading.places import declared, discriminators, strip, tagged_members

REFERENCE_PATH = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"

_INTRODUCTION = """# Configuration

This page is made from the model by `python -m hybrid_mesh.model.reference.configuration`; do not edit it.

A mesh is one structured key, `hybrid-mesh:mesh`, of a stack's file `stacks/Pulumi.<stack>.yaml`. Secrets are
flat keys of their own, set by `pulumi config set --secret hybrid-mesh:<name>`.

`hybrid-mesh plan --stack <stack>` prints what the mesh will be, or everything that is wrong with the file,
without touching anything. The line `# yaml-language-server: $schema=./mesh.schema.json` at the top of a stack
file makes editors complete and check it.

`<name>` stands for a name that you choose; names are DNS labels. A key without a default has to be given.
"""

_RULES = """
## What is refused

Before anything runs, each of these is checked, and every problem is reported at once with its key, its value
and what to do.

"""

_WORDS: dict[Any, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    IPv4Network: "range",
}


def render_reference() -> str:
    """The page's text, in Markdown."""
    parts = dict.fromkeys(_section(MeshConfig, "hybrid-mesh:mesh", ""))
    rules = "".join(f"- {_first_paragraph(rule.__doc__)}\n" for rule in RULES.values())
    return "\n".join([_INTRODUCTION, *parts]) + _RULES + rules


def _section(section: type[BaseModel], path: str, tag: str) -> Iterator[str]:
    """The table of one section, then those of the sections in it."""
    heading = f"## `{path}`" + (f", {tag}" if tag else "")
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for name, info in section.model_fields.items():
        key = info.alias or name
        rows.append(f"| `{key}` | {_kind(declared(info))} | {_default(info)} | {_meaning(section, name)} |")
    yield "\n".join([heading, "", _sentence(section.__doc__), "", *rows, ""])
    for name, info in section.model_fields.items():
        yield from _below(declared(info), _join(path, info.alias or name))


def _join(path: str, key: str) -> str:
    return key if path == "hybrid-mesh:mesh" else f"{path}.{key}"


def _below(annotation: Any, path: str) -> Iterator[str]:
    kind = strip(annotation)
    members = tagged_members(kind)
    if members:
        for tag, section in members.items():
            fixed = discriminators(section)
            yield from _section(section, path, f"`{fixed[0]}: {tag}`" if fixed else f"a {tag}")
        return
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        yield from _section(bare, path, "")
    elif get_origin(bare) is dict:
        yield from _below(get_args(bare)[1], f"{path}.<name>")
    elif get_origin(bare) is tuple:
        yield from _below(get_args(bare)[0], f"{path}[]")


def _kind(annotation: Any) -> str:
    """What a key takes, in a few words."""
    kind = strip(annotation)
    while get_origin(kind) is Annotated and not tagged_members(kind):
        kind = get_args(kind)[0]
    arguments = get_args(kind)
    match get_origin(kind):
        case origin if origin is dict:
            return f"{_kind(arguments[1])} by name"
        case origin if origin is tuple:
            return f"list of {_kind(arguments[0])}"
        case origin if origin is Literal:
            return " or ".join(f"`{value}`" for value in arguments)
    is_section = isinstance(kind, type) and issubclass(kind, BaseModel)
    return "section" if is_section or tagged_members(kind) else _WORDS.get(kind, "anything")


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return ""
    default = info.get_default(call_default_factory=True, validated_data={})
    if default is None:
        return "none"
    if isinstance(default, BaseModel):
        fixed = [f"{name}: {getattr(default, name)}" for name in discriminators(type(default))]
        return f"`{', '.join(fixed)}`" if fixed else "see below"
    if default in ((), {}):
        return "empty"
    return f"`{json.dumps(default) if isinstance(default, (bool, int, float)) else default}`"


def _meaning(section: type[BaseModel], name: str) -> str:
    info = section.model_fields[name]
    if name in discriminators(section):
        return "Tells the kinds of this section apart."
    text = _sentence(info.description)
    sample = f" Example: `{_inline(info.examples[0])}`" if info.examples else ""
    return text.replace("|", "\\|") + sample


def _inline(value: object) -> str:
    """`value` as YAML's flow style, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_inline(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(entry) for entry in value) + "]"
    return json.dumps(value) if isinstance(value, str) and "\n" in value else str(value)


def _first_paragraph(text: str | None) -> str:
    return _sentence((text or "").split("\n\n")[0])


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    REFERENCE_PATH.parent.mkdir(exist_ok=True)
    REFERENCE_PATH.write_text(render_reference(), encoding="utf-8")
