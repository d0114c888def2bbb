import os
import signal
import threading
from pathlib import Path

import pytest

from hybrid_mesh.cli.engine import ending
from hybrid_mesh.local.paths import state_folder
from tests.cli.fake_pulumi import FakePulumi
from tests.waiting import eventually


def interrupt_when(path: Path) -> threading.Thread:
    """Sends this process SIGINT once `path` is there, as a terminal would."""

    def send() -> None:
        eventually(f"{path.name} is there", path.exists, 10)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_a_streamed_commands_exit_code_is_given(pulumi: FakePulumi) -> None:
    pulumi.answer("up", code=3)
    assert pulumi.engine().stream("up").code == 3
    assert pulumi.calls() == [["up", "--non-interactive"]]


def test_temporary_files_are_private_and_end_with_the_command(pulumi: FakePulumi) -> None:
    dead = state_folder() / "temporary" / "4194305"  # above the highest process id that Linux gives
    dead.mkdir(parents=True)
    (dead / "kubeconfig1").write_text("key")
    pulumi.answer("up", temporary="kubeconfig2", code=0)
    assert pulumi.engine().stream("up").code == 0
    folder = Path((pulumi.home / "temporary").read_text())
    assert folder.parent == dead.parent
    assert not dead.parent.exists()


def test_an_interrupt_reaches_pulumi_once_and_is_waited_for(pulumi: FakePulumi) -> None:
    pulumi.answer("up", seconds=1.5, ready="started", code=0)
    thread = interrupt_when(pulumi.home / "started")
    with pytest.raises(KeyboardInterrupt):
        pulumi.engine().stream("up")
    thread.join()
    assert (pulumi.home / "interrupted").read_text() == "x"


def test_the_handlers_of_before_are_back_afterwards(pulumi: FakePulumi) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    pulumi.engine().stream("version")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_quiet_command_reads_nothing_and_gives_its_output(pulumi: FakePulumi) -> None:
    pulumi.answer("stack output", stdout="{}", stderr="warning", code=0)
    done = pulumi.engine().ask("stack", "output")
    assert (done.stdout, done.stderr, done.returncode) == ("{}", "warning", 0)


def test_a_killed_pulumi_is_said_to_be_killed() -> None:
    assert ending(-9) == "was killed by signal 9"
    assert ending(255) == "failed with exit code 255; its errors are above"
