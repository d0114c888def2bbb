"""`python -m tests.stages`: lint and every test, those on the real lab beside all others.

The lab mostly waits while the others compute, so all together take little longer than the lab alone. Lint is
a stage, and every other stage is a pytest of its own; every line says whose it is, and the end says how each
went. Ctrl-C ends all of them, and the lab's tests take their lab down.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.local.toolchain.profile import Profile

PYTEST: Final = (sys.executable, "-m", "pytest", "--durations=15")
INTERRUPTED: Final = 130


@dataclass
class Stage:
    """One command, its output shown line by line under its name. `niceness` is that of nice(1)."""

    name: str
    command: Sequence[str]
    niceness: int = 0
    process: subprocess.Popen[str] | None = field(default=None, init=False)
    verdict: str = field(default="not run", init=False)

    def run(self) -> bool:
        """Run to the end; answers whether it passed.

        In a session of its own: it is interrupted once, by `Lanes`, and not by the terminal as well.
        """
        begin = time.monotonic()
        self.process = subprocess.Popen(
            ["nice", "-n", str(self.niceness), *self.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            print(f"{self.name:>7} | {line}", end="", flush=True)
        code = self.process.wait()
        outcome = "passed" if code == 0 else f"FAILED with exit code {code}"
        self.verdict = f"{outcome} in {time.monotonic() - begin:.0f} s"
        return code == 0

    def interrupt(self) -> None:
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)


@dataclass
class Lanes:
    """Lanes run side by side, the stages of a lane one after the other, whether they pass or not."""

    lanes: Sequence[Sequence[Stage]]
    _interrupted: bool = False

    def run(self) -> int:
        """0 if all passed, 130 if they were interrupted, else 1."""
        with ThreadPoolExecutor(len(self.lanes)) as pool:
            running = [pool.submit(self._follow, lane) for lane in self.lanes]
            while not all(future.done() for future in running):
                try:
                    wait(running)
                except KeyboardInterrupt:
                    self._interrupted = True
                    for stage in chain(*self.lanes):
                        stage.interrupt()
        for stage in chain(*self.lanes):
            print(f"{stage.name}: {stage.verdict}", flush=True)
        if self._interrupted:
            return INTERRUPTED
        return 0 if all(future.result() for future in running) else 1

    def _follow(self, lane: Sequence[Stage]) -> bool:
        passed = [stage.run() for stage in lane if not self._interrupted]
        return all(passed)


def choose(
    *, is_root: bool, has_toolchain: bool, has_browser: bool, has_observability: bool
) -> tuple[Lanes, list[str]]:
    """What can run here, and a line for each stage that cannot."""
    elsewhere = "not lab and not engine and not browser"
    fast = Stage("fast", [*PYTEST, "-n", "auto", "--dist", "worksteal", "-m", elsewhere], 10)
    quick = [Stage("lint", ["make", "--no-print-directory", "lint"], 10), fast]
    if not has_toolchain:
        return Lanes([quick]), [
            "lab, engine, browser: NOT RUN: they need the toolchain (as root: make toolchain)"
        ]
    engine = [*PYTEST, "-m", "engine"]
    if not is_root:
        both = Stage("engine", [*engine, "-n", "2", "--dist", "loadfile"])
        return Lanes([[*quick, both]]), ["lab, browser: NOT RUN: they need root"]
    left_out = []
    if has_browser:
        quick.append(Stage("browser", [*PYTEST, "-m", "browser"], 10))
    else:
        left_out.append("browser: NOT RUN: Chromium is not in the toolchain (as root: make extras)")
    if not has_observability:
        left_out.append("telemetry: NOT RUN: its programs are not in the toolchain (as root: make extras)")
    return Lanes([[Stage("lab", [*PYTEST, "-m", "lab"])], [*quick, Stage("engine", engine, 19)]]), left_out


def _profile() -> Profile | None:
    try:
        return Profile.current()
    except ToolchainMissing:
        return None


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    profile = _profile()
    lanes, left_out = choose(
        is_root=os.geteuid() == 0,
        has_toolchain=profile is not None,
        has_browser=profile is not None and profile.browser is not None,
        has_observability=profile is not None and profile.promtool is not None,
    )
    code = lanes.run()
    for line in left_out:
        print(line)
    if profile is None and os.environ.get("ALLOW_SKIPS") != "1":
        print("set ALLOW_SKIPS=1 to pass without them")
        return code or 1
    return code


if __name__ == "__main__":
    sys.exit(main())
