"""The JSON Schema of stack files: no drift from the model, and it agrees with what the model accepts."""

import json
from typing import Any

import jsonschema
import pytest
import yaml

from hybrid_mesh.model.reference.schema import SCHEMA_PATH, render_schema
from tests.commands import PROJECT
from tests.model.meshes import STACKS, changed
from tests.model.rule_cases.case import Case
from tests.model.test_form import CASES

VALIDATOR = jsonschema.Draft202012Validator(json.loads(render_schema()))
FILES = sorted((PROJECT / "stacks").glob("Pulumi.*.yaml"))
SAID_ONLY_BY_THE_MODEL = {"range with host bits"}
"""Cases of the form that JSON Schema cannot express."""


def _document(mesh: Any) -> dict[str, Any]:
    return {"config": {"hybrid-mesh:mesh": mesh}}


def test_is_that_of_the_model() -> None:
    assert SCHEMA_PATH.read_text() == render_schema(), "run `python -m hybrid_mesh.model.reference.schema`"


def test_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(render_schema()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.name))
def test_accepts_every_stack_file(path: Any) -> None:
    VALIDATOR.validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.name))
def test_every_stack_file_names_it(path: Any) -> None:
    assert path.read_text().startswith("# yaml-language-server: $schema=./mesh.schema.json\n")


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.rule not in SAID_ONLY_BY_THE_MODEL], ids=lambda c: str(c.rule)
)
def test_refuses_what_the_model_refuses(case: Case) -> None:
    assert not VALIDATOR.is_valid(_document(changed(STACKS["local"], case.changes)))


def test_every_key_is_described() -> None:
    definitions = json.loads(render_schema())["$defs"]
    silent = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key, value in definition.get("properties", {}).items()
        if "description" not in value and "const" not in value
    ]
    assert silent == []
