"""docs/configuration.md is that of the model."""

from hybrid_mesh.model.reference.configuration import REFERENCE_PATH, render_reference


def test_is_that_of_the_model() -> None:
    assert REFERENCE_PATH.read_text() == render_reference(), (
        "run `python -m hybrid_mesh.model.reference.configuration`"
    )
