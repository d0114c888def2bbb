from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.lab import ending
from local.lab.client import LabClient
from local.lab.state import lab_folder
from local.linux import cgroups


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the end of a lab that does not answer consists of, in order."""
    steps: list[str] = []

    @contextmanager
    def starting(_: Path) -> Iterator[None]:
        steps.append("lock")
        yield

    monkeypatch.setattr(cgroups, "kill", lambda name: steps.append(f"kill {name[:12]}"))
    monkeypatch.setattr(ending, "starting", starting)
    monkeypatch.setattr(ending, "sweep", lambda: steps.append("sweep"))
    return steps


def test_a_dead_lab_ends_and_its_state_goes(
    steps: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRID_MESH_STATE", str(tmp_path))
    folder = lab_folder(tmp_path)
    folder.mkdir(parents=True)
    (folder / "lab.json").touch()
    for _ in range(2):
        LabClient.end()
        assert not folder.exists()
    assert steps == ["kill hybrid-mesh-", "lock", "sweep"] * 2
