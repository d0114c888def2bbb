"""docs/configuration.md is that of the model; its examples are valid, and its rules are at their keys."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from hybrid_mesh.model.checks import RULES
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.secrets import check_keys
from hybrid_mesh.model.reading.stack_file import load_stack_file
from hybrid_mesh.model.reference.configuration import REFERENCE_PATH, render_reference
from hybrid_mesh.model.reference.examples import EXAMPLE_FILES, example, occurrences
from hybrid_mesh.model.reference.rules import SECTIONS
from hybrid_mesh.model.reference.sections import MESH, ReferenceSection, all_sections
from tests.model.meshes import STACKS, changed
from tests.model.rule_cases import CASES, Case

ALL = all_sections()
BY_NAME = {section.name: section for section in ALL}
WITH_EXAMPLE = [section for section in ALL if not section.variants]


def test_is_that_of_the_model() -> None:
    assert REFERENCE_PATH.read_text() == render_reference(), (
        "run `python -m hybrid_mesh.model.reference.configuration`"
    )


@pytest.mark.parametrize("path", EXAMPLE_FILES, ids=lambda path: str(path.stem))
def test_examples_are_stack_files_without_a_mistake(path: Path) -> None:
    file = load_stack_file(path)
    check_keys(plan_from(file.mesh, "example"), file, "example")


@pytest.mark.parametrize("section", WITH_EXAMPLE, ids=lambda section: str(section.name))
def test_each_section_has_an_example_below_its_path(section: ReferenceSection) -> None:
    found: Any = yaml.safe_load(example(section))
    for step in ["config", MESH] if section.path == MESH else re.split(r"\.|(?=\[\])", section.path):
        found = (
            found[0] if isinstance(found, list) else found[next(iter(found)) if step == "<name>" else step]
        )
    assert set(found) & set(section.keys) or not section.keys


def test_each_key_is_in_an_example() -> None:
    used = {section.name: {key for value, _ in occurrences(section) for key in value} for section in ALL}
    silent = {(section.name, key) for section in ALL for key in section.keys if key not in used[section.name]}
    assert silent == {("trust@aws-private-ca", "arn")}, "its example creates an authority instead"


def test_each_rule_is_in_a_section() -> None:
    assert {name for names in SECTIONS.values() for name in names} == set(RULES)
    assert set(SECTIONS) <= set(BY_NAME)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.path}")
def test_a_rule_is_in_the_sections_of_its_problems(case: Case) -> None:
    assert any(_is_in(case, BY_NAME[name]) for name, rules in SECTIONS.items() if case.rule in rules)


def _is_in(case: Case, section: ReferenceSection) -> bool:
    """Whether the path of `case` is in `section`, and has its variant."""
    steps = case.path.split(".")
    form = re.escape(section.path).replace("<name>", r"[^.]+").replace(r"\[\]", r"\.[0-9]+")
    inside = re.match("" if section.path == MESH else rf"{form}(?=\.|$)", case.path)
    if inside is None or not section.tag:
        return inside is not None
    value: Any = changed(STACKS[case.stack], case.changes)
    for step in steps[: inside[0].count(".") + 1]:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return bool(value.get(section.selector, section.tag) == section.tag)


def test_headings_are_unique() -> None:
    assert [name for name, count in Counter(section.anchor for section in ALL).items() if count > 1] == []
