"""By which exit code the real engine says that there is something to change: the drift check reads it."""

from pathlib import Path

import pytest

from tests.plugins.engine import Project, binary

pytestmark = pytest.mark.engine

PROGRAM = 'import pulumi\npulumi.ComponentResource("tests:index:Thing", "{name}")\n'


def _expect_no_changes(project: Project) -> int:
    return project.run("preview", "--expect-no-changes", "--stack", "test", check=False).returncode


def test_changes_where_none_are_expected_have_an_exit_code_of_their_own(tmp_path: Path) -> None:
    if binary("pulumi") is None:
        pytest.skip("the exit codes of pulumi need it: run make toolchain to include them")
    project = Project(tmp_path / "project", PROGRAM.format(name="one"))
    assert _expect_no_changes(project) == 7
    project.pulumi("up", "--yes", "--skip-preview")
    assert _expect_no_changes(project) == 0
    project.write("import nothing_of_that_name\n")
    assert _expect_no_changes(project) not in {0, 7}
