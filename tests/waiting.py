"""How tests wait for something outside to become so."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def eventually(
    what: str,
    check: Callable[[], Answer],
    seconds: float = 60,
    *,
    passing: type[Exception] | tuple[type[Exception], ...] = (),
) -> Answer:
    """The first true answer of `check`; a failure of the kind `passing` only means "not yet".

    Raises AssertionError with the last such failure when there is no true answer within `seconds`.
    """
    deadline = time.monotonic() + seconds
    last = ""
    while True:
        try:
            if answer := check():
                return answer
        except passing as failure:
            last = f"; {failure}"
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s{last}")
        time.sleep(0.1)
