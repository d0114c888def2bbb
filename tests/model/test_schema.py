"""The JSON Schema of stack files: no drift from the model, and it agrees with what the model accepts."""

import json
import re
from typing import Any

import jsonschema
import pytest
import yaml

from hybrid_mesh.model.reference.schema import SCHEMA_PATH, render_schema
from tests.commands import PROJECT
from tests.model.meshes import STACKS, changed
from tests.model.rule_cases.case import Case
from tests.model.test_form import CASES

VALIDATOR = jsonschema.Draft7Validator(json.loads(render_schema()))
FILES = sorted([*PROJECT.glob("stacks/Pulumi.*.yaml"), *PROJECT.glob("cli/templates/Pulumi.*.yaml")])
SAID_ONLY_BY_THE_MODEL = {"range with host bits"}
"""Cases of the form that JSON Schema cannot express."""


def _document(mesh: Any) -> dict[str, Any]:
    return {"config": {"hybrid-mesh:mesh": mesh}}


def test_is_that_of_the_model() -> None:
    assert SCHEMA_PATH.read_text() == render_schema(), "run `python -m hybrid_mesh.model.reference.schema`"


def test_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(render_schema()))


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


DEFINITIONS: dict[str, Any] = json.loads(render_schema())["definitions"]
PROPERTIES = {
    f"{name}.{key}": value
    for name, definition in DEFINITIONS.items()
    for key, value in definition.get("properties", {}).items()
}
SELECTORS = {"type", "issuer"}


def test_every_key_is_described() -> None:
    assert {path for path, value in PROPERTIES.items() if len(value.get("description", "")) < 15} == set()


def test_every_default_is_in_the_description_that_editors_show() -> None:
    with_default = {path: value for path, value in PROPERTIES.items() if "default" in value}
    assert len(with_default) > 40
    assert {path for path, v in with_default.items() if "Default: `" not in v["markdownDescription"]} == set()


def test_backticks_are_in_markdown() -> None:
    texts = [*DEFINITIONS.values(), *PROPERTIES.values()]
    assert [
        t for t in texts if "`" in t["description"] and t["markdownDescription"] != t["description"]
    ] == []


def test_names_are_those_of_keys_and_variants() -> None:
    assert not re.search(r"Config\b|\$defs", render_schema())
    assert {"clusters", "clusters-gke", "backends-group", "nodePool", "trust-files"} <= set(DEFINITIONS)
    assert DEFINITIONS["clusters-gke"]["title"] == "clusters (gke)"


def test_the_key_that_selects_a_variant_comes_first() -> None:
    for name, definition in DEFINITIONS.items():
        keys = list(definition.get("properties", {}))
        if any("const" in definition["properties"][key] for key in SELECTORS & set(keys)):
            assert keys[0] in SELECTORS, name


@pytest.mark.parametrize(
    ("place", "value", "messages"),
    [
        ("clusters.east", {"network": "amsterdam"}, ["'type' is a required property"]),
        ("clusters.east", {"type": "gkee", "network": "amsterdam"}, ["'gkee' is not one of"]),
        ("clusters.east", {"type": "gke"}, ["'network' is a required property"]),
        ("clusters.east", {"type": "gke", "network": "a", "podCdir": 1}, ["'podCdir' was unexpected"]),
        ("ingress.public.routes.0.backends.0", {"group": "legacy"}, ["'port' is a required property"]),
        (
            "ingress.public.routes.0.backends.0",
            {"group": "a", "port": 0},
            ["0 is less than the minimum of 1"],
        ),
        (
            "ingress.public.routes.0.backends.0",
            {"grp": "legacy", "port": 9080},
            ["'service' is a required property", "'grp' was unexpected"],
        ),
    ],
)
def test_a_mistake_is_reported_for_its_variant_alone(place: str, value: Any, messages: list[str]) -> None:
    errors = list(VALIDATOR.iter_errors(_document(changed(STACKS["local"], {place: value}))))
    assert len(errors) == len(messages)
    for error, message in zip(errors, messages, strict=True):
        assert message in error.message


def test_an_editor_names_the_missing_kind_of_a_backend() -> None:
    neither = DEFINITIONS["backends"]["else"]["else"]
    assert neither["allOf"][0]["errorMessage"] == "Set `service` or `group`."
    assert set(neither["allOf"][1]["properties"]) == {"service", "namespace", "group", "port", "weight"}
