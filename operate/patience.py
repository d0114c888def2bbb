"""The one place where operate waits: for something outside to become as it must."""

import time
from collections.abc import Callable
from typing import TypeVar

Outcome = TypeVar("Outcome")


def retry(
    attempt: Callable[[int], Outcome], done: Callable[[Outcome], bool], seconds: float, pause: float
) -> Outcome:
    """Calls `attempt` with 1, 2, … until `done` says so of the outcome or `seconds` have passed; the last
    outcome."""
    deadline = time.monotonic() + seconds
    tries = 1
    outcome = attempt(tries)
    while not done(outcome) and time.monotonic() + pause < deadline:
        time.sleep(pause)
        tries += 1
        outcome = attempt(tries)
    return outcome
