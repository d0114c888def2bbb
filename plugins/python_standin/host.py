"""The part of the LanguageRuntime service (pulumi/proto/language.proto) that the engine needs for a
program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from hybrid_mesh.plugins.framework.server import start_on_loopback, wait_for_end
from hybrid_mesh.plugins.python_standin import execute

_INTERRUPT_SECONDS: Final = 5


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs programs as separate processes."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._running: set[subprocess.Popen[bytes]] = set()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        del context
        self._engine_address = request.engine_address or self._engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        del request, context
        return plugin_pb2.PluginInfo(version="0.1.0")

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:
        """None: a missing plug-in is reported when it is used."""
        del request, context
        return language_pb2.GetRequiredPackagesResponse()

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        del context
        info = request.info
        environment = virtual_environment(info)
        variables = {
            "HYBRID_MESH_RUN": json.dumps(self._settings(request)),
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            **({"VIRTUAL_ENV": str(environment)} if environment else {}),
        }
        python = str(environment / "bin" / "python") if environment else sys.executable
        command = [python, "-u", execute.__file__, info.entry_point or "."]
        with subprocess.Popen(
            command, cwd=info.program_directory, env=os.environ | variables, stdin=subprocess.DEVNULL
        ) as process:
            self._running.add(process)
            code = process.wait()
            self._running.discard(process)
        if code == execute.SHOWN:
            return language_pb2.RunResponse(bail=True)
        error = f"Program exited with non-zero exit code: {code}" if code else ""
        return language_pb2.RunResponse(error=error)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        del request, context
        self.cancel()
        return empty_pb2.Empty()

    def cancel(self) -> None:
        """Sends SIGINT to every running program, and SIGKILL to those that do not end."""
        running = list(self._running)
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            try:
                process.wait(_INTERRUPT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def _settings(self, request: Any) -> dict[str, Any]:
        return {
            "arguments": list(request.args),
            "settings": {
                "monitor": request.monitor_address,
                "engine": self._engine_address,
                "project": request.project,
                "stack": request.stack,
                "parallel": request.parallel,
                "dry_run": request.dryRun,
                "organization": request.organization or "organization",
                "root_directory": request.info.root_directory,
            },
        }


def virtual_environment(info: Any) -> Path | None:
    """The folder of the program's virtual environment: that of the runtime option `virtualenv` (relative
    to the project), else `.venv` next to the program or the project. None if it has no Python: the host's
    Python, which has the Pulumi SDK, then runs the program."""
    options, root = info.options.fields, Path(info.root_directory)
    named = options["virtualenv"].string_value if "virtualenv" in options else ""
    candidates = [root / named] if named else [Path(info.program_directory) / ".venv", root / ".venv"]
    return next((folder for folder in candidates if (folder / "bin" / "python").exists()), None)


def serve() -> NoReturn:
    """Serves until SIGINT, SIGTERM or the end of the engine; the address of the engine is the last
    argument.
    """
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    host = LanguageHost(addresses[-1] if addresses else "")
    server, port = start_on_loopback(
        lambda made: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, made)
    )
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    wait_for_end(stop, watch_parent=bool(addresses))
    host.cancel()
    server.stop(grace=1).wait()
    os._exit(0)
