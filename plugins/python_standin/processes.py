"""The processes that the host started, so that a cancelled run leaves none behind."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

_INTERRUPT_SECONDS: Final = 5


class Processes:
    """Starts processes and can interrupt all that still run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, command: list[str], *, folder: Path, environment: dict[str, str]) -> int:
        """Runs to the end with this process' own output; returns the exit code."""
        with self.started(command, folder=folder, environment=environment, capture=False) as process:
            return process.wait()

    @contextmanager
    def started(
        self, command: list[str], *, folder: Path, environment: dict[str, str] | None = None, capture: bool
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A process, awaited at the end of the block; `capture` gives pipes for its output."""
        pipe = subprocess.PIPE if capture else None
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
        with self._lock:
            self._running.add(process)
        try:
            yield process
        finally:
            process.wait()
            with self._lock:
                self._running.discard(process)

    def interrupt(self) -> None:
        """SIGINT to all, SIGKILL to those that do not heed it."""
        with self._lock:
            running = list(self._running)
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            try:
                process.wait(_INTERRUPT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def stream(process: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    """What the process prints, as it comes: `{"stdout": bytes}` or `{"stderr": bytes}`."""
    pieces: queue.Queue[tuple[str, bytes]] = queue.Queue()

    def pump(name: str, pipe: IO[bytes]) -> None:
        for line in pipe:
            pieces.put((name, line))
        pieces.put((name, b""))

    pipes = {"stdout": process.stdout, "stderr": process.stderr}
    threads = [
        threading.Thread(target=pump, args=(name, pipe), daemon=True) for name, pipe in pipes.items() if pipe
    ]
    for thread in threads:
        thread.start()
    open_pipes = len(threads)
    while open_pipes:
        name, piece = pieces.get()
        if piece:
            yield {name: piece}
        else:
            open_pipes -= 1
