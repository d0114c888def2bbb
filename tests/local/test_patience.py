import pytest

from hybrid_mesh.local.patience import VARIABLE, factor, patient


@pytest.mark.parametrize(
    ("value", "seconds"), [(None, 20), ("", 20), ("1", 20), ("10", 200), ("2.5", 50), ("1000", 20_000)]
)
def test_deadlines_are_multiplied(monkeypatch: pytest.MonkeyPatch, value: str | None, seconds: float) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    assert patient(20) == seconds


@pytest.mark.parametrize("value", ["0", "0.5", "-3", "ten", "nan", "inf", "1001", "10s"])
def test_what_is_not_a_multiplier_changes_nothing(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(VARIABLE, value)
    assert factor() is None
    assert patient(20) == 20
