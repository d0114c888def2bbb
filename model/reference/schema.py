"""The JSON Schema of a stack file, by which editors complete and check it.

`python -m hybrid_mesh.model.reference.schema` writes `stacks/mesh.schema.json`.
"""

import json
from pathlib import Path
from typing import Any

from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.stack_file import MESH_KEY

SCHEMA_PATH = Path(__file__).resolve().parents[2] / "stacks" / "mesh.schema.json"


def render_schema() -> str:
    """The schema's text: Pulumi's stack file around the mesh, whose parts are under `$defs`."""
    mesh = _tidy(MeshConfig.model_json_schema(by_alias=True))
    parts = mesh.pop("$defs")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of a hybrid mesh",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": [MESH_KEY],
                "properties": {MESH_KEY: {"$ref": "#/$defs/Mesh"}},
            }
        },
        "$defs": {"Mesh": mesh, **parts},
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _tidy(schema: Any) -> Any:
    """`schema` without titles that only repeat names, defaults that are whole sections and line breaks in
    descriptions, and refusing the entries whose names no pattern matches."""
    if isinstance(schema, list):
        return [_tidy(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {key: _tidy(value) for key, value in schema.items() if key != "title" or isinstance(value, dict)}
    if isinstance(tidy.get("description"), str):
        tidy["description"] = " ".join(tidy["description"].split())
    if isinstance(tidy.get("default"), dict):
        del tidy["default"]
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    return tidy


if __name__ == "__main__":
    SCHEMA_PATH.write_text(render_schema(), encoding="utf-8")
