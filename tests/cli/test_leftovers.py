from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli import leftovers
from local.lab.state import lab_folder
from local.paths import state_folder
from tests.cli.fake_lab import FakeLab


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `end_lab` does besides asking the lab, in order."""
    steps: list[str] = []

    @contextmanager
    def starting(_: Path) -> Iterator[None]:
        steps.append("lock")
        yield

    monkeypatch.setattr("cli.leftovers.cgroups.kill", lambda name: steps.append(f"kill {name[:12]}"))
    monkeypatch.setattr(leftovers, "starting", starting)
    monkeypatch.setattr(leftovers, "sweep", lambda: steps.append("sweep"))
    return steps


@pytest.mark.parametrize("running", [True, False], ids=["running", "dead"])
def test_the_lab_ends_and_its_state_goes(
    steps: list[str], monkeypatch: pytest.MonkeyPatch, running: bool
) -> None:
    lab = FakeLab(running=running)
    monkeypatch.setattr(leftovers, "LabClient", lab)
    folder = lab_folder(state_folder())
    folder.mkdir(parents=True)
    (folder / "state.json").touch()
    leftovers.end_lab()
    assert (("shutdown",) in lab.asked) == running
    assert steps == ["kill hybrid-mesh-", "lock", "sweep"]
    assert not folder.exists()


def test_ending_nothing_is_no_error(steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "LabClient", FakeLab(running=False))
    leftovers.end_lab()
    leftovers.end_lab()
