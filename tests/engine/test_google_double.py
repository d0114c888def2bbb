"""What Google refuses: by its schemas, and by the rules beyond them."""

from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.plugins.framework.errors import ResourceError
from tests.engine.doubles.google import Google
from tests.engine.doubles.google_shared import ACCOUNT, CLUSTER, MANAGER, POOL, SUBNETWORK, TEMPLATE
from tests.engine.doubles.store import VARIABLE, World
from tests.engine.test_doubles import call, change, make

NETWORK = "gcp:compute/network:Network"
MEMBER = "gcp:projects/iAMMember:IAMMember"
VPC = "https://www.googleapis.com/compute/v1/projects/p/global/networks/n"


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Google:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    world = World(tmp_path)
    world.offer({"gcp": [{"server": f"https://127.0.0.1:{each}", "authority": "PEM"} for each in (1, 2)]})
    made = Google(world)
    made.configure({"project": "p", "region": "europe-west4"}, call("provider"))
    return made


def cluster(**changed: Any) -> dict[str, Any]:
    given = {
        "name": "c",
        "location": "europe-west4",
        "network": VPC,
        "ipAllocationPolicy": {
            "clusterIpv4CidrBlock": "10.10.128.0/17",
            "servicesIpv4CidrBlock": "10.10.16.0/20",
        },
        "privateClusterConfig": {"enablePrivateNodes": True, "masterIpv4CidrBlock": "10.10.32.0/28"},
        "releaseChannel": {"channel": "REGULAR"},
        "initialNodeCount": 1,
        "deletionProtection": False,
    }
    return {**given, **changed}


def ranges(pods: str = "10.10.128.0/17", services: str = "10.10.16.0/20") -> dict[str, Any]:
    return {"ipAllocationPolicy": {"clusterIpv4CidrBlock": pods, "servicesIpv4CidrBlock": services}}


def template(**changed: Any) -> dict[str, Any]:
    disk = {"boot": True, "sourceImage": "ubuntu-os-cloud/ubuntu-2404-lts-amd64", "diskType": "pd-balanced"}
    given = {
        "region": "europe-west4",
        "machineType": "e2-small",
        "disks": [{**disk, **changed.pop("disk", {})}],
        "networkInterfaces": [{"subnetwork": "s"}],
        "serviceAccount": {"email": "a@p.iam.gserviceaccount.com", "scopes": ["cloud-platform"]},
        "metadata": {"user-data": "#cloud-config", "enable-oslogin": "TRUE"},
        "tags": ["machines-ratings"],
    }
    return {**given, **changed}


def group(template_link: str, **policy: Any) -> dict[str, Any]:
    update = {"type": "PROACTIVE", "minimalAction": "REPLACE", "maxSurgeFixed": 3, "maxUnavailableFixed": 0}
    return {
        "region": "europe-west4",
        "baseInstanceName": "vm",
        "versions": [{"instanceTemplate": template_link}],
        "targetSize": 2,
        "autoHealingPolicies": {"healthCheck": "h", "initialDelaySec": policy.pop("delay", 300)},
        "updatePolicy": {**update, **policy},
    }


def pool(cluster_id: str, **changed: Any) -> dict[str, Any]:
    given = {
        "cluster": cluster_id,
        "location": "europe-west4",
        "initialNodeCount": 1,
        "autoscaling": {"totalMinNodeCount": 3, "totalMaxNodeCount": 6, "locationPolicy": "BALANCED"},
        "upgradeSettings": {"maxSurge": 1, "maxUnavailable": 0},
        "nodeConfig": {"machineType": "e2-standard-2", "diskType": "pd-balanced", "diskSizeGb": 50},
    }
    return {**given, **changed}


@pytest.mark.parametrize(
    ("token", "inputs", "message"),
    [
        (
            NETWORK,
            {"routingMode": "WORLDWIDE"},
            "routingMode': 'WORLDWIDE'. It is not one of GLOBAL, REGIONAL",
        ),
        (CLUSTER, cluster(releaseChannel={"channel": "regular"}), "releaseChannel.channel': 'regular'"),
        (CLUSTER, cluster(initialNodeCount="one"), 'initialNodeCount\' (int32), "one"'),
        (CLUSTER, cluster(loggingService=["a"]), "loggingService' (string)"),
        (TEMPLATE, template(disk={"mode": "READ"}), "properties.disks[0].mode': 'READ'"),
        ("gcp:compute/router:Router", {"region": "europe-west4"}, "Required field 'resource.network'"),
        (
            "gcp:certificateauthority/authority:Authority",
            {
                "location": "europe-west4",
                "pool": "p",
                "certificateAuthorityId": "root",
                "lifetime": "10 years",
                "keySpec": {"algorithm": "EC_P256_SHA256"},
                "config": {},
            },
            "Illegal duration format",
        ),
    ],
    ids=["enum", "upper case", "number", "shape", "moved", "required", "duration"],
)
def test_a_body_that_the_schema_does_not_take_is_refused(
    google: Google, token: str, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(ResourceError) as refused:
        make(google, token, "a", checked=False, **inputs)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("token", "inputs", "message"),
    [
        (TEMPLATE, template(machineType="c4a-standard-1"), "[pd-balanced, c4a-standard-1]"),
        (
            TEMPLATE,
            template(disk={"diskType": "hyperdisk-balanced"}),
            "[hyperdisk-balanced, e2-small]",
        ),
        (TEMPLATE, template(disk={"diskSizeGb": 5}), "Disk size 5 GB"),
        (TEMPLATE, template(disk={"sourceImage": "ubuntu-os-cloud/ubuntu-2504-lts"}), "Could not find image"),
        (TEMPLATE, template(tags=["Machines"]), "'Machines'"),
        (CLUSTER, cluster(**ranges(services="10.4.0.0/14")), "must be from /16 to /27"),
        (CLUSTER, cluster(**ranges(services="172.17.0.0/20")), "reserved range 172.17.0.0/16"),
        (CLUSTER, cluster(**ranges(services="10.10.128.0/20")), "overlaps with 10.10.128.0/20"),
        (
            CLUSTER,
            cluster(
                masterAuthorizedNetworksConfig={
                    "cidrBlocks": [{"cidrBlock": f"198.18.{number}.0/24"} for number in range(101)]
                }
            ),
            "Too many authorized networks: 101",
        ),
        (
            "gcp:compute/regionAutoscaler:RegionAutoscaler",
            {"target": "g", "region": "r", "autoscalingPolicy": {"minReplicas": 3, "maxReplicas": 2}},
            "must not be greater",
        ),
        (
            "gcp:compute/healthCheck:HealthCheck",
            {"checkIntervalSec": 5, "timeoutSec": 10, "tcpHealthCheck": {"port": 15020}},
            "timeoutSec 10",
        ),
        (
            "gcp:compute/firewall:Firewall",
            {"network": VPC, "allows": [{"protocol": "icmp", "ports": ["80"]}]},
            "whose protocol is TCP, UDP or SCTP",
        ),
        (
            "gcp:compute/routerNat:RouterNat",
            {
                "router": "r",
                "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS",
                "enableDynamicPortAllocation": True,
                "enableEndpointIndependentMapping": True,
            },
            "Endpoint-Independent Mapping",
        ),
        (MEMBER, {"project": "p", "role": "viewer", "member": "user:a@example.com"}, "Role (viewer)"),
        (MEMBER, {"project": "p", "role": "roles/viewer", "member": "a@example.com"}, "unknown type"),
        (
            MEMBER,
            {
                "project": "p",
                "role": "roles/viewer",
                "member": "serviceAccount:gone@p.iam.gserviceaccount.com",
            },
            "does not exist",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and not value.startswith("gcp:") else "",
)
def test_what_breaks_a_rule_is_refused(
    google: Google, token: str, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(ResourceError) as refused:
        make(google, token, "a", **inputs)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (TEMPLATE, template(machineType="c4a-standard-1", disk={"diskType": "hyperdisk-balanced"})),
        (TEMPLATE, template(machineType="custom-4-8192", disk={"sourceImage": "mine/rhel-for-tests"})),
        (CLUSTER, cluster(**ranges(services="10.10.0.0/27"))),
        (MEMBER, {"project": "p", "role": "roles/viewer", "member": "group:team@example.com"}),
    ],
    ids=["hyperdisk", "custom", "smallest services", "group"],
)
def test_what_google_takes_is_taken(google: Google, token: str, inputs: dict[str, Any]) -> None:
    make(google, token, "a", **inputs)


def test_ranges_of_subnets_and_clusters_are_free_in_their_network(google: Google) -> None:
    make(google, SUBNETWORK, "one", network=VPC, ipCidrRange="10.10.0.0/20")
    make(google, CLUSTER, "c", **cluster())
    for taken in ("10.10.8.0/24", "10.10.200.0/24"):
        with pytest.raises(ResourceError, match="conflicts with"):
            make(google, SUBNETWORK, "two", network=VPC, ipCidrRange=taken)
    make(google, SUBNETWORK, "two", network=f"{VPC}2", ipCidrRange="10.10.8.0/24")


def test_a_name_in_use_is_refused(google: Google) -> None:
    make(google, NETWORK, "a", name="mesh")
    with pytest.raises(ResourceError, match="exists already"):
        make(google, NETWORK, "b", name="mesh")


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"maxSurgeFixed": 1}, r"has to be either 0 or at least equal to the number of zones \(3\)"),
        ({"maxSurgeFixed": 0, "maxUnavailableFixed": 0}, "must be greater than 0"),
        ({"replacementMethod": "RECREATE"}, "must be 0 with replacement method RECREATE"),
        ({"delay": 3601}, "Must be between 0 and 3600"),
    ],
)
def test_a_regional_group_has_limits_of_its_own(google: Google, policy: dict[str, Any], message: str) -> None:
    _, _, made = make(google, TEMPLATE, "t", **template())
    with pytest.raises(ResourceError, match=message):
        make(google, MANAGER, "g", **group(made["selfLink"], **policy))
    make(google, MANAGER, "g", **group(made["selfLink"]))


def test_a_group_of_a_template_that_does_not_exist_is_refused(google: Google) -> None:
    with pytest.raises(ResourceError, match="was not found"):
        make(google, MANAGER, "g", **group("https://www.googleapis.com/gone"))


def test_a_pool_whose_ranges_are_full_cannot_be_upgraded(google: Google) -> None:
    identity, _, _ = make(google, CLUSTER, "c", **cluster(**ranges(pods="10.10.128.0/21")))
    sizes = {"totalMinNodeCount": 8, "totalMaxNodeCount": 8}
    made = make(google, POOL, "p", **pool(identity, autoscaling=sizes))
    with pytest.raises(ResourceError, match="IP_SPACE_EXHAUSTED: 9 nodes"):
        change(google, POOL, made, nodeConfig={**made[1]["nodeConfig"], "machineType": "e2-standard-4"})
    change(google, POOL, made, management={"autoRepair": False})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"autoscaling": {"totalMinNodeCount": 7, "totalMaxNodeCount": 6}}, "greater than totalMaxNodeCount"),
        ({"nodeConfig": {"machineType": "n4-standard-2", "diskType": "pd-balanced"}}, "n4-standard-2"),
        ({"nodeConfig": {"diskType": "pd-balanced", "diskSizeGb": 9}}, "Disk size 9 GB"),
        ({"initialNodeCount": 43}, "IP_SPACE_EXHAUSTED: 129 nodes"),
        ({"upgradeSettings": {"maxSurge": 0, "maxUnavailable": 0}}, "cannot both be 0"),
    ],
)
def test_a_node_pool_has_rules_of_its_own(google: Google, changed: dict[str, Any], message: str) -> None:
    identity, _, _ = make(google, CLUSTER, "c", **cluster())
    with pytest.raises(ResourceError, match=message):
        make(google, POOL, "p", **pool(identity, **changed))
    make(google, POOL, "p", **pool(identity))


def test_an_account_that_exists_gets_a_role(google: Google) -> None:
    _, _, account = make(google, ACCOUNT, "a", accountId="nodes-of-c", displayName="Nodes")
    make(google, MEMBER, "m", project="p", role="roles/viewer", member=account["member"])
