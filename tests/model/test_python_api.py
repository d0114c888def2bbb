"""A configuration made in Python: by field names, with the same rules as one that is read from a file."""

from ipaddress import IPv4Network
from typing import Any

import pytest

from hybrid_mesh.model.config.clusters import KubeconfigClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import ExternalNetworkConfig
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.describe import describe
from hybrid_mesh.model.reading.problems import ConfigurationError

RAW: dict[str, Any] = {
    "id": "mesh1",
    "trustDomain": "mesh.example.com",
    "networks": {"hall": {"type": "external", "cidr": "10.40.0.0/16"}},
    "clusters": {"edge": {"type": "kubeconfig", "network": "hall", "peerEndpoint": "https://192.0.2.1:6443"}},
}


def in_python(network: str = "hall") -> MeshConfig:
    return MeshConfig(
        id="mesh1",
        trust_domain="mesh.example.com",
        networks={"hall": ExternalNetworkConfig(type="external", cidr=IPv4Network("10.40.0.0/16"))},
        clusters={
            "edge": KubeconfigClusterConfig(
                type="kubeconfig", network=network, peer_endpoint="https://192.0.2.1:6443"
            )
        },
    )


def test_it_plans_what_the_same_file_does() -> None:
    assert describe(plan_from(in_python(), "dev")) == describe(plan_from(RAW, "dev"))


def test_it_is_checked_by_the_same_rules() -> None:
    with pytest.raises(ConfigurationError, match=r"clusters\.edge\.network \(hal\)"):
        plan_from(in_python("hal"), "dev")


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("trust_domain", {**RAW, "trust_domain": "x"}),
        ("peer_endpoint", {**RAW, "clusters": {"edge": {**RAW["clusters"]["edge"], "peer_endpoint": "x"}}}),
        (
            "peer_endpoint",
            {**RAW, "nonsense": 1, "clusters": {"edge": {**RAW["clusters"]["edge"], "peer_endpoint": "x"}}},
        ),
    ],
    ids=["at the top", "nested", "nested, beside another mistake"],
)
def test_a_file_has_no_field_names(path: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=path):
        plan_from(wrong, "dev")
