"""What is printed while the toolchain is built, where there is no terminal."""

import io
import threading

from rich.console import Console

from hybrid_mesh.local.toolchain.progress import BuildProgress
from tests.waiting import eventually


def test_a_build_without_a_terminal_is_never_silent_for_long() -> None:
    file = io.StringIO()
    with BuildProgress(
        {"kubernetes": 200, "charts": 2}, Console(file=file, width=100), quiet=0.05
    ) as progress:
        progress.started("charts")
        progress.finished("charts", 2.0)
        progress.started("kubernetes")
        eventually("what still runs is said", lambda: "still building kubernetes (0:0" in file.getvalue())
        assert "about 3 min left" in file.getvalue()
    lines = file.getvalue().splitlines()
    assert lines[:2] == ["0:00 building charts", "0:00 built charts in 2 s (1 of 2, about 3 min left)"]


def test_nothing_is_said_after_the_end() -> None:
    before = threading.active_count()
    with BuildProgress({}, Console(file=io.StringIO()), quiet=0.02):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
