"""Programs under the real engine: what is shown, how they end, and which Python runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.plugins.conftest import ProjectFactory
from tests.waiting import eventually

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
from beside import greeting
config = pulumi.Config()
print(greeting)
pulumi.export("plain", config.get("plain"))
pulumi.export("hidden", config.get_secret("hidden"))
pulumi.export("stack", f"{pulumi.get_project()}/{pulumi.get_stack()}/{pulumi.get_organization()}")
"""


def test_a_program_runs_with_its_configuration(make_project: ProjectFactory) -> None:
    project = make_project(PROGRAM)
    (project.folder / "beside.py").write_text("greeting = 'hello from the program'\n")
    project.set("plain", "value")
    project.set("hidden", "very hidden", secret=True)
    assert "hello from the program" in project.pulumi("preview")
    shown = project.pulumi("up", "--yes")
    assert "1 created" in shown
    assert "very hidden" not in shown
    outputs = json.loads(project.pulumi("stack", "output", "--json", "--show-secrets"))
    assert outputs == {"plain": "value", "hidden": "very hidden", "stack": "project/test/organization"}
    assert "very hidden" not in project.pulumi("stack", "export")
    assert "1 unchanged" in project.pulumi("up", "--yes")
    assert "1 unchanged" in project.pulumi("refresh", "--yes")
    assert "1 deleted" in project.pulumi("destroy", "--yes")


def test_a_configuration_error_is_shown_without_a_traceback(make_project: ProjectFactory) -> None:
    project = make_project("import pulumi\nraise pulumi.RunError('mesh.id: must be a DNS label')\n")
    shown = project.pulumi("preview", fails=True)
    assert "error: mesh.id: must be a DNS label" in shown
    assert "Traceback" not in shown
    assert "non-zero exit code" not in shown


def test_an_exception_is_shown_from_the_programs_first_line_on(make_project: ProjectFactory) -> None:
    project = make_project("def fail():\n    return 1 / 0\n\n\nfail()\n")
    shown = project.pulumi("preview", fails=True)
    assert "Program failed with an unhandled exception" in shown
    assert "ZeroDivisionError" in shown
    assert '__main__.py", line 5' in shown
    assert "runpy" not in shown
    assert "execute.py" not in shown


def test_an_exit_code_of_the_programs_own(make_project: ProjectFactory) -> None:
    project = make_project("import os\nos._exit(7)\n")
    assert "non-zero exit code: 7" in project.pulumi("preview", fails=True)


def test_a_missing_module_is_named(make_project: ProjectFactory) -> None:
    project = make_project("import absent_module\n")
    assert "No module named 'absent_module'" in project.pulumi("preview", fails=True)


def test_a_missing_program_is_named(make_project: ProjectFactory) -> None:
    project = make_project("")
    (project.folder / "__main__.py").unlink()
    assert "__main__.py" in project.pulumi("preview", fails=True)


def test_an_error_in_a_value_fails_the_run(make_project: ProjectFactory) -> None:
    program = "import pulumi\npulumi.Output.from_input(1).apply(lambda one: one / 0)\n"
    assert "ZeroDivisionError" in make_project(program).pulumi("up", "--yes", "--skip-preview", fails=True)


def test_a_virtual_environment_beside_the_program_runs_it(make_project: ProjectFactory) -> None:
    project = make_project("import sys\nprint('run by', sys.argv, sys.executable)\n")
    own = project.folder / ".venv" / "bin"
    own.mkdir(parents=True)
    (own / "python").write_text(f'#!/bin/sh\necho "the own interpreter"\nexec {sys.executable} "$@"\n')
    (own / "python").chmod(0o755)
    assert "the own interpreter" in project.pulumi("preview")


def test_the_option_names_the_virtual_environment(make_project: ProjectFactory) -> None:
    project = make_project("")
    options = "runtime:\n  name: python\n  options:\n    virtualenv: environment\n"
    (project.folder / "Pulumi.yaml").write_text(f"name: project\n{options}")
    own = project.folder / "environment" / "bin"
    own.mkdir(parents=True)
    (own / "python").write_text(f'#!/bin/sh\necho "the named interpreter"\nexec {sys.executable} "$@"\n')
    (own / "python").chmod(0o755)
    assert "the named interpreter" in project.pulumi("preview")


def test_an_interrupted_run_ends_at_once_and_leaves_no_process(make_project: ProjectFactory) -> None:
    project = make_project(
        "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(600)\n"
    )
    with (project.folder / "shown").open("w") as shown:
        process = subprocess.Popen(
            ["pulumi", "--non-interactive", "preview"],
            cwd=project.folder,
            env=project.environment,
            stdout=shown,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    written = project.folder / "pid"
    eventually("the program runs", lambda: written.exists() and written.read_text() != "")
    began = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    process.wait(timeout=30)
    assert time.monotonic() - began < 20
    eventually("the program is gone", lambda: not Path(f"/proc/{written.read_text()}").exists(), 10)
    assert "Traceback" not in (project.folder / "shown").read_text()


def test_a_killed_engine_leaves_no_process(make_project: ProjectFactory) -> None:
    project = make_project(
        "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(600)\n"
    )
    process = subprocess.Popen(
        ["pulumi", "--non-interactive", "preview"],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    written = project.folder / "pid"
    eventually("the program runs", lambda: written.exists() and written.read_text() != "")
    process.kill()
    process.wait()
    eventually("the program is gone", lambda: not Path(f"/proc/{written.read_text()}").exists(), 15)
