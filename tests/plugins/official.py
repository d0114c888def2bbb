"""Pulumi's own kubernetes plug-in, as the toolchain builds it: a process that a test calls directly."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import grpc

from tests.commands import PROJECT

PLUGIN: Final = PROJECT / ".toolchain" / "plugins" / "pulumi-resource-kubernetes"
LARGEST_MESSAGE: Final = 400 * 1024 * 1024
OPTIONS: Final = (
    ("grpc.max_receive_message_length", LARGEST_MESSAGE),
    ("grpc.max_send_message_length", LARGEST_MESSAGE),
)


@contextmanager
def official_plugin(folder: Path, arguments: Sequence[str] = ()) -> Iterator[grpc.Channel]:
    """A connection to the running plug-in, which works in `folder` and ends with the body."""
    command = [str(PLUGIN), *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
                yield channel
        finally:
            process.terminate()
