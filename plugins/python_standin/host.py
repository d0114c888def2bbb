"""The LanguageRuntime service (pulumi/proto/language.proto): how the engine runs a Python program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from plugins.framework.server import start_on_loopback, wait_for_end
from plugins.python_standin import execute
from plugins.python_standin.interpreter import (
    install_commands,
    installed_packages,
    interpreter,
    virtual_environment,
)
from plugins.python_standin.processes import Processes, stream


@dataclass(frozen=True)
class Program:
    """Where a program is and which Python runs it."""

    root: Path
    folder: Path
    entry_point: str
    environment: Path | None

    @classmethod
    def of(cls, info: Any) -> Program:
        """From a ProgramInfo message."""
        root, folder = Path(info.root_directory), Path(info.program_directory)
        options = info.options.fields
        option = options["virtualenv"].string_value if "virtualenv" in options else ""
        return cls(root, folder, info.entry_point or ".", virtual_environment(root, folder, option))

    @property
    def python(self) -> str:
        """Its interpreter."""
        return interpreter(self.environment)


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs programs as processes of their own, so that what they print and how they end is theirs."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._processes = Processes()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        del context
        self._engine_address = request.engine_address or self._engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        del request, context
        return plugin_pb2.PluginInfo(version="0.1.0")

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:
        """None: the stand-in is there because nothing can be downloaded; what is missing is found when
        used.
        """
        del request, context
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: Any, context: grpc.ServicerContext) -> Any:
        del request, context
        return language_pb2.GetRequiredPluginsResponse()

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        del context
        program = Program.of(request.info)
        command = [program.python, "-u", execute.__file__, program.entry_point]
        environment = os.environ | {
            "HYBRID_MESH_RUN": json.dumps(self._run_settings(request, program)),
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        if program.environment is not None:
            environment["VIRTUAL_ENV"] = str(program.environment)
        code = self._processes.run(command, folder=program.folder, environment=environment)
        if code == execute.SHOWN:
            return language_pb2.RunResponse(bail=True)
        if code != 0:
            return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {code}")
        return language_pb2.RunResponse()

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        program = Program.of(request.info)
        folder = Path(request.directory or program.folder)
        for command in install_commands(folder, program.environment):
            with self._processes.started(command, folder=folder, capture=True) as process:
                for text in stream(process):
                    yield language_pb2.InstallDependenciesResponse(**text)
            if process.returncode != 0:
                what = f"{' '.join(command[:4])} failed with code {process.returncode}"
                context.abort(grpc.StatusCode.INTERNAL, what)

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:
        del context
        python = Program.of(request.info).python
        done = subprocess.run([python, "--version"], capture_output=True, text=True, check=True)
        version = done.stdout.removeprefix("Python ").strip()
        return language_pb2.AboutResponse(
            executable=python, version=version, metadata={"host": "stand-in of hybrid-mesh"}
        )

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            found = installed_packages(
                Program.of(request.info).python, transitive=request.transitiveDependencies
            )
        except (subprocess.SubprocessError, OSError) as failure:
            context.abort(grpc.StatusCode.INTERNAL, f"the program's packages cannot be listed: {failure}")
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=version) for name, version in found]
        )

    def RuntimeOptionsPrompts(self, request: Any, context: grpc.ServicerContext) -> Any:
        del request, context
        return language_pb2.RuntimeOptionsResponse()

    def Template(self, request: Any, context: grpc.ServicerContext) -> Any:
        del request, context
        return language_pb2.TemplateResponse()

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        del context
        program = Program.of(request.info)
        environment = dict(pair.split("=", 1) for pair in request.env if "=" in pair) or dict(os.environ)
        arguments = [str(program.folder), *request.args]
        if request.kind == "analyzer":
            arguments = ["-m", "pulumi.policy", *request.args, str(program.folder)]
        command = [program.python, "-u", *arguments]
        started = self._processes.started(
            command, folder=Path(request.pwd or program.folder), environment=environment, capture=True
        )
        with started as process:
            for text in stream(process):
                yield language_pb2.RunPluginResponse(**text)
        yield language_pb2.RunPluginResponse(exitcode=process.returncode)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        del request, context
        self.cancel()
        return empty_pb2.Empty()

    def cancel(self) -> None:
        """Interrupts what runs."""
        self._processes.interrupt()

    def _run_settings(self, request: Any, program: Program) -> dict[str, Any]:
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
                "root_directory": str(program.root),
            },
        }


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
