"""Flat keys: what the program asks for is there, and what is secret is encrypted."""

from typing import Any

import pytest

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.secrets import check_keys
from hybrid_mesh.model.reading.problems import ConfigurationError
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


def _problems(config: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as raised:
        check_keys(PLAN, config)
    return {problem.path: f"{problem.message} {problem.remedy}" for problem in raised.value.problems}


def test_the_plan_names_them() -> None:
    assert {f"hybrid-mesh:{name}" for name in PLAN.secrets} == set(RIGHT)


def test_accepts_what_is_there_and_encrypted() -> None:
    check_keys(PLAN, RIGHT)


def test_tells_every_missing_key_at_once_and_how_to_set_it() -> None:
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
