"""Reference pages are those of the code: JSON, commands, environment variables."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from hybrid_mesh.cli.lab_status import status_document
from hybrid_mesh.cli.main import app
from hybrid_mesh.cli.plans import stack_plan
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.describe import describe
from hybrid_mesh.model.plan.requirements.describe import describe_requirements
from hybrid_mesh.model.plan.requirements.regions import requirements
from hybrid_mesh.operate.verify.report import as_json
from tests.cli.fake_lab import FakeLab
from tests.commands import PROJECT
from tests.docs.pages import TRACKED
from tests.docs.shapes import differences, documented
from tests.model.meshes import STACKS, changed
from tests.operate.mesh import FakeShell, mesh_plan, verified

DOCS = PROJECT / "docs"
VARIABLE = re.compile(r"(?<!\w)HYBRID_MESH_[A-Z_]+")


def test_plan_prints_the_documented_json() -> None:
    plans = [plan for name, mesh in STACKS.items() for plan in (plan_from(mesh, name), stack_plan(name))]
    otlp = {"otlp": "otel-collector.observability.svc.cluster.local:4317"}
    seen = {"telemetry": {"accessLogs": otlp, "traces": otlp}, "kiali": {"cluster": "east"}}
    plans += [plan_from(changed(STACKS["local"], seen), "local")]
    plans += [plan_from(changed(STACKS["local"], {"telemetry": {"accessLogs": {"stdout": "json"}}}), "local")]
    plans += [plan_from(changed(STACKS["local"], {"telemetry": {"traces": otlp}}), "local")]
    samples = [_read(describe(plan)) for plan in plans]
    assert differences(samples, documented(DOCS / "json.md", "hybrid-mesh plan")) == []


def test_explain_prints_the_documented_json() -> None:
    samples = []
    for stack in STACKS:
        done = CliRunner().invoke(app, ["explain", "--stack", stack, "--json"])
        assert done.exit_code == 0
        samples.append(json.loads(done.stdout))
    assert differences(samples, documented(DOCS / "json.md", "hybrid-mesh explain")) == []


def test_requirements_are_printed_as_documented() -> None:
    unknown = changed(STACKS["prod"], {"clusters.gke-eu.nodePool.machineType": "a2-highgpu-1g"})
    samples = [
        _read(describe_requirements(name, requirements(plan_from(mesh, name))))
        for name, mesh in [*STACKS.items(), ("unknown", unknown)]
    ]
    assert differences(samples, documented(DOCS / "json.md", "What the accounts need")) == []


def test_mistakes_are_printed_as_documented(tmp_path: Path) -> None:
    wrong = tmp_path / "Pulumi.wrong.yaml"
    wrong.write_text("config:\n  hybrid-mesh:mesh: {id: a b, networks: {}}\n")
    samples = [_mistakes(str(wrong)), _mistakes(str(tmp_path / "none.yaml"))]
    assert differences(samples, documented(DOCS / "json.md", "Mistakes in a stack file")) == []


def _mistakes(file: str) -> Any:
    done = CliRunner().invoke(app, ["plan", "--json", "--file", file])
    assert done.exit_code == 2
    return json.loads(done.stdout)


def test_verify_prints_the_documented_json() -> None:
    samples = [
        _read(as_json(verified(mesh_plan(), shell))) for shell in (FakeShell(), FakeShell(foreign=True))
    ]
    assert differences(samples, documented(DOCS / "json.md", "hybrid-mesh verify")) == []


def test_lab_status_prints_the_documented_json() -> None:
    status = FakeLab().status()
    ownerless = replace(
        status,
        clusters=[replace(each, owner=None) for each in status.clusters],
        machines=[replace(each, owner=None) for each in status.machines],
    )
    samples = [_read(status_document(each)) for each in (status, ownerless)]
    assert differences(samples, documented(DOCS / "json.md", "hybrid-mesh lab status")) == []


def _read(content: Any) -> Any:
    return json.loads(json.dumps(content))


def test_every_command_with_json_has_a_section() -> None:
    headings = re.findall(r"^## hybrid-mesh (.+)$", (DOCS / "json.md").read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(_commands(typer.main.get_command(app), option="--json"))


def test_every_command_is_on_the_page() -> None:
    rows = re.findall(r"^\| `hybrid-mesh ([a-z -]+)` \|", (DOCS / "commands.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(_commands(typer.main.get_command(app)))


def _commands(command: Any, name: str = "", option: str = "--help") -> Iterator[str]:
    """The names of the commands that have `option`."""
    if not isinstance(command, TyperGroup):
        if option in {*(each for parameter in command.params for each in parameter.opts), "--help"}:
            yield name
        return
    context = command.make_context(command.name, [], resilient_parsing=True)
    for key in command.list_commands(context):
        inner: Any = command.get_command(context, key)
        if not inner.hidden:
            yield from _commands(inner, f"{name} {key}".strip(), option)


def test_every_variable_is_on_the_page() -> None:
    rows = re.findall(r"^\| `(HYBRID_MESH_\w+)` \|", (DOCS / "environment.md").read_text(), re.MULTILINE)
    sources = [PROJECT / name for name in TRACKED if not name.endswith(".md")]
    used = {found for path in sources if path.is_file() for found in VARIABLE.findall(_text(path))}
    assert sorted(rows) == sorted(used)


def _text(path: Any) -> str:
    text: str = path.read_text(errors="replace")
    return text


@pytest.mark.parametrize("name", ["json.md", "outputs.md"])
def test_a_wrong_table_would_be_noticed(name: str) -> None:
    heading = {"json.md": "hybrid-mesh verify", "outputs.md": "Outputs"}[name]
    rows = documented(DOCS / name, heading)
    assert differences([{"unknown": 1}], rows)[-1] == "unknown (number) is not documented"
    assert len(differences([], rows)) == len(rows)
