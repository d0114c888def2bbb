"""What the test of real clouds asks of them, without asking."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from hybrid_mesh.model.config.trust import AwsPrivateCaTrustConfig
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.stack_file import read_stack_file, stack_file
from tests.clouds.clouds import Cloud, clouds
from tests.commands import PROJECT


def _cloud(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Cloud:
    command = folder / "nimbus"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return Cloud("Nimbus", ("nimbus", "whoami"), (("nimbus", "list", "disks"), ("nimbus", "list", "names")))


def _plan(stack: str) -> MeshPlan:
    return plan_from(read_stack_file(stack_file(PROJECT, stack)), stack)


def test_a_stack_is_in_the_clouds_of_its_networks() -> None:
    found = {
        stack: [cloud.name for cloud in clouds(_plan(stack))] for stack in ("staging", "prod", "dev", "local")
    }
    assert found == {
        "staging": ["Google Cloud (example-mesh-staging)"],
        "prod": ["AWS (us-east-1)", "Google Cloud (example-mesh-prod)"],
        "dev": [],
        "local": [],
    }


def test_what_costs_money_or_keeps_a_network_is_asked_for() -> None:
    """An authority only where the stack creates one: its service may be off."""
    subjects = {
        stack: {question[2] for cloud in clouds(_plan(stack)) for question in cloud.costly}
        for stack in ("staging", "prod")
    }
    assert subjects["staging"] >= {"forwarding-rules", "firewall-rules", "network-endpoint-groups"}
    assert subjects["staging"] ^ subjects["prod"] >= {"pools", "describe-security-groups"}
    assert "list-certificate-authorities" not in subjects["prod"]


def test_the_page_on_day_2_asks_the_same_of_an_account() -> None:
    page = (PROJECT / "docs" / "clouds-day-2.md").read_text()
    plans = [_plan("prod"), _plan("staging")]
    plans.append(
        replace(plans[0], trust=AwsPrivateCaTrustConfig(issuer="aws-private-ca", region="us-east-1"))
    )
    asked = {question[:4] for plan in plans for cloud in clouds(plan) for question in cloud.costly}
    commands = {" ".join(words if words[0] == "gcloud" else words[:3]) for words in asked}
    assert {command for command in commands if f"$ {command} --" not in page} == set()
    assert len(commands) > 12


def test_a_missing_command_or_identity_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = _cloud(tmp_path, monkeypatch, "exit 1")
    assert cloud.missing() == "Nimbus: `nimbus whoami` finds no credentials"
    (tmp_path / "nimbus").unlink()
    assert cloud.missing() == "Nimbus: `nimbus` is not on PATH"


def test_what_is_left_is_reported_by_kind_and_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disks, names = json.dumps([{"name": "disk-1"}]), json.dumps(["eip-1"])
    cloud = _cloud(tmp_path, monkeypatch, f"[ $2 = disks ] && echo '{disks}' || echo '{names}'")
    assert cloud.missing() is None
    assert cloud.left() == {"disks disk-1", "names eip-1"}
