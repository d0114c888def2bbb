"""Runs one Pulumi program with its interpreter. It only requires the Pulumi SDK.

`python -u execute.py PROGRAM`, with the run's settings as JSON in `HYBRID_MESH_RUN` and the configuration in
the SDK's variables (`PULUMI_CONFIG`, `PULUMI_CONFIG_SECRET_KEYS`). The exit code is 0, or `SHOWN` after an
error that has been shown to the user (as in pulumi/sdk/python/cmd/pulumi-language-python-exec).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import runpy
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import grpc
import pulumi
import pulumi.runtime

SHOWN: Final = 32


def main() -> int:
    """The exit code of the run."""
    # The engine interrupts its language host, and so this process, when a run ends early: nothing to report.
    signal.signal(signal.SIGINT, lambda *_: os._exit(SHOWN))
    program = sys.argv[1]
    run = json.loads(os.environ.pop("HYBRID_MESH_RUN"))
    pulumi.runtime.set_all_config(
        pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env()
    )
    pulumi.runtime.configure(pulumi.runtime.Settings(**run["settings"]))
    sys.argv = [program, *run["arguments"]]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(run["settings"]["parallel"], 1) * 4)
    loop.set_default_executor(executor)
    # A failed run leaves futures that are never awaited: asyncio's warnings about them would hide the cause.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        return _run(program, loop)
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()


def _run(program: str, loop: asyncio.AbstractEventLoop) -> int:
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _run_program(program)))
    except pulumi.RunError as failure:
        pulumi.log.error(str(failure))
        return SHOWN
    except grpc.RpcError as failure:
        if failure.code() is not grpc.StatusCode.UNAVAILABLE:  # the engine ends first when it was cancelled
            pulumi.log.error(f"the engine refused a call: {failure.details()}")
        return SHOWN
    except Exception:
        # The user sees the program's exception from the first line of the program on.
        pulumi.log.error(f"Program failed with an unhandled exception:\n{user_traceback(program)}")
        return SHOWN
    return 0


def _run_program(program: str) -> None:
    if Path(program).is_dir() and not (Path(program) / "__main__.py").exists():
        raise pulumi.RunError(
            f"unable to find main python program `__main__.py` in `{Path(program).resolve()}`"
        )
    runpy.run_path(program, run_name="__main__")


def user_traceback(program: str) -> str:
    """The current exception's traceback without the frames before the program's file."""
    main = Path(program).resolve()
    main = main / "__main__.py" if main.is_dir() else main
    frames = traceback.extract_tb(sys.exc_info()[2])
    for index, frame in enumerate(frames):
        if Path(frame.filename).resolve() == main:
            return traceback.format_exc(limit=-(len(frames) - index))
    return traceback.format_exc()


if __name__ == "__main__":
    sys.exit(main())
