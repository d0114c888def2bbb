"""The stack `dev`, whose clusters are others', while it is protected, with telemetry, and with a dead one.

The tests run in this order on one stack.
"""

from collections.abc import Iterator

import pytest

from tests.engine.site import Site, site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("dev"), "dev") as made:
        mesh = made.mesh
        mesh["protected"] = True
        mesh["kiali"] = {"cluster": "one"}
        mesh["telemetry"] = {
            "accessLogs": {"stdout": "json"},
            "traces": {"otlp": "https://otlp.example.com:4317", "sampling": 1},
            "metrics": {"disabled": ["REQUEST_SIZE"]},
        }
        made.configure(mesh)
        made.up()
        yield made


@pytest.mark.parametrize("arguments", [(), ("--continue-on-error",)], ids=["plain", "continue on error"])
def test_a_destroy_of_a_protected_stack_takes_nothing_even_out_of_the_state(
    dev: Site, arguments: tuple[str, ...]
) -> None:
    """A bundle is nothing but an entry of the state: it stays too."""
    before, things = dev.resources(), dev.world.things()
    assert [each for each in before if each["type"] == "hybridmesh:index:BundleMachines"]
    said = dev.destroy(*arguments, fails=True)
    assert "set `protected: false` in stacks/Pulumi.dev.yaml" in said
    assert [each["urn"] for each in dev.resources()] == [each["urn"] for each in before]
    assert dev.world.things() == things


def test_a_dead_cluster_in_quarantine_holds_neither_the_living_nor_a_destroy(dev: Site) -> None:
    """The protection is lifted on the way."""
    (dead,) = {
        thing.owner for thing in dev.world.things("kubernetes") if "mesh-two-istio-istiod" in thing.name
    }
    dev.world.kill(dead)
    assert "unreachable" in dev.pulumi("preview", "--refresh", fails=True)
    mesh = dev.mesh
    mesh["protected"] = False
    mesh["clusters"]["two"]["state"] = "quarantined"
    dev.configure(mesh)
    dev.world.forget_calls()
    dev.up()
    dev.up("--expect-no-changes")
    assert [call for call in dev.world.calls() if call.owner == dead] == []
    dev.destroy()
    assert dev.resources() == []
    assert {thing.owner for thing in dev.world.things("kubernetes")} == {dead}, "what is in it stays behind"
