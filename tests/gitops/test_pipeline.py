"""The pipelines' own commands, in order, on a real mesh: preview, apply, drift, found, repaired."""

import json
from dataclasses import replace

import pytest

from tests.commands import LOCAL_BACKEND
from tests.gitops.runner import Result, Runner
from tests.local.mesh.secrets import known_secrets, leaks
from tests.local.mesh.site import Site

pytestmark = pytest.mark.lab

POLICY = ("--namespace", "istio-system", "peerauthentication", "default")
GROUP = ("--namespace", "demo", "workloadgroup", "legacy")
MESH_CONFIGURATION = ("--namespace", "istio-system", "configmap", "istio")
PERMISSIVE = json.dumps({"metadata": {"labels": {"by": "hand"}}, "spec": {"mtls": {"mode": "PERMISSIVE"}}})
DRIFT = 7
"""Pulumi's exit code where changes were proposed and none expected. Source: cmd/pulumi/cmd/exit_codes.go."""


VERBOSE = 'pulumi() { command pulumi "$@" --logtostderr -v=7 --debug; } && export -f pulumi'
"""Shell that lets every `pulumi` log as much as it may without printing secrets."""


@pytest.fixture(scope="module")
def runner(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(tmp_path_factory.mktemp("runner"), site.environment, LOCAL_BACKEND)


def _succeeded(results: list[Result]) -> list[Result]:
    for result in results:
        assert result.code == 0, f"{result.step.name}:\n{result.output[-6000:]}"
    return results


def _kubectl(site: Site, *arguments: str) -> str:
    return site.hybrid_mesh("kubectl", "east", "--", *arguments).stdout.strip()


def _mode(site: Site) -> str:
    return _kubectl(site, "get", *POLICY, "-o", "jsonpath={.spec.mtls.mode}")


def _drift(runner: Runner) -> str:
    """The summary of a check that found drift."""
    (check,) = runner.job("drift.yml", "drift")
    assert check.code == DRIFT, check.output[-6000:]
    summary = runner.summary.read_text()
    assert "### local: drift: the stack is not as declared" in summary
    return summary


def _no_drift(runner: Runner) -> None:
    (check,) = _succeeded(runner.job("drift.yml", "drift"))
    assert "### local: no drift" in runner.summary.read_text()
    assert "unchanged" in check.output


def test_a_pull_request_gets_the_preview_as_a_comment(runner: Runner) -> None:
    (preview,) = _succeeded(runner.job("preview.yml", "preview"))
    assert "to create" in preview.output
    _succeeded(runner.job("preview.yml", "comment"))
    assert runner.arguments()[:4] == ["pr", "comment", "7", "--edit-last"]
    assert "What commit c0ffee would change:" in runner.body()
    assert "### local" in runner.body()
    assert "to create" in runner.body()


def test_a_merge_is_applied_and_leaves_nothing_to_change(runner: Runner, site: Site) -> None:
    """Nor does the most that may be logged of a first apply hold a secret."""
    loud = replace(runner, prelude=f"{runner.prelude} && {VERBOSE}", folder=runner.folder / "loud")
    apply, again = _succeeded(loud.job("apply-stack.yml", "apply"))
    assert "created" in apply.output
    assert "unchanged" in again.output
    secrets = known_secrets(site.export())
    assert len(secrets) >= 10, "the search itself must know the mesh's keys, tokens and kubeconfigs"
    assert leaks(secrets, apply.output + again.output) == []


def test_nothing_that_was_shown_holds_a_secret(runner: Runner, site: Site) -> None:
    (preview,) = _succeeded(runner.job("preview.yml", "preview"))
    assert leaks(known_secrets(site.export()), preview.output + runner.body()) == []


def test_drift_is_found_and_reported(runner: Runner, site: Site) -> None:
    """What was changed and what was deleted; all else is as declared."""
    _kubectl(site, "patch", *POLICY, "--type=merge", "--patch", PERMISSIVE)
    _kubectl(site, "delete", *GROUP)
    assert _mode(site) == "PERMISSIVE"
    summary = _drift(runner)
    assert "PeerAuthentication" in summary
    assert '"PERMISSIVE" => "STRICT"' in summary
    assert "+ kubernetes:networking.istio.io/v1:WorkloadGroup" in summary
    assert "+ 1 to create" in summary
    assert "~ 2 to update" in summary, (
        "the policy, and the registration, which waits for VMs of the new group"
    )
    _succeeded(runner.job("drift.yml", "report"))
    assert "issue" in runner.arguments()
    assert "create" in runner.arguments()
    assert "PERMISSIVE" in runner.body()
    assert leaks(known_secrets(site.export()), summary + runner.body()) == []
    assert _mode(site) == "PERMISSIVE", "a check changes nothing"


def test_applying_again_repairs(runner: Runner, site: Site) -> None:
    """Including VMs whose agents restarted without their group."""
    for machine in ("legacy-0", "legacy-1"):
        site.hybrid_mesh("lab", "shell", machine, "systemctl", "restart", "istio")
    _succeeded(runner.job("apply-stack.yml", "apply"))
    assert _mode(site) == "STRICT"
    site.hybrid_mesh("verify")


def test_a_mesh_as_declared_has_no_drift(runner: Runner, site: Site) -> None:
    """Every change of a chart's objects, which is not compared."""
    note = json.dumps({"data": {"note": "by hand"}})
    _kubectl(site, "patch", *MESH_CONFIGURATION, "--type=merge", "--patch", note)
    _no_drift(runner)


def test_a_local_up_repairs_a_mesh_that_is_up(site: Site) -> None:
    _kubectl(site, "patch", *POLICY, "--type=merge", "--field-manager=someone", "--patch", PERMISSIVE)
    done = site.hybrid_mesh("up")
    assert _mode(site) == "STRICT"
    assert "The mesh works" in done.stdout
