"""`up` without a toolchain: it is built after a question, and never where nobody can answer."""

from pathlib import Path

import pytest
import typer

from hybrid_mesh.cli import toolchain
from hybrid_mesh.local.toolchain.errors import ToolchainMissing


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the toolchain's command was asked, in a project that has none."""
    asked: list[str] = []

    def run(*arguments: str) -> int:
        asked.extend(arguments)
        return 0

    for name in ("project_folder", "package_folder"):
        monkeypatch.setattr(f"hybrid_mesh.local.toolchain.profile.{name}", lambda: tmp_path)
    monkeypatch.setattr(toolchain, "_run", run)
    return asked


def answer(monkeypatch: pytest.MonkeyPatch, agreed: bool | None) -> None:
    """The person's answer; None where there is no terminal."""
    monkeypatch.setattr(toolchain, "can_ask", lambda: agreed is not None)
    monkeypatch.setattr(toolchain, "confirmed", lambda _: agreed)


@pytest.mark.parametrize("agreed", [False, None], ids=["no", "no terminal"])
def test_it_is_not_built_without_a_yes(
    built: list[str], monkeypatch: pytest.MonkeyPatch, agreed: bool | None
) -> None:
    answer(monkeypatch, agreed)
    with pytest.raises(ToolchainMissing, match="hybrid-mesh toolchain build"):
        toolchain.offer()
    assert built == []


def test_it_is_built_after_a_yes(built: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, True)
    toolchain.offer()
    assert built == ["build"]


def test_a_failed_build_ends_the_command(built: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, True)
    monkeypatch.setattr(toolchain, "_run", lambda *_: 130)
    with pytest.raises(typer.Exit) as ended:
        toolchain.offer()
    assert ended.value.exit_code == 130
    assert built == []


def test_one_that_is_there_is_not_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_mesh.cli.toolchain.Profile.current", lambda: None)
    monkeypatch.setattr(toolchain, "can_ask", lambda: pytest.fail("asked"))
    toolchain.offer()
