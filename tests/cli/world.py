"""Everything around `up` and `down`, all of it a fake."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.cli import consent, declared, durations, touch
from hybrid_mesh.cli import down as down_command
from hybrid_mesh.cli import stack as stack_steps
from hybrid_mesh.cli import up as up_command
from hybrid_mesh.cli.events import type_of
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.stack_file import read_stack_file
from tests.cli.fake_lab import FakeLab
from tests.cli.fake_pulumi import FakePulumi
from tests.commands import PROJECT
from tests.operate.mesh import FakeShell, mesh_plan

SALTED = "config: {}\n"


@dataclass
class World:
    pulumi: FakePulumi
    lab: FakeLab
    stack_file: Path
    backend: Path
    terminal: bool = False

    def read_plan(self, stack: str) -> MeshPlan:
        """The stack `dev` is the project's, whose clusters are not in the lab; others are local."""
        if not self.stack_file.exists():
            raise ConfigurationError([])
        if stack == "dev":
            return plan_from(read_stack_file(PROJECT / "stacks" / "Pulumi.dev.yaml"), stack)
        return replace(mesh_plan(), stack=stack)

    @property
    def lab_ended(self) -> bool:
        return ("end",) in self.lab.asked

    def make_stack(self, *resources: dict[str, Any], stack: str = "local") -> None:
        """A stack in the backend that has `resources`."""
        folder = self.backend / ".pulumi" / "stacks" / "hybrid-mesh"
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint = {"checkpoint": {"latest": {"resources": list(resources)}}}
        (folder / f"{stack}.json").write_text(json.dumps(checkpoint))


def resource(urn: str, **more: Any) -> dict[str, Any]:
    """As the state holds it."""
    return {"urn": urn, "type": type_of(urn), "custom": True, "id": "1", **more}


def make_world(pulumi: FakePulumi, folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    passphrase, backend = folder / "passphrase", folder / "backend"
    passphrase.write_text("words")
    passphrase.with_name("passphrase.salt").write_text("v1:ours")
    backend.mkdir()
    file = folder / "stacks" / "Pulumi.local.yaml"
    file.parent.mkdir()
    file.write_text(SALTED)
    file.with_name("Pulumi.dev.yaml").write_text(SALTED)
    world = World(pulumi, FakeLab(running=False), file, backend)
    _surround(world, folder, monkeypatch)
    engine = pulumi.engine(backend, passphrase)
    for module in (up_command, down_command):
        monkeypatch.setattr(module.Engine, "find", lambda *_: engine)
        monkeypatch.setattr(module, "LabClient", world.lab)
        monkeypatch.setattr(module, "stack_plan", world.read_plan)
    return world


def _surround(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = FakeShell()
    of_project: Sequence[Any] = (stack_steps, down_command, declared, durations)
    for module in of_project:
        monkeypatch.setattr(module, "project_folder", lambda: folder)
    for module in (up_command, consent):
        monkeypatch.setattr(module, "can_ask", lambda: world.terminal)
    monkeypatch.setattr(durations, "cache_folder", lambda: folder)
    monkeypatch.setattr(down_command, "forget_contexts", lambda _: None)
    monkeypatch.setattr("hybrid_mesh.cli.up.Profile.current", lambda: None)
    monkeypatch.setattr("hybrid_mesh.cli.verify.MeshShell", lambda _: shell)
    monkeypatch.setattr("hybrid_mesh.cli.up.find_kubectl", lambda: "kubectl")
    monkeypatch.setattr(touch, "_ingresses", lambda _: [("ingress public", "curl http://127.0.0.1:1/")])
