"""Who gets which address, and that a lab remembers it."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_mesh.local.lab import addressing
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.specs import ClusterSpec, MachineSpec, NetworkSpec
from hybrid_mesh.local.lab.state import LabState

ONE = NetworkSpec("one", "10.61.0.0/16")
TWO = NetworkSpec("two", "10.62.0.0/16")


def cluster(name: str, network: NetworkSpec = ONE) -> ClusterSpec:
    return ClusterSpec(name, network, "10.61.128.0/20", "10.96.0.0/16", "1.35.4")


def machine(name: str, network: NetworkSpec = ONE) -> MachineSpec:
    return MachineSpec(name, network, "#cloud-config\n", "a@b")


def test_the_first_24_of_a_network_is_its_lan() -> None:
    assert addressing.lan("10.61.0.0/16") == IPv4Network("10.61.0.0/24")
    assert addressing.lan_services("10.61.0.0/16") == "10.61.0.1"
    assert addressing.lan_node("10.61.0.0/16", 0) == "10.61.0.10"
    assert addressing.lan_machine("10.61.0.0/16", 3) == "10.61.0.103"
    with pytest.raises(LabError, match="requires a /24 or larger"):
        addressing.lan("10.61.0.0/25")


@given(st.integers(1, 199), st.integers(1, 199), st.integers(1, 254))
def test_wan_addresses_never_meet(first: int, second: int, index: int) -> None:
    ours = {addressing.wan_node(first), addressing.wan_gateway(first), addressing.wan_balancer(first, ())}
    theirs = {
        addressing.wan_node(second),
        addressing.wan_gateway(second),
        addressing.wan_balancer(second, ()),
    }
    others = {addressing.wan_machine(index), addressing.WAN_SERVICES}
    assert len(ours) == 3
    assert not ours & others
    assert first == second or not ours & theirs
    assert all(IPv4Address(address) in addressing.WAN for address in ours | others)


def test_a_balancer_keeps_what_it_had_unless_that_is_taken_or_foreign() -> None:
    assert addressing.wan_balancer(3, {"172.30.3.11"}) == "172.30.3.12"
    assert addressing.wan_balancer(3, (), "172.30.3.40") == "172.30.3.40"
    assert addressing.wan_balancer(3, {"172.30.3.40"}, "172.30.3.40") == "172.30.3.11"
    assert addressing.wan_balancer(3, (), "172.30.4.40") == "172.30.3.11"
    assert addressing.wan_balancer(3, (), addressing.wan_gateway(3)) == "172.30.3.11"
    everything = {f"172.30.3.{host}" for host in range(11, 251)}
    with pytest.raises(LabError, match=r"172\.30\.3\.0/24"):
        addressing.wan_balancer(3, everything)


def test_the_limits_are_errors_and_not_somebody_elses_addresses() -> None:
    for call, value in ((addressing.wan_node, 200), (addressing.wan_machine, 255)):
        with pytest.raises(LabError):
            call(value)
    with pytest.raises(LabError):
        addressing.lan_node("10.61.0.0/16", 90)
    with pytest.raises(LabError):
        addressing.lan_machine("10.61.0.0/16", 155)


def test_state_outlives_the_process_and_keeps_addresses_of_the_others(tmp_path: Path) -> None:
    state = LabState(tmp_path / "lab")
    east, near, far = (
        state.add_cluster(cluster("east"), 1001),
        state.add_cluster(cluster("near"), 1002),
        state.add_cluster(cluster("far", TWO), 1003),
    )
    vm = state.add_machine(machine("vm"))
    assert (east.lan_address, near.lan_address, far.lan_address) == ("10.61.0.10", "10.61.0.11", "10.62.0.10")
    assert [record.wan_address for record in (east, near, far)] == ["172.30.1.1", "172.30.2.1", "172.30.3.1"]
    state.forget(east)
    again = LabState(tmp_path / "lab")
    assert again.clusters == {"near": near, "far": far}
    assert again.machines == {"vm": vm}
    fresh = again.add_cluster(cluster("east"), 1004)
    assert fresh.wan_address == "172.30.1.1", "a freed range is used again"
    assert fresh.instance_id != east.instance_id, "but it is another incarnation"


def test_members_must_agree_on_their_network(tmp_path: Path) -> None:
    state = LabState(tmp_path / "lab")
    state.add_cluster(cluster("east"), 1001)
    with pytest.raises(LabError, match="network one has direct True, but its members have False"):
        state.add_machine(machine("vm", NetworkSpec("one", "10.61.0.0/16", direct=True)))
    with pytest.raises(LabError, match="same CIDR"):
        state.add_cluster(cluster("far", NetworkSpec("two", "10.61.0.0/16")), 1002)


def test_a_member_that_the_disk_does_not_take_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    state = LabState(tmp_path / "lab")
    vm = state.add_machine(machine("vm"))
    monkeypatch.setattr("hybrid_mesh.local.lab.state.write_durably", full)
    with pytest.raises(LabError, match=r"lab.json cannot be written \(No space left on device\): make room"):
        state.add_cluster(cluster("east"), 1001)
    with pytest.raises(LabError, match="make room"):
        state.add_machine(machine("other"))
    assert (state.clusters, state.machines) == ({}, {"vm": vm})
    again = LabState(tmp_path / "lab")
    assert (again.clusters, again.machines) == ({}, {"vm": vm})


def test_the_state_is_its_owners_alone_and_a_broken_one_says_what_to_do(tmp_path: Path) -> None:
    state = LabState(tmp_path / "lab")
    state.add_machine(machine("vm"))
    file = tmp_path / "lab" / "lab.json"
    assert file.stat().st_mode & 0o077 == 0
    file.write_text("{")
    with pytest.raises(LabError, match="hybrid-mesh lab down --forget"):
        LabState(tmp_path / "lab")
