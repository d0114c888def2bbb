"""The runner of the tests' stages: nothing that fails is hidden, and an interruption ends all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import stages
from tests.commands import AS_IN_A_TERMINAL
from tests.stages import Lanes, Stage, choose
from tests.waiting import eventually

_PROJECT = Path(__file__).parents[1]
_TWO_STAGES = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.stages import Lanes, Stage
script = "trap 'echo cleaned > %s; exit 2' INT; echo ready > %s; while :; do sleep 0.1; done"
lab, fast = (Stage(name, ["sh", "-c", script % (name + ".end", name + ".begin")]) for name in ("lab", "fast"))
sys.exit(Lanes([[lab], [fast, Stage("engine", ["touch", "engine.begin"])]]).run())
"""


def _shell(name: str, script: str) -> Stage:
    return Stage(name, ["sh", "-c", script])


def test_stages_run_side_by_side_and_each_line_says_whose_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each waits for the other."""
    meet = "touch {own}; while [ ! -e {other} ]; do :; done; echo met"
    one, other = tmp_path / "one", tmp_path / "other"
    lab, engine = (
        _shell("lab", meet.format(own=one, other=other)),
        _shell("engine", meet.format(own=other, other=one)),
    )
    assert Lanes([[lab], [engine]]).run() == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(lines[:2]) == ["    lab | met", " engine | met"]
    assert [line.partition(" in ")[0] for line in lines[2:]] == ["lab: passed", "engine: passed"]


@pytest.mark.parametrize("failing", ["lab", "fast", "engine"])
def test_one_failure_fails_the_run_and_the_others_go_on(
    failing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab, fast, engine = (
        _shell(name, f"touch {tmp_path / name}; exit {3 if name == failing else 0}")
        for name in ("lab", "fast", "engine")
    )
    assert Lanes([[lab], [fast, engine]]).run() == 1
    assert f"{failing}: FAILED with exit code 3 in " in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"lab", "fast", "engine"}


def test_what_a_stage_says_on_stderr_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert Lanes([[_shell("lab", "echo trouble >&2")]]).run() == 0
    assert "    lab | trouble" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_reaches_every_stage_once_and_waits_for_its_end(
    number: signal.Signals, tmp_path: Path
) -> None:
    script = f"import signal; signal.signal(signal.SIGTERM, signal.default_int_handler)\n{_TWO_STAGES}"
    process = subprocess.Popen(
        [*AS_IN_A_TERMINAL, sys.executable, "-c", script, str(_PROJECT)], cwd=tmp_path, start_new_session=True
    )
    for name in ("lab.begin", "fast.begin"):
        eventually(f"{name} is there", (tmp_path / name).exists, 20)
    os.killpg(process.pid, number)
    assert process.wait(timeout=20) == 130
    assert (tmp_path / "lab.end").read_text() == (tmp_path / "fast.end").read_text() == "cleaned\n"
    assert not (tmp_path / "engine.begin").exists(), "what had not begun does not begin any more"


@pytest.mark.parametrize(
    ("found", "stages", "left_out"),
    [
        ((True, True, True, True), {"lint", "lab", "fast", "engine", "browser"}, ""),
        ((True, True, False, True), {"lint", "lab", "fast", "engine"}, "browser: NOT RUN: Chromium is not"),
        ((True, True, True, False), {"lint", "lab", "fast", "engine", "browser"}, "telemetry: NOT RUN: its"),
        ((False, True, True, True), {"lint", "fast", "engine"}, "lab, browser: NOT RUN: they need root"),
        ((True, False, False, False), {"lint", "fast"}, "lab, engine, browser: NOT RUN: they need the tool"),
    ],
)
def test_what_cannot_run_is_said(
    found: tuple[bool, bool, bool, bool], stages: set[str], left_out: str
) -> None:
    is_root, has_toolchain, has_browser, has_observability = found
    lanes, lines = choose(
        is_root=is_root,
        has_toolchain=has_toolchain,
        has_browser=has_browser,
        has_observability=has_observability,
    )
    assert {stage.name for lane in lanes.lanes for stage in lane} == stages
    assert "".join(lines).startswith(left_out)
    assert len(lines) == bool(left_out)


def test_lint_is_a_stage_and_every_test_belongs_to_one() -> None:
    lanes, _ = choose(is_root=True, has_toolchain=True, has_browser=True, has_observability=True)
    commands = {stage.name: stage.command for lane in lanes.lanes for stage in lane}
    assert commands.pop("lint") == ["make", "--no-print-directory", "lint"]
    chosen = {command[command.index("-m", 3) + 1] for command in commands.values()}
    assert chosen == {"lab", "engine", "browser", "not lab and not engine and not browser"}


@pytest.mark.parametrize(("allowed", "code"), [("0", 1), ("1", 0)])
def test_a_run_without_the_toolchain_fails_unless_that_is_allowed(
    allowed: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def without_toolchain(**_: bool) -> tuple[Lanes, list[str]]:
        return Lanes([[_shell("fast", "true")]]), ["lab, engine: NOT RUN"]

    monkeypatch.setattr(stages, "_profile", lambda: None)
    monkeypatch.setattr(stages, "choose", without_toolchain)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setenv("ALLOW_SKIPS", allowed)
    assert stages.main() == code
    assert "lab, engine: NOT RUN" in capsys.readouterr().out
