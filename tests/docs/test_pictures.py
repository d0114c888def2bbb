"""The pictures of the README and of docs/ show the stacks as they are."""

import pytest

from hybrid_mesh.operate.topology.pictures import PICTURES, pictures

_DRAWN = dict(pictures())


@pytest.mark.parametrize("name", _DRAWN)
def test_a_picture_is_current(name: str) -> None:
    kept = (PICTURES / name).read_text(encoding="utf-8")
    assert kept == _DRAWN[name], "run `python -m hybrid_mesh.operate.topology.pictures`"
    assert len(kept) < 20_000


def test_no_other_picture_is_kept() -> None:
    assert {each.name for each in PICTURES.iterdir()} == set(_DRAWN)
