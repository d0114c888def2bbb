"""The host's other calls, over a live channel."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from plugins.python_standin.host import LanguageHost
from plugins.python_standin.interpreter import install_commands, virtual_environment


@pytest.fixture
def stub() -> Iterator[Any]:
    server = grpc.server(ThreadPoolExecutor(4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(""), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield language_pb2_grpc.LanguageRuntimeStub(channel)
    server.stop(0).wait()


def info(folder: Path) -> Any:
    return language_pb2.ProgramInfo(
        root_directory=str(folder), program_directory=str(folder), entry_point="."
    )


def test_it_asks_for_no_plug_in(stub: Any, tmp_path: Path) -> None:
    request = language_pb2.GetRequiredPackagesRequest(info=info(tmp_path))
    assert not stub.GetRequiredPackages(request).packages
    assert stub.GetPluginInfo(empty_pb2.Empty()).version


def test_dependencies_are_those_of_the_interpreter(stub: Any, tmp_path: Path) -> None:
    request = language_pb2.GetProgramDependenciesRequest(info=info(tmp_path), transitiveDependencies=True)
    names = {one.name.lower() for one in stub.GetProgramDependencies(request).dependencies}
    assert {"pulumi", "grpcio"} <= names


def test_a_plug_in_in_python_is_run(stub: Any, tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.environ['ONE'])\n"
        "print('oops', file=sys.stderr)\nsys.exit(3)\n"
    )
    request = language_pb2.RunPluginRequest(
        pwd=str(tmp_path), args=["127.0.0.1:1"], env=["ONE=1"], info=info(tmp_path), kind="resource"
    )
    answers = list(stub.RunPlugin(request))
    assert b"".join(one.stdout for one in answers) == b"['127.0.0.1:1'] 1\n"
    assert b"".join(one.stderr for one in answers) == b"oops\n"
    assert answers[-1].exitcode == 3


def test_a_policy_pack_is_run_as_the_sdk_wants_it(stub: Any, tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import sys\nprint('pack', sys.argv[1:])\n")
    request = language_pb2.RunPluginRequest(
        pwd=str(tmp_path), args=["127.0.0.1:1"], info=info(tmp_path), kind="analyzer"
    )
    answers = list(stub.RunPlugin(request))
    assert b"pack" in b"".join(one.stdout for one in answers)
    assert answers[-1].exitcode == 0


def test_install_makes_the_environment_and_installs_the_requirements(tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    (tmp_path / "requirements.txt").write_text("pulumi\n")
    make, install = install_commands(tmp_path, environment)
    assert make == [sys.executable, "-m", "venv", str(environment)]
    assert install[0] == str(environment / "bin" / "python")
    assert install[-2:] == ["-r", str(tmp_path / "requirements.txt")]


def test_a_failed_install_is_an_error(stub: Any, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("not a requirement at all\n")
    request = language_pb2.InstallDependenciesRequest(directory=str(tmp_path), info=info(tmp_path))
    with pytest.raises(grpc.RpcError, match="failed with code"):
        list(stub.InstallDependencies(request))


def test_the_environment_beside_the_program_comes_first(tmp_path: Path) -> None:
    program = tmp_path / "program"
    for folder in (tmp_path, program):
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / ".venv" / "bin" / "python").touch()
    assert virtual_environment(tmp_path, program, "") == program / ".venv"
    assert virtual_environment(tmp_path, tmp_path / "other", "") == tmp_path / ".venv"
    assert virtual_environment(tmp_path, program, "named") == tmp_path / "named"
