"""What the host decides before a program runs."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import struct_pb2
from pulumi.runtime.proto import language_pb2

from hybrid_mesh.plugins.python_standin.host import virtual_environment


def found(root: Path, program: Path, option: str = "") -> Path | None:
    options = struct_pb2.Struct()
    options.update({"virtualenv": option} if option else {})
    return virtual_environment(
        language_pb2.ProgramInfo(
            root_directory=str(root), program_directory=str(program), entry_point=".", options=options
        )
    )


def test_the_environment_beside_the_program_comes_first(tmp_path: Path) -> None:
    program = tmp_path / "program"
    for folder in (tmp_path / ".venv", program / ".venv", tmp_path / "named"):
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").touch()
    assert found(tmp_path, program) == program / ".venv"
    assert found(tmp_path, tmp_path / "other") == tmp_path / ".venv"
    assert found(tmp_path, program, "named") == tmp_path / "named"
    assert found(tmp_path, program, "not-made-yet") is None
