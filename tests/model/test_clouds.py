"""Each cloud as one object: what it says of its names, sizes and processors, and that nothing else has to."""

from typing import Any, get_args

import pytest

from hybrid_mesh.model.clouds.google import disk_type
from hybrid_mesh.model.clouds.kinds import IN_CLOUDS
from hybrid_mesh.model.clouds.registry import AWS, CLOUDS, GOOGLE, cloud_of
from hybrid_mesh.model.config.clusters import CloudClusterConfig
from hybrid_mesh.model.config.machines import CloudMachinesConfig
from hybrid_mesh.model.config.networks import CloudNetworkConfig
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.kinds import GkeClusterPlan
from tests.model.meshes import PROD, STACKS, STAGING, changed

RATINGS, ORDERS = "workloadGroups.ratings.machines", "workloadGroups.orders.machines"
GOLDEN_ROCKY = "projects/ubuntu-migration/global/images/rhel-9-golden"


@pytest.mark.parametrize("stack", STACKS)
def test_a_section_is_in_a_cloud_exactly_when_its_kind_says_so(stack: str) -> None:
    plan = plan_from(STACKS[stack], stack)
    configs = [
        *(network.config for network in plan.networks.values()),
        *(cluster.config for cluster in plan.clusters.values()),
        *(group.config.machines for group in plan.groups.values()),
    ]
    assert all((cloud_of(config) is not None) == (config.type in IN_CLOUDS) for config in configs)


@pytest.mark.parametrize("sections", [CloudNetworkConfig, CloudClusterConfig, CloudMachinesConfig])
def test_every_kind_of_section_in_a_cloud_has_its_cloud(sections: Any) -> None:
    kinds = {get_args(section.model_fields["type"].annotation)[0] for section in get_args(sections)}
    assert kinds <= IN_CLOUDS
    assert len(kinds) == len(CLOUDS)


@pytest.mark.parametrize("cloud", CLOUDS, ids=[cloud.title for cloud in CLOUDS])
def test_examples_have_the_form_that_they_are_examples_of(cloud: object) -> None:
    found = next(each for each in CLOUDS if each is cloud)
    assert found.regions.matches(found.regions.example)
    assert found.machine_types.matches(found.machine_types.example)
    assert all(found.images.matches(image) for image in found.images.example.split(", or "))
    region = found.regions.example
    assert found.zone_form(region).matches(found.zone_form(region).example)


@pytest.mark.parametrize(
    "machine_type", ["custom-4-8192", "n2-custom-4-8192", "custom-2-15360-ext", "c4a-highmem-2"]
)
def test_google_has_custom_machine_types_of_every_series(machine_type: str) -> None:
    assert GOOGLE.machine_types.matches(machine_type)
    assert not AWS.machine_types.matches(machine_type)


@pytest.mark.parametrize(
    ("machine_type", "architecture"),
    [
        ("a1.medium", "arm64"),
        ("t4g.small", "arm64"),
        ("g5g.xlarge", "arm64"),
        ("m6i.large", "amd64"),
        ("g4dn.xlarge", "amd64"),
    ],
)
def test_aws_reports_its_own_processors(machine_type: str, architecture: str) -> None:
    assert AWS.architecture(machine_type) == architecture


@pytest.mark.parametrize(
    ("machine_type", "disk"),
    [
        *(
            (f"{series}-standard-4", "hyperdisk-balanced")
            for series in ("c4", "c4a", "c4d", "n4", "n4a", "n4d")
        ),
        ("n4-custom-4-8192", "hyperdisk-balanced"),
        ("m4-megamem-28", "hyperdisk-balanced"),
        ("a4-highgpu-8g", "hyperdisk-balanced"),
        ("h4d-standard-192", "hyperdisk-balanced"),
        ("c3-standard-192-metal", "hyperdisk-balanced"),
        ("a3-ultragpu-8g", "hyperdisk-balanced"),
        *((f"{series}-standard-4", "pd-balanced") for series in ("e2", "n1", "n2d", "t2a", "c3", "c3d")),
        ("custom-4-8192", "pd-balanced"),
        ("n2-custom-4-8192", "pd-balanced"),
        ("e2-small", "pd-balanced"),
        ("a3-megagpu-8g", "pd-balanced"),
    ],
)
def test_the_boot_disk_is_one_that_the_machine_series_supports(machine_type: str, disk: str) -> None:
    assert GOOGLE.machine_types.matches(machine_type)
    assert disk_type(machine_type) == disk


@pytest.mark.parametrize(
    ("minimum", "maximum", "each"), [(1, 3, 1), (3, 6, 1), (4, 6, 2), (4, 5, 1), (9, 12, 3), (9, 9, 3)]
)
def test_a_pool_starts_with_its_minimum_spread_over_three_zones(
    minimum: int, maximum: int, each: int
) -> None:
    pool = {"clusters.gke-eu.nodePool": {"min": minimum, "max": maximum}}
    cluster = plan_from(changed(STAGING, pool), "test").clusters["gke-eu"]
    assert isinstance(cluster, GkeClusterPlan)
    assert cluster.first_nodes_of_zone == each


@pytest.mark.parametrize(("vms", "planned"), [(242, True), (243, False)])
def test_the_nodes_subnet_has_addresses_for_an_upgrade(vms: int, planned: bool) -> None:
    """252 addresses: 7 nodes, the VMs, and 3 VMs more while they are replaced."""
    changes = {
        "networks.gcp-eu.cidr": "10.10.0.0/20",
        "clusters.gke-eu.nodePool.max": 7,
        "workloadGroups.ratings.machines.max": vms,
    }
    if planned:
        plan_from(changed(PROD, changes), "test")
        return
    with pytest.raises(Exception, match="253 nodes and VMs need one, 3 of them during an upgrade"):
        plan_from(changed(PROD, changes), "test")


def test_an_explicit_package_wins_over_a_guess_from_the_images_name() -> None:
    plan = plan_from(changed(PROD, {f"{RATINGS}.image": GOLDEN_ROCKY, f"{RATINGS}.package": "rpm"}), "test")
    machines = plan.groups["ratings"].machine_set
    assert machines is not None
    assert machines.package == "rpm"


def test_a_wide_network_has_services_of_a_size_that_gke_allows() -> None:
    plan = plan_from(changed(STAGING, {"networks.gcp-eu.cidr": "10.0.0.0/10"}), "test")
    assert plan.clusters["gke-eu"].service_cidr == "10.4.0.0/16"


@pytest.mark.parametrize(("nodes", "planned"), [(24, True), (25, False)])
def test_eks_nodes_and_their_pods_share_the_private_subnets(nodes: int, planned: bool) -> None:
    """3 private /24 have 753 addresses, 20 for VMs; a node has two interfaces of 15 addresses."""
    changes = {"networks.aws-us.cidr": "10.20.0.0/20", "clusters.eks-us.nodeGroup.max": nodes}
    raw = changed(PROD, changes)
    if planned:
        plan_from(raw, "test")
        return
    with pytest.raises(Exception, match=r"clusters\.eks-us\.nodeGroup\.max \(25\)"):
        plan_from(raw, "test")
