"""The real `pulumi` with a project, a backend and a passphrase of the test's own."""

import os
import shutil
from pathlib import Path

import pytest

from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.environment import PulumiEnvironment
from tests.commands import PROJECT

PROGRAM = """import pulumi

class Part(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("test:index:Part", name)
        self.register_outputs({})

Part("one")
Part("two")
pulumi.log.warn("a warning of the program")
"""


def real_engine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """With a project of the stack `local` in `folder`. Skips where there is no pulumi."""
    standin = PROJECT / "plugins" / "python_standin" / "bin"
    path = os.pathsep.join([str(PROJECT / ".toolchain" / "bin"), os.environ["PATH"], str(standin)])
    program = shutil.which("pulumi", path=path)
    if program is None:
        pytest.skip("there is no pulumi: run make toolchain")
    (folder / "Pulumi.yaml").write_text("name: hybrid-mesh\nruntime: python\nstackConfigDir: stacks\n")
    (folder / "__main__.py").write_text(PROGRAM)
    (folder / "stacks").mkdir()
    (folder / "stacks" / "Pulumi.local.yaml").write_text("config:\n  hybrid-mesh:x: y   # kept\n")
    passphrase, backend = folder / "passphrase", folder / "backend"
    passphrase.write_text("correct horse battery staple\n")
    backend.mkdir()
    for module in ("hybrid_mesh.cli.stack", "hybrid_mesh.cli.engine"):
        monkeypatch.setattr(f"{module}.project_folder", lambda: folder)
    variables = {
        "PATH": path,
        "HOME": str(folder / "home"),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        "PULUMI_PYTHON_CMD": str(PROJECT / ".venv" / "bin" / "python"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    return Engine(program, PulumiEnvironment({}, backend, passphrase, {}), variables)
