"""What the program promises of GKE and EKS clusters, on the stack `prod`."""

import copy
import json
from collections import Counter

import pytest

from tests.components.cloud_stacks import awaited, only
from tests.components.conftest import Declared, declare_mesh, read_stack

REPOSITORY_MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
GET_CLUSTER = "gcp:container/getCluster:getCluster"


def test_gke(prod: Declared) -> None:
    cluster = only(prod, "gcp:container/cluster:Cluster")
    assert cluster["location"] == "europe-west4"
    assert cluster["datapathProvider"] == "ADVANCED_DATAPATH"
    assert cluster["workloadIdentityConfig"] == {"workloadPool": "acme-mesh-prod.svc.id.goog"}
    assert cluster["releaseChannel"] == {"channel": "STABLE"}
    assert not {"minMasterVersion", "nodeVersion"} & set(cluster), "the channel decides"
    assert [each["exclusionOptions"] for each in cluster["maintenancePolicy"]["maintenanceExclusions"]] == [
        {"scope": "NO_MINOR_UPGRADES", "endTimeBehavior": "UNTIL_END_OF_SUPPORT"}
    ]
    assert "databaseEncryption" not in cluster
    assert cluster["enableShieldedNodes"] is True
    assert "name" not in cluster, "an auto-named cluster gives its replacement another identity"
    pool = only(prod, "gcp:container/nodePool:NodePool")
    scaling = pool["autoscaling"]
    assert (scaling["totalMinNodeCount"], scaling["totalMaxNodeCount"]) == (3, 12)
    config = pool["nodeConfig"]
    assert config["serviceAccount"].startswith("nodes-prod-gke-eu@")
    assert config["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
    roles = {each.inputs["role"] for each in prod.recording.of_type("gcp:projects/iAMMember:IAMMember")}
    assert roles == {"roles/container.defaultNodeServiceAccount"}
    assert config["shieldedInstanceConfig"]["enableSecureBoot"] is True
    assert not prod.recording.of_type(REPOSITORY_MEMBER)


def test_nodes_of_gke_pull_from_the_named_repositories() -> None:
    raw = read_stack("prod")
    raw["clusters"]["gke-eu"]["nodePool"]["imageRepositories"] = [
        "my-project/europe-west4/images",
        "example.com:shared/europe/base",
    ]
    members = declare_mesh(raw, stack="prod").recording.of_type(REPOSITORY_MEMBER)
    assert [
        (each.inputs["project"], each.inputs["location"], each.inputs["repository"]) for each in members
    ] == [
        ("my-project", "europe-west4", "images"),
        ("example.com:shared", "europe", "base"),
    ]
    assert {each.inputs["role"] for each in members} == {"roles/artifactregistry.reader"}
    assert all(each.inputs["member"].startswith("serviceAccount:nodes-prod-gke-eu@") for each in members)


def test_keys_of_a_gke_cluster() -> None:
    key = "projects/p/locations/europe-west4/keyRings/r/cryptoKeys/k"
    raw = read_stack("prod")
    raw["clusters"]["gke-eu"] |= {"version": "1.35", "databaseEncryptionKey": key}
    raw["clusters"]["gke-eu"]["nodePool"]["secureBoot"] = False
    declared = declare_mesh(raw, stack="prod", answers={GET_CLUSTER: lambda _: {"nodePools": []}})
    cluster = only(declared, "gcp:container/cluster:Cluster")
    assert cluster["minMasterVersion"] == "1.35"
    assert cluster["databaseEncryption"] == {"state": "ENCRYPTED", "keyName": key}
    pool = only(declared, "gcp:container/nodePool:NodePool")
    assert pool["nodeConfig"]["shieldedInstanceConfig"]["enableSecureBoot"] is False
    assert "version" not in pool


@pytest.mark.parametrize(
    ("version", "given"),
    [("1.34.9-gke.400", "1.35.3-gke.1200"), ("1.35.1-gke.10", None), ("1.35.4-gke.1", None)],
)
def test_nodes_follow_the_control_plane_to_another_minor_release(version: str, given: str | None) -> None:
    """A patch that GKE installed must not be taken back."""
    raw = read_stack("prod")
    raw["clusters"]["gke-eu"]["version"] = "1.35"
    pools = [
        {"name": "mesh-gke-eu-nodes-9f8e7d6", "version": version},
        {"name": "somebodys", "version": "1.33.1-gke.1"},
    ]
    declared = declare_mesh(raw, stack="prod", answers={GET_CLUSTER: lambda _: {"nodePools": pools}})
    assert only(declared, "gcp:container/nodePool:NodePool").get("version") == given


def test_the_upgrade_of_the_nodes_is_shown_before_the_control_plane_has_its_new_version() -> None:
    raw = read_stack("prod")
    raw["clusters"]["gke-eu"]["version"] = "1.36"
    pools = [{"name": "mesh-gke-eu-nodes-9f8e7d6", "version": "1.35.3-gke.1200"}]
    declared = declare_mesh(raw, stack="prod", answers={GET_CLUSTER: lambda _: {"nodePools": pools}})
    assert only(declared, "gcp:container/nodePool:NodePool")["version"] == "1.36"


def test_nodes_of_gke_get_a_disk_that_their_machines_support() -> None:
    raw = read_stack("prod")
    raw["clusters"]["gke-eu"]["nodePool"]["machineType"] = "n4-standard-4"
    pool = only(declare_mesh(raw, stack="prod"), "gcp:container/nodePool:NodePool")
    assert pool["nodeConfig"]["diskType"] == "hyperdisk-balanced"


def test_a_pool_of_gke_starts_with_its_minimum_and_then_belongs_to_the_autoscaler() -> None:
    raw = read_stack("prod")
    raw["clusters"]["gke-eu"]["nodePool"] |= {"min": 8, "max": 12}
    recording = declare_mesh(raw, stack="prod").recording
    (pool,) = recording.of_type("gcp:container/nodePool:NodePool")
    assert pool.inputs["initialNodeCount"] == 3
    assert "nodeCount" not in pool.inputs
    assert recording.options[pool.typ, pool.name].ignore_changes == ["initialNodeCount"]


def test_eks(prod: Declared) -> None:
    cluster = only(prod, "aws:eks/cluster:Cluster")
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["encryptionConfig"]["resources"] == ["secrets"]
    key = prod.recording.named("mesh-eks-us-secrets")
    assert key.typ == "aws:kms/key:Key"
    assert key.inputs["enableKeyRotation"] is True
    assert cluster["encryptionConfig"]["provider"]["keyArn"].endswith(":mesh-eks-us-secrets")
    assert cluster["vpcConfig"]["endpointPrivateAccess"] is True
    assert set(cluster["enabledClusterLogTypes"]) >= {"api", "audit", "authenticator"}
    assert "name" not in cluster, "an auto-named cluster gives its replacement another identity"
    addons = {each.inputs["addonName"] for each in prod.recording.of_type("aws:eks/addon:Addon")}
    assert addons == {"vpc-cni", "coredns", "kube-proxy", "eks-pod-identity-agent", "metrics-server"}
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}


def test_a_zone_that_is_added_serves_nodes_and_machines_and_leaves_the_control_plane_of_eks() -> None:
    raw = read_stack("prod")
    raw["networks"]["aws-us"]["zones"] = [f"us-east-1{letter}" for letter in "abcd"]
    declared = declare_mesh(raw, stack="prod")
    private = [f"mesh-aws-us-private-{letter}-id" for letter in "abcd"]
    assert only(declared, "aws:eks/nodeGroup:NodeGroup")["subnetIds"] == private
    assert only(declared, "aws:autoscaling/group:Group")["vpcZoneIdentifiers"] == private
    options = declared.recording.options["aws:eks/cluster:Cluster", "mesh-eks-us-cluster"]
    assert options.ignore_changes == ["vpcConfig.subnetIds"], "EKS refuses subnets of other zones"


def test_the_control_plane_of_eks_reaches_the_webhooks(prod: Declared) -> None:
    """Without 15017 the injection hangs; without 9443 every Service does."""
    rules = prod.recording.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    let_in = {
        each.inputs["fromPort"]
        for each in rules
        if each.inputs.get("referencedSecurityGroupId") == "sg-control-plane"
        and each.inputs["securityGroupId"] == "mesh-aws-us-nodes-eks-us-id"
    }
    assert {15017, 9443, 10250, 10251} <= let_in


def test_addons_come_after_the_nodes_and_with_the_roles_that_they_need() -> None:
    raw = read_stack("prod")
    raw["clusters"]["eks-us"] |= {"addons": ["aws-ebs-csi-driver"], "support": "extended"}
    declared = declare_mesh(raw, stack="prod")
    addons = {each.inputs["addonName"]: each for each in declared.recording.of_type("aws:eks/addon:Addon")}
    assert "metrics-server" not in addons, "it is one of the defaults, which the list replaces"
    driver = addons["aws-ebs-csi-driver"]
    assert "mesh-eks-us-nodes" in awaited(declared, driver.name)
    (identity,) = driver.inputs["podIdentityAssociations"]
    assert identity["serviceAccount"] == "ebs-csi-controller-sa"
    attached = declared.recording.named("mesh-eks-us-aws-ebs-csi-driver-AmazonEBSCSIDriverPolicy").inputs
    assert attached["policyArn"] == "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
    assert only(declared, "aws:eks/cluster:Cluster")["upgradePolicy"] == {"supportType": "EXTENDED"}


def test_the_roles_of_operators_have_access_until_the_objects_of_the_cluster_are_deleted() -> None:
    raw = read_stack("prod")
    roles = {
        "admin": "arn:aws:iam::123456789012:role/ci/apply",
        "view": "arn:aws:iam::210987654321:role/apply",
    }
    raw["operators"]["awsRoles"] = [
        {"arn": roles["admin"], "access": "admin", "clusters": ["eks-us"]},
        {"arn": roles["view"], "access": "view"},
    ]
    declared = declare_mesh(raw, stack="prod")
    policies = {
        each.inputs["principalArn"]: each.inputs["policyArn"].rpartition("/")[2]
        for each in declared.recording.of_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    }
    assert policies == {
        roles["admin"]: "AmazonEKSClusterAdminPolicy",
        roles["view"]: "AmazonEKSAdminViewPolicy",
    }
    entries = {
        each.inputs["principalArn"]: each
        for each in declared.recording.of_type("aws:eks/accessEntry:AccessEntry")
        if each.inputs["principalArn"] in policies
    }
    assert set(entries) == set(policies)
    kept = awaited(declared, "mesh-eks-us-provider")
    for entry in entries.values():
        assert entry.name in kept, "deleted after what the provider manages"
        assert "kubernetesGroups" not in entry.inputs


def test_a_port_of_another_webhook_is_opened_to_the_control_plane_on_both_clouds() -> None:
    raw = read_stack("prod")
    for name in ("gke-eu", "eks-us"):
        raw["clusters"][name]["controlPlanePorts"] = [8443, 15017]
    declared = declare_mesh(raw, stack="prod")
    (google,) = [
        each.inputs["allows"]
        for each in declared.recording.of_type("gcp:compute/firewall:Firewall")
        if each.name == "mesh-gcp-eu-control-plane-gke-eu"
    ]
    assert google == [{"protocol": "tcp", "ports": ["15017", "8443"]}]
    opened = [
        each.inputs["fromPort"]
        for each in declared.recording.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if each.inputs.get("referencedSecurityGroupId") == "sg-control-plane"
        and each.inputs["ipProtocol"] == "tcp"
    ]
    assert sorted(opened) == [443, 8443, 9443, 10250, 10251, 15017]


def test_machines_reach_the_api_server_within_their_network(prod: Declared) -> None:
    rules = prod.recording.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    sources = {
        each.inputs["referencedSecurityGroupId"]
        for each in rules
        if each.inputs["securityGroupId"] == "sg-control-plane" and each.inputs["fromPort"] == 443
    }
    assert sources == {"mesh-aws-us-nodes-eks-us-id", "mesh-aws-us-machines-orders-id"}


def test_a_provider_is_bound_to_the_incarnation(prod: Declared) -> None:
    bound = {
        cluster: prod.recording.named(f"mesh-{cluster}-provider").inputs["clusterIdentifier"]
        for cluster in ("gke-eu", "eks-us")
    }
    assert bound["eks-us"].startswith("arn:aws:eks:us-east-1:")
    assert bound["gke-eu"].startswith("https://container.googleapis.com/v1/projects/")
    for cluster in bound:
        provider = prod.recording.named(f"mesh-{cluster}-provider")
        assert not {"deleteUnreachable", "upsertExistingObjects"} & set(provider.inputs)
        assert str(provider.inputs["enablePatchForce"]).lower() == "true"
        assert "kubeconfig" in provider.secret


def test_kubeconfigs_hold_no_credential_and_no_profile(prod: Declared) -> None:
    for cluster, command in (("gke-eu", "gke-gcloud-auth-plugin"), ("eks-us", "aws")):
        text = prod.recording.named(f"mesh-{cluster}-provider").inputs["kubeconfig"]
        (user,) = json.loads(text)["users"]
        assert set(user["user"]) == {"exec"}
        assert user["user"]["exec"]["command"] == command
        assert not {"env", "--profile", "--role-arn"} & {
            *user["user"]["exec"],
            *user["user"]["exec"].get("args", []),
        }


def test_a_cluster_of_the_mesh_is_at_most_fourteen_objects(prod: Declared) -> None:
    own = Counter(
        each.provider.split("::")[3]
        for each in prod.recording.in_clusters()
        if each.name.split("-")[3] in {"istio", "gateway", "reader", "peering", "load"}
    )
    assert set(own) == {"mesh-gke-eu-provider", "mesh-eks-us-provider"}
    assert max(own.values()) <= 14


def test_quarantine_of_a_cluster_in_a_cloud(prod: Declared) -> None:
    raw = copy.deepcopy(read_stack("prod"))
    raw["clusters"]["eks-us"]["state"] = "quarantined"
    after = declare_mesh(raw, stack="prod").recording
    assert {each.name for each in after.declared} == {each.name for each in prod.recording.declared}
    assert after.named("mesh-eks-us-drain").inputs["quarantined"] is True
    assert str(after.named("mesh-eks-us-provider").inputs["skipUpdateUnreachable"]).lower() == "true"
    kept = {name for (token, name), opts in after.options.items() if opts.retain_on_delete and ":" in token}
    assert "mesh-eks-us-gateway-release" in kept
    assert "mesh-eks-us-cluster" not in kept, "the cloud can delete it, whether it answers or not"
