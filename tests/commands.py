"""The checkout, and commands as tests run them: without a terminal, what they print kept."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[1]
HYBRID_MESH: Final = (sys.executable, "-m", "hybrid_mesh.cli.main")
LOCAL_BACKEND: Final = f'eval "$({shlex.join(HYBRID_MESH)} env)"'
"""Shell that makes the local site's backend the one of the `pulumi` commands after it."""
AS_IN_A_TERMINAL: Final = ("env", "--default-signal=INT")
"""Before a command: lets SIGINT interrupt it even when the tests run in the background of a shell, which has
its children ignore that signal. Source: env(1) of GNU coreutils; signal(7) on what exec keeps."""
_TOLD: Final = 9000
"""Characters of each stream, at most, in the message of a failure."""


def run(
    command: Sequence[str | os.PathLike[str]],
    *,
    folder: Path = PROJECT,
    environment: Mapping[str, str] | None = None,
    seconds: float = 300,
    merged: bool = False,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Runs `command` in `folder`; `merged` keeps both streams as one. Raises AssertionError when it fails,
    unless `check` is False, and subprocess.TimeoutExpired."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
        text=True,
        timeout=seconds,
        check=False,
    )
    if check and done.returncode != 0:
        streams = (done.stdout, done.stderr or "")
        raise AssertionError(
            "\n".join([f"{command} ended with {done.returncode}", *(each[-_TOLD:] for each in streams)])
        )
    return done
