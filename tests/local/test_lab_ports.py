"""The loopback ports of a lab: the same after every down and up, and of several labs at once."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybrid_mesh.local.lab.allocations import ClusterAllocations, port_of
from hybrid_mesh.local.lab.specs import ClusterSpec, NetworkSpec, Owner
from hybrid_mesh.local.lab.state import LabState
from hybrid_mesh.local.linux.forwarding import PORTS, Forwarders

NETWORK = NetworkSpec("one", "10.61.0.0/16")
INGRESS = "istio-ingress/public-istio:80"
API_OF_EAST, INGRESS_OF_EAST = 24247, 29826
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="entering a network namespace needs root")


def spec(name: str = "east", stack: str = "local") -> ClusterSpec:
    return ClusterSpec(name, NETWORK, "10.61.128.0/20", "10.96.0.0/16", "1.35.4", Owner("hybrid-mesh", stack))


@pytest.fixture
def forwarders() -> Iterator[Forwarders]:
    host = os.open("/proc/self/ns/net", os.O_RDONLY)
    yield Forwarders(host)
    os.close(host)


def test_a_port_follows_from_the_lab_the_stack_and_the_names() -> None:
    """The figures are a contract: another one breaks everybody's bookmarks and kubeconfigs."""
    lab = Path("/root/.local/state/hybrid-mesh/lab")
    assert port_of(lab, spec(), "api") == API_OF_EAST
    assert port_of(lab, spec(), INGRESS) == INGRESS_OF_EAST
    others = [
        port_of(Path("/other/lab"), spec(), "api"),
        port_of(lab, spec("west"), "api"),
        port_of(lab, spec(stack="mine"), "api"),
    ]
    assert len({API_OF_EAST, INGRESS_OF_EAST, *others}) == 5
    assert all(port in PORTS for port in others)


@needs_root
def test_a_taken_port_gives_way_to_the_next_one(forwarders: Forwarders) -> None:
    last = PORTS[-1]
    free = forwarders.free_port(last, ())
    assert forwarders.free_port(free, {free}) != free
    assert forwarders.free_port(last, {last}) < last, "after the last comes the first"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free))
        taken.listen()
        assert forwarders.free_port(free, ()) != free


@needs_root
def test_a_port_whose_connections_ended_a_moment_ago_is_free(forwarders: Forwarders) -> None:
    """The side that closes first keeps the port in TIME_WAIT for a minute: `down` and `up` take less."""
    port = forwarders.free_port(PORTS[0], ())
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = listener.accept()
            accepted.close()
            assert client.recv(1) == b""
    assert forwarders.free_port(port, ()) == port


@needs_root
def test_a_gateways_port_is_the_same_after_it_was_released(forwarders: Forwarders, tmp_path: Path) -> None:
    state = LabState(tmp_path / "lab")
    record = state.add_cluster(spec(), PORTS[0])
    allocations = ClusterAllocations(record, state, forwarders)
    port = allocations.port(INGRESS)
    assert port != PORTS[0]
    assert allocations.release(INGRESS) == port
    assert allocations.port(INGRESS) == port
