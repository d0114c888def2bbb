"""Flat keys: what the program asks for is there, and what is secret is encrypted."""

from typing import Any

import pytest
import yaml

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.secrets import check_keys
from hybrid_mesh.model.reading.document import read_document
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.stack_file import StackFile
from tests.model.meshes import DEV, changed

PLAN = plan_from(
    changed(DEV, {"clusters.one.secret": "kubeconfig-one", "trust": {"issuer": "files"}}),
    "dev",
)
ENCRYPTED = {"secure": "v1:abc"}
RIGHT: dict[str, Any] = {
    "hybrid-mesh:root-certificate": "-----BEGIN CERTIFICATE-----",
    "hybrid-mesh:root-key": ENCRYPTED,
    "hybrid-mesh:kubeconfig-one": ENCRYPTED,
}


def _check(config: dict[str, Any], stack: str | None = "dev") -> None:
    text = yaml.safe_dump({"config": {"hybrid-mesh:mesh": {"id": "a"}, **config}})
    root = read_document(text)
    assert root is not None
    check_keys(PLAN, StackFile("Pulumi.dev.yaml", root), stack)


def _problems(config: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as raised:
        _check(config)
    return {problem.path: f"{problem.message} {problem.remedy}" for problem in raised.value.problems}


def test_the_plan_names_them() -> None:
    assert {f"hybrid-mesh:{name}" for name in PLAN.secrets} == set(RIGHT)


def test_accepts_what_is_there_and_encrypted() -> None:
    _check(RIGHT)


def test_reports_every_missing_key_at_once_and_how_to_set_it() -> None:
    problems = _problems({})
    assert set(problems) == set(RIGHT)
    assert "the kubeconfig of one" in problems["hybrid-mesh:kubeconfig-one"]
    assert "pulumi config set --secret hybrid-mesh:root-key --stack dev" in problems["hybrid-mesh:root-key"]
    assert "pulumi config set hybrid-mesh:root-certificate" in problems["hybrid-mesh:root-certificate"]


def test_refuses_a_secret_in_plain_text_without_repeating_it() -> None:
    problems = _problems(RIGHT | {"hybrid-mesh:root-key": "-----BEGIN PRIVATE KEY-----"})
    assert set(problems) == {"hybrid-mesh:root-key"}
    assert "plain text" in problems["hybrid-mesh:root-key"]
    assert "BEGIN PRIVATE" not in str(problems)


def test_asks_whether_an_unused_key_was_meant_to_be_the_mesh_or_a_missing_one() -> None:
    misspelt = {key: value for key, value in RIGHT.items() if "one" not in key}
    problems = _problems(misspelt | {"hybrid-mesh:kubeconfig-on": ENCRYPTED, "hybrid-mesh:meshh": "x"})
    assert set(problems) == {"hybrid-mesh:kubeconfig-on", "hybrid-mesh:meshh"}
    assert "Did you mean `hybrid-mesh:kubeconfig-one`?" in problems["hybrid-mesh:kubeconfig-on"]
    assert "Did you mean `hybrid-mesh:mesh`?" in problems["hybrid-mesh:meshh"]


def test_leaves_keys_of_other_uses_alone() -> None:
    others = {"hybrid-mesh:colour": "green", "hybrid-mesh:kubeconfig-two": ENCRYPTED, "aws:region": "x"}
    _check(RIGHT | others)


def test_names_no_stack_that_may_not_exist() -> None:
    with pytest.raises(ConfigurationError) as raised:
        _check({}, stack=None)
    assert all("--stack" not in problem.remedy for problem in raised.value.problems)
    assert all(problem.file == "Pulumi.dev.yaml" and problem.line for problem in raised.value.problems)
