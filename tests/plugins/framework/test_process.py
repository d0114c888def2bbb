"""The process: it prints its port, ends quietly on a signal, and its launcher says what is missing."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import PROJECT, run

PROGRAM = """
from hybrid_mesh.plugins.framework.provider import Provider
from hybrid_mesh.plugins.framework.server import serve
serve(Provider("test", "1.2.3", {}))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_a_traceback(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert int(process.stdout.readline()) > 0
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert errors == ""


def test_the_launcher_without_an_interpreter_says_run_make_setup(tmp_path: Path) -> None:
    copied = tmp_path / "plugins" / "framework" / "bin"
    copied.mkdir(parents=True)
    launcher = shutil.copy(PROJECT / "plugins/framework/bin/run-plugin", copied)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("dirname", "readlink"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    done = run(["/bin/sh", launcher, "plugins.any"], environment={"PATH": str(tools)}, check=False)
    assert done.returncode == 1
    assert "run make setup" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_launcher_takes_the_checkouts_own_interpreter(tmp_path: Path) -> None:
    copied = tmp_path / "plugins" / "framework" / "bin"
    copied.mkdir(parents=True)
    launcher = shutil.copy(PROJECT / "plugins/framework/bin/run-plugin", copied)
    own = tmp_path / ".venv" / "bin"
    own.mkdir(parents=True)
    (own / "python").write_text('#!/bin/sh\necho "own $2"\n')
    (own / "python").chmod(0o755)
    (tmp_path / ".venv/lib/python3.11/site-packages/pulumi").mkdir(parents=True)
    assert run([launcher, "plugins.any"]).stdout == "own plugins.any\n"
