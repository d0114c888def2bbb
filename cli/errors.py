"""How a command ends that did not do what it was asked for.

Exit codes: 0 done, and for `verify` all holds; 1 failed; 2 the command line or the configuration is wrong;
130 interrupted; 141 nobody reads the output any more.
"""

import errno
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import typer

from hybrid_mesh.cli.console import end_without_reader, warn
from hybrid_mesh.cli.options import AS_JSON
from hybrid_mesh.local import patience
from hybrid_mesh.local.lab.errors import LabError, LabNotRunning, PreflightError
from hybrid_mesh.local.paths import ProjectMissingError, page
from hybrid_mesh.local.toolchain.errors import ToolchainError
from hybrid_mesh.model.reading.problems import ConfigurationError

FAILED = 1
WRONG = 2
INTERRUPTED = 130
_MAKE_ROOM = (
    "Make room, or set HYBRID_MESH_STATE and HYBRID_MESH_CACHE to folders on another disk; "
    "then run the same command again."
)
_DISK = {
    errno.ENOSPC: ("the disk is full", _MAKE_ROOM),
    errno.EDQUOT: ("the disk quota is used up", _MAKE_ROOM),
    errno.EROFS: (
        "the file system is read-only",
        "Use a writable copy of the project, and HYBRID_MESH_STATE and HYBRID_MESH_CACHE on a writable disk.",
    ),
}
"""Error of a disk -> what it means, and the remedy."""


class CommandError(Exception):
    """What went wrong in one line, and what to do about it in another. Holds no secret."""

    def __init__(self, message: str, remedy: str, code: int = FAILED) -> None:
        super().__init__(f"{message}\n{remedy}" if remedy else message)
        self.message, self.remedy, self.code = message, remedy, code


def reporting(run: Callable[[], Any], meta: Mapping[str, Any]) -> Any:
    """What `run` gives. Every foreseen failure ends the program with one or two lines and its exit code; what
    nobody foresaw keeps its traceback.

    With --json, as `meta` of the command line says, problems of a stack file go to standard output instead:
    `{"problems": [{"path", "value", "message", "remedy", "file", "line", "column"}]}`.
    """
    try:
        _check_patience()
        return run()
    except BrokenPipeError:
        end_without_reader(sys.stdout)
    except (Exception, KeyboardInterrupt) as error:
        foreseen = _foreseen(error)
        if foreseen is None:
            raise
        if isinstance(error, ConfigurationError) and meta.get(AS_JSON):
            typer.echo(json.dumps({"problems": [problem.as_json() for problem in error.problems]}, indent=2))
            raise typer.Exit(WRONG) from None
        _end(foreseen)


def _foreseen(error: BaseException) -> CommandError | None:
    """How the command ends after `error`; None for one that nobody foresaw."""
    found: CommandError | None = None
    match error:
        case CommandError():
            found = error
        case ConfigurationError():
            remedy = f"Nothing was changed. {page('configuration.md')} explains every key."
            count = len(error.problems)
            head = f"{count:,} problems in the configuration:\n" if count > 1 else ""
            found = CommandError(f"{head}{error}", remedy, WRONG)
        case ProjectMissingError():
            found = CommandError(str(error), "Go to one, or create one: `hybrid-mesh init my-mesh`.", WRONG)
        case PreflightError():
            found = CommandError(_as_typed(str(error)), "Nothing was changed.")
        case LabNotRunning():
            found = CommandError("No lab is running.", _as_typed("Start one with `hybrid-mesh up`."))
        case LabError() | ToolchainError():
            found = CommandError(_as_typed(str(error)), "")
        case OSError() if error.errno in _DISK:
            where = f"{error.filename} cannot be written" if error.filename else "A file cannot be written"
            reason, remedy = _DISK[error.errno]
            found = CommandError(f"{where}: {reason}.", remedy)
        case KeyboardInterrupt():
            found = CommandError("Interrupted.", "Rerun the command to resume.", INTERRUPTED)
    return found


def _as_typed(text: str) -> str:
    """`text` of the local site, which does not know where this program is, with commands to be copied."""
    from hybrid_mesh.cli.typed import COMMAND  # noqa: PLC0415 - a command that succeeds does not need it

    return re.sub(r"(?<=[` ])hybrid-mesh (?=lab |up|down)", f"{COMMAND} ", text)


def _check_patience() -> None:
    """Raises CommandError when the multiplier of deadlines is not valid."""
    if patience.factor() is None:
        raise CommandError(
            f"{patience.VARIABLE} must be a number from 1 to {patience.MOST:g} "
            f"(got {os.environ[patience.VARIABLE]}).",
            "Unset it, or set it to how many times slower than usual this host is.",
            WRONG,
        )


def _end(error: CommandError) -> NoReturn:
    warn(f"error: {error.message}", style="red")
    if error.remedy:
        warn(f"       {error.remedy}")
    raise typer.Exit(error.code)
