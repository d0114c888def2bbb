"""The failure boundary of the lab's threads: whatever ends an action is reported and ends nothing else."""

import errno
import sys
import time
import traceback
from collections.abc import Callable
from threading import Thread


def tell(text: str) -> None:
    """Writes one line to standard error, which is the lab's log."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")
    sys.stderr.flush()


def run_guarded(name: str, action: Callable[[], None], tell: Callable[[str], None] = tell) -> bool:
    """Runs `action` and answers whether it ended well; an exception is told with where it was raised."""
    try:
        action()
    except BaseException as error:
        tell(f"{name}: {describe(error)}")
        return False
    return True


def start_guarded(name: str, action: Callable[[], None], tell: Callable[[str], None] = tell) -> Thread:
    """Runs `action` guarded on a thread that does not keep the process alive."""
    thread = Thread(target=run_guarded, args=(name, action, tell), name=name, daemon=True)
    thread.start()
    return thread


def describe(error: BaseException) -> str:
    """An unforeseen error in one line: its type, its text, and the place in the code. A full disk is not one
    of the code."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return (
            f"the disk is full{f' ({error.filename})' if error.filename else ''}: make room, then try again"
        )
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
