"""Which Helm records are deleted after a killed `pulumi`; tests/local/mesh/test_life.py does it for real."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace

import pytest

from hybrid_mesh.cli import releases
from hybrid_mesh.cli.plans import stack_plan


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """What kubectl was asked to do."""
    asked: list[Sequence[str]] = []

    class Kubectl:
        def __init__(self, kubeconfig: str) -> None:
            assert kubeconfig in ("east", "one")

        def run(self, arguments: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
            assert timeout > 0
            asked.append(arguments)
            return subprocess.CompletedProcess([], 0)

    monkeypatch.setattr(releases, "Kubectl", Kubectl)
    monkeypatch.setattr(releases, "read_kubeconfig", lambda cluster, _: cluster.name)
    return asked


def test_the_record_of_an_interrupted_release_is_deleted(commands: list[Sequence[str]]) -> None:
    assert releases.forget_releases(stack_plan("local"), ["mesh-east-istio-base", "mesh-west-demo-service"])
    selector = "--selector=owner=helm,name=istio-base"
    assert commands == [["delete", "secrets", "--namespace=istio-system", selector]]


def test_a_whole_release_in_a_cluster_of_others_may_be_somebody_elses(commands: list[Sequence[str]]) -> None:
    assert releases.forget_releases(stack_plan("dev"), ["mesh-one-istio-base"])
    selector = "--selector=owner=helm,name=istio-base,status=pending-install"
    assert commands == [["delete", "secrets", "--namespace=istio-system", selector]]


def test_a_cluster_in_quarantine_is_not_asked(commands: list[Sequence[str]]) -> None:
    plan = stack_plan("local")
    east = plan.clusters["east"]
    away = replace(east, config=east.config.model_copy(update={"state": "quarantined"}))
    away_plan = replace(plan, clusters={**plan.clusters, "east": away})
    assert releases.forget_releases(away_plan, ["mesh-east-istio-base"])
    assert commands == []
