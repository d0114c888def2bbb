"""How a command ends that did not do what it was asked for.

Exit codes: 0 done, and for `verify` all holds; 1 failed; 2 the command line or the configuration is wrong;
130 interrupted.
"""

import errno
import os
from collections.abc import Callable
from typing import Any

import typer

from hybrid_mesh.cli.console import warn
from hybrid_mesh.local import patience
from hybrid_mesh.local.lab.errors import LabError, LabNotRunning, PreflightError
from hybrid_mesh.local.paths import ProjectMissingError, page
from hybrid_mesh.local.toolchain.errors import ToolchainError
from hybrid_mesh.model.reading.problems import ConfigurationError

FAILED = 1
WRONG = 2
INTERRUPTED = 130
_DISK = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
}
_DISK_REMEDY = (
    "Make room, or set HYBRID_MESH_STATE and HYBRID_MESH_CACHE to folders on another disk; "
    "then run the same command again."
)


class CommandError(Exception):
    """What went wrong in one line, and what to do about it in another. Holds no secret."""

    def __init__(self, message: str, remedy: str, code: int = FAILED) -> None:
        super().__init__(f"{message}\n{remedy}" if remedy else message)
        self.message, self.remedy, self.code = message, remedy, code


def reporting(run: Callable[[], Any]) -> Any:
    """What `run` gives. Every foreseen failure ends the program with one or two lines and its exit code; what
    nobody foresaw keeps its traceback."""
    try:
        _check_patience()
        return run()
    except CommandError as error:
        _end(error.message, error.remedy, error.code)
    except ConfigurationError as error:
        _end(str(error), f"Nothing was changed. {page('configuration.md')} explains every key.", WRONG)
    except ProjectMissingError as error:
        _end(str(error), "Go to one, or create one: `hybrid-mesh init my-mesh`.", WRONG)
    except PreflightError as error:
        _end(str(error), "Nothing was changed.", FAILED)
    except LabNotRunning:
        _end("No lab is running.", "Start one with `hybrid-mesh up`.", FAILED)
    except (LabError, ToolchainError) as error:
        _end(str(error), "", FAILED)
    except OSError as error:
        reason = _DISK.get(error.errno or 0)
        if reason is None:
            raise
        where = f"{error.filename} cannot be written" if error.filename else "A file cannot be written"
        _end(f"{where}: {reason}.", _DISK_REMEDY, FAILED)
    except KeyboardInterrupt:
        _end("Interrupted.", "Run the same command again to go on.", INTERRUPTED)


def _check_patience() -> None:
    """Raises CommandError when the multiplier of deadlines is not valid."""
    if patience.factor() is None:
        raise CommandError(
            f"{patience.VARIABLE} must be a number from 1 to {patience.MOST:g} "
            f"(got {os.environ[patience.VARIABLE]}).",
            "Unset it, or set it to how many times slower than usual this host is.",
            WRONG,
        )


def _end(message: str, remedy: str, code: int) -> None:
    warn(f"error: {message}", style="red")
    if remedy:
        warn(f"       {remedy}")
    raise typer.Exit(code)
