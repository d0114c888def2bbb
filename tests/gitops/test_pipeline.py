"""The pipelines' own commands, in order, on a real mesh: preview, apply, the check for drift."""

import sys

import pytest

from tests.gitops.runner import Result, Runner
from tests.local.mesh.secrets import known_secrets, leaks
from tests.local.mesh.site import Site

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("mesh")]


@pytest.fixture(scope="module")
def runner(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    prelude = f'eval "$({sys.executable} -m cli.main env)"'
    return Runner(tmp_path_factory.mktemp("runner"), site.environment, prelude)


def _succeeded(results: list[Result]) -> list[Result]:
    for result in results:
        assert result.code == 0, f"{result.step.name}:\n{result.output[-6000:]}"
    return results


def test_a_pull_request_gets_the_preview_as_a_comment(runner: Runner) -> None:
    (preview,) = _succeeded(runner.job("preview.yml", "preview"))
    assert "to create" in preview.output
    _succeeded(runner.job("preview.yml", "comment"))
    assert runner.arguments()[:4] == ["pr", "comment", "7", "--edit-last"]
    assert "What commit c0ffee would change:" in runner.body()
    assert "### local" in runner.body()
    assert "to create" in runner.body()


def test_a_merge_is_applied_and_leaves_nothing_to_change(runner: Runner) -> None:
    apply, again = _succeeded(runner.job("apply-stack.yml", "apply"))
    assert "created" in apply.output
    assert "unchanged" in again.output


def test_nothing_that_was_shown_holds_a_secret(runner: Runner, site: Site) -> None:
    (preview,) = _succeeded(runner.job("preview.yml", "preview"))
    secrets = known_secrets(site.export())
    assert len(secrets) >= 10
    assert leaks(secrets, preview.output + runner.body()) == []


def test_a_mesh_as_declared_has_no_drift(runner: Runner) -> None:
    (check,) = _succeeded(runner.job("drift.yml", "drift"))
    assert "### local: no drift" in runner.summary.read_text()
    assert "unchanged" in check.output
