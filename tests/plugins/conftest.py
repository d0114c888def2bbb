"""What the plug-ins' tests share: projects under the real engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins.engine import Project, binary

ProjectFactory = Callable[..., Project]


@pytest.fixture
def make_project(tmp_path: Path) -> ProjectFactory:
    """Makes projects: `make_project(program, VARIABLE="value")`."""
    if binary("pulumi") is None:
        pytest.skip("no pulumi; run make toolchain")

    def make(program: str, **environment: str) -> Project:
        return Project(tmp_path / "project", program, environment)

    return make
