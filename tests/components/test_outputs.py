"""docs/outputs.md has the outputs that stacks export."""

from tests.commands import PROJECT
from tests.components.conftest import Declared
from tests.docs.shapes import differences, documented


def test_they_are_documented(local: Declared, external: Declared, prod: Declared) -> None:
    rows = documented(PROJECT / "docs" / "outputs.md", "Outputs")
    assert differences([each.outputs for each in (local, external, prod)], rows) == []
