"""The JSON Schema of a stack file, by which editors complete and check it.

`python -m hybrid_mesh.model.reference.schema` writes `stacks/mesh.schema.json`. It is of draft 7, the newest
draft that yaml-language-server documents. A section with variants selects one by `if` and `then`, so that
completion and messages are those of the variant alone.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hybrid_mesh.model.reading.sections import MESH_KEY
from hybrid_mesh.model.reference.sections import ReferenceSection, all_sections, sentence
from hybrid_mesh.model.reference.value_types import PATTERNS, without_null

SCHEMA_PATH = Path(__file__).resolve().parents[2] / "stacks" / "mesh.schema.json"

Schema = dict[str, Any]

_TEXTS = {"title", "description", "default", "examples", "discriminator"}


def render_schema() -> str:
    """The schema's text: Pulumi's stack file around the mesh, whose sections are under `definitions`."""
    sections = all_sections()
    names = {section.model.__name__: _name(section.key, section.tag) for section in sections}
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Stack file of a hybrid mesh",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                **_described("Configuration of the stack. Secrets are separate keys next to the mesh."),
                "type": "object",
                "required": [MESH_KEY],
                "properties": {MESH_KEY: {"$ref": _reference("mesh")}},
            }
        },
        "definitions": {_name(each.key, each.tag): _section(each, names) for each in sections},
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _name(key: str, tag: str) -> str:
    """Name of the definition of a section, or of its variant `tag`."""
    return f"{key}-{tag}" if tag else key


def _reference(definition: str) -> str:
    return f"#/definitions/{definition}"


def _section(section: ReferenceSection, names: Mapping[str, str]) -> Schema:
    title = f"{section.key} ({section.tag})" if section.tag else section.key
    heading = {"title": title, **_described(section.description), "type": "object"}
    if not section.variants:
        return {**heading, "additionalProperties": False, **_members(section.model, section.selector, names)}
    if section.selector:
        return {**heading, **_selected_by_value(section)}
    return {**heading, **_selected_by_key(section, names)}


def _selected_by_value(section: ReferenceSection) -> Schema:
    """The schema of a section of which the value of one key selects the variant."""
    key = section.selector
    return {
        "required": [key],
        "properties": {key: _selector(section.variants)},
        "allOf": [
            {
                "if": {"type": "object", "required": [key], "properties": {key: {"const": tag}}},
                "then": {"$ref": _reference(_name(section.key, tag))},
            }
            for tag in section.variants
        ],
    }


def _selected_by_key(section: ReferenceSection, names: Mapping[str, str]) -> Schema:
    """The schema of a section of which a key named like the variant selects it."""
    tags = list(section.variants)
    keys: Schema = {}
    for model in section.variants.values():
        keys |= _members(model, "", names)["properties"]
    none_set = {"required": tags[:1], "errorMessage": f"Set `{'` or `'.join(tags)}`."}
    schema: Schema = {"allOf": [none_set, {"additionalProperties": False, "properties": keys}]}
    for tag in reversed(tags):
        variant = {"$ref": _reference(_name(section.key, tag))}
        schema = {"if": {"type": "object", "required": [tag]}, "then": variant, "else": schema}
    return schema


def _selector(variants: Mapping[str, type[BaseModel]]) -> Schema:
    return {
        **_described("Selects the variant."),
        "enum": list(variants),
        "markdownEnumDescriptions": [sentence((m.__doc__ or "").split("\n\n")[0]) for m in variants.values()],
    }


def _members(model: type[BaseModel], selector: str, names: Mapping[str, str]) -> Schema:
    """`required` and `properties` of a section; the key that selects its variant comes first."""
    generated = model.model_json_schema(by_alias=True, ref_template="{model}")
    keys = sorted(generated["properties"], key=lambda key: bool(key != selector))
    required = [key for key in keys if key in generated.get("required", ())]
    properties = {key: _property(generated["properties"][key], names) for key in keys}
    return {**({"required": required} if required else {}), "properties": properties}


def _property(node: Schema, names: Mapping[str, str]) -> Schema:
    """A key's schema. A section's defaults are those of its keys, so it has none itself."""
    default = node.get("default")
    has_default = default is not None and not isinstance(default, (dict, list))
    text = sentence(node.get("description", "Selects the variant."))
    if has_default:
        text += f" Default: `{default if isinstance(default, str) else json.dumps(default)}`."
    described = {**_described(text), **_value(without_null(node), names)}
    described |= {"default": default} if has_default else {}
    return described | ({"examples": node["examples"]} if "examples" in node else {})


def _value(node: Schema, names: Mapping[str, str]) -> Schema:
    """The schema of a value without its texts: `node` as pydantic generates it, with our definitions."""
    if "oneOf" in node:
        return {"$ref": _reference(names[node["oneOf"][0]["$ref"]].partition("-")[0])}
    if "$ref" in node:
        return {"$ref": _reference(names[node["$ref"]])}
    value = {key: entry for key, entry in node.items() if key not in _TEXTS}
    if "anyOf" in value:
        value["anyOf"] = [_value(each, names) for each in value["anyOf"]]
    if "items" in value:
        value["items"] = _value(value["items"], names)
    if isinstance(value.get("additionalProperties"), dict):
        value["additionalProperties"] = _value(value["additionalProperties"], names)
    if "patternProperties" in value:
        entries = {form: _value(entry, names) for form, entry in value["patternProperties"].items()}
        value |= {"patternProperties": entries, "additionalProperties": False}
    if value.get("pattern") in PATTERNS:
        value["patternErrorMessage"] = f"Not a valid {PATTERNS[value['pattern']]}.".replace("`", "")
    return value


def _described(text: str) -> Schema:
    """`text` as a description; editors show backticks as code only in a description in Markdown."""
    return {"description": text, **({"markdownDescription": text} if "`" in text else {})}


if __name__ == "__main__":
    SCHEMA_PATH.write_text(render_schema(), encoding="utf-8")
