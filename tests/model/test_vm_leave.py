"""How a VM leaves its callers at shutdown: the script, with commands of the system in its path."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.commands import PROJECT

SCRIPTS = PROJECT / "model" / "texts" / "machine_files"
CALLER = "0 0 10.10.0.100:15006 10.10.16.4:39444"


def shut_down(folder: Path, connections: str, running: int) -> list[str]:
    """The commands of a shutdown, with an agent that runs for so many questions."""
    log, asked = folder / "log", folder / "asked"
    log.touch()
    programs = {
        "ss": f'echo "{connections}"',
        "sleep": f'echo "sleep $*" >>{log}',
        "systemctl": (
            f'echo "$1" >>{log}; [ "$1" = show ] || exit 0; echo x >>{asked}; '
            f'[ "$(wc -l <{asked})" -gt {running} ] && echo 0 || echo 77'
        ),
    }
    for name, body in programs.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    subprocess.run(["sh", str(SCRIPTS / "leave.sh")], env=environment, check=True)
    return log.read_text().splitlines()


def test_a_vm_that_nobody_calls_waits_for_nobody(tmp_path: Path) -> None:
    assert shut_down(tmp_path, "", 0) == []


@pytest.mark.parametrize("running", [0, 2])
def test_a_vm_with_callers_stays_until_istiod_has_removed_it(tmp_path: Path, running: int) -> None:
    waited = ["show", "sleep 0.2"] * running
    assert shut_down(tmp_path, CALLER, running) == ["kill", *waited, "show", "sleep 12"]


def test_everything_else_stops_after_it() -> None:
    """Units of multi-user.target are ordered before it, so they stop after what is ordered after it."""
    unit = (SCRIPTS / "hybrid-mesh-leave.service").read_text()
    assert "After=multi-user.target istio.service" in unit
    assert "ExecStop=/usr/local/lib/hybrid-mesh/leave\n" in unit
