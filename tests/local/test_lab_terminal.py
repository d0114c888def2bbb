import pytest

from hybrid_mesh.local.lab import terminal
from hybrid_mesh.local.linux import cgroups


def test_a_vms_init_is_the_innermost_process_one(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {10: ["10", "2"], 11: ["11", "3", "1"], 12: ["12", "4", "7"], 13: ["13", "1"]}
    monkeypatch.setattr(cgroups, "processes", lambda _: set(numbers))
    monkeypatch.setattr(terminal, "_numbers", numbers.__getitem__)
    assert terminal.find_init("lab/machine-x") == 11
    numbers.clear()
    assert terminal.find_init("lab/machine-x") is None
