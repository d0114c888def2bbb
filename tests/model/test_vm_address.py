"""The address that a VM registers with, in a network namespace that has the VM's addresses."""

import subprocess
from pathlib import Path

import pytest

from hybrid_mesh.model.texts.machine_texts import source_text
from hybrid_mesh.model.texts.shell_text import render_environment

ADDRESSES = ("172.17.0.1/16", "198.51.100.9/24", "10.40.3.7/24", "10.40.4.8/24")
"""Of a container bridge, of the interface with the default route, and of two in the mesh's network."""
SETUP = [
    "ip link set lo up",
    *(f"ip address add {address} dev lo scope global" for address in ADDRESSES),
    "ip route add default via 198.51.100.1 dev lo",
    "ip route add 203.0.113.0/24 via 10.40.4.1 dev lo src 10.40.4.8",
]


@pytest.mark.parametrize(
    ("cidrs", "gateway", "address"),
    [
        ("", "203.0.113.10", "198.51.100.9"),
        ("10.40.0.0/16", "192.0.2.10", "10.40.3.7"),
        ("10.40.0.0/16", "203.0.113.10", "10.40.4.8"),
        ("100.64.0.0/10 10.40.4.0/24", "192.0.2.10", "10.40.4.8"),
        ("192.168.0.0/16", "203.0.113.10", "198.51.100.9"),
    ],
)
def test_a_vm_with_several_addresses_takes_that_of_the_meshs_network(
    tmp_path: Path, cidrs: str, gateway: str, address: str
) -> None:
    (tmp_path / "machine.env").write_text(render_environment({"NETWORK_CIDRS": cidrs}))
    (tmp_path / "hosts").write_text(f"{gateway} istiod.istio-system.svc\n")
    script = source_text("address.sh").replace("/etc/hybrid-mesh", str(tmp_path))
    (tmp_path / "address").write_text(script)
    done = subprocess.run(
        ["unshare", "-rn", "sh", "-ec", "\n".join([*SETUP, f"sh {tmp_path}/address"])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"{address}\n", "")
