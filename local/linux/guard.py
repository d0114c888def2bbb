"""The failure boundary of the lab's threads: an exception is logged and ends nothing but its action."""

import errno
import sys
import time
import traceback
from collections.abc import Callable
from threading import Thread


def log(text: str) -> None:
    """Writes one line to standard error, which is the lab's log."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")
    sys.stderr.flush()


def run_guarded(name: str, action: Callable[[], None], log: Callable[[str], None] = log) -> bool:
    """Runs `action` and returns whether it succeeded; an exception is logged with the place where it was
    raised."""
    try:
        action()
    except BaseException as error:
        log(f"{name}: {describe(error)}")
        return False
    return True


def start_guarded(name: str, action: Callable[[], None], log: Callable[[str], None] = log) -> Thread:
    """Runs `action` guarded on a thread that does not keep the process alive."""
    thread = Thread(target=run_guarded, args=(name, action, log), name=name, daemon=True)
    thread.start()
    return thread


def describe(error: BaseException) -> str:
    """An unexpected error in one line: its type, its text, and the place in the code, or that the disk is
    full."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return (
            f"the disk is full{f' ({error.filename})' if error.filename else ''}: make room, then try again"
        )
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
