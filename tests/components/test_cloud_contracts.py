"""What the program promises of everything that it makes in clouds, on the stacks `prod` and `staging`."""

import copy
import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp
import pytest

from tests.components.cloud_answers import ROOT
from tests.components.conftest import Declared, declare_mesh, read_stack
from tests.components.recording import Declaration, Recording

LABELS = {"stack": "prod", "mesh": "mesh-prod", "owner": "platform"}
EVERYBODY = "0.0.0.0/0"
TOKENS = {
    "hybridmesh:index:GcpNetwork",
    "hybridmesh:index:AwsNetwork",
    "hybridmesh:index:GkeMeshCluster",
    "hybridmesh:index:EksMeshCluster",
    "hybridmesh:index:LoadBalancerController",
    "hybridmesh:index:LoadBalancerDrain",
    "hybridmesh:index:GceMachines",
    "hybridmesh:index:Ec2Machines",
    "hybridmesh:index:GoogleCasIssuer",
    "hybridmesh:index:AwsPrivateCaIssuer",
    "hybridmesh:index:CertificateRequest",
}
"""The type tokens are in the state of every stack: changing one replaces what it names."""


@pytest.fixture(scope="module")
def prod() -> Declared:
    return declare_mesh(read_stack("prod"), stack="prod")


@pytest.fixture(scope="module")
def private_ca() -> Declared:
    raw = read_stack("prod")
    raw["trust"] = {"issuer": "aws-private-ca", "region": "us-east-1"}
    return declare_mesh(raw, stack="prod")


def only(declared: Declared, token: str) -> dict[str, Any]:
    """The inputs of the one resource of a type."""
    (found,) = declared.recording.of_type(token)
    return found.inputs


def of_clouds(declared: Declared) -> list[Declaration]:
    return [each for each in declared.recording.declared if each.typ.startswith(("aws:", "gcp:"))]


def awaited(declared: Declared, name: str) -> set[str]:
    """Names of what the resources called `name` explicitly depend on."""
    return {
        dependency.pulumi_resource_name
        for (_, each), options in declared.recording.options.items()
        if each == name
        for dependency in (options.depends_on if isinstance(options.depends_on, list) else ())
        if isinstance(dependency, pulumi.Resource)
    }


def values(tree: Any) -> Iterator[Any]:
    """Every leaf of a tree."""
    branches = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else None
    if branches is None:
        yield tree
        return
    for branch in branches:
        yield from values(branch)


def test_type_tokens(prod: Declared, private_ca: Declared) -> None:
    seen = {each.typ for declared in (prod, private_ca) for each in declared.recording.declared}
    assert seen >= TOKENS


def test_every_object_goes_to_its_own_cluster(prod: Declared) -> None:
    homes = {"public": "gke-eu", "ratings": "gke-eu", "ledger": "gke-eu", "orders": "eks-us"}
    for each in prod.recording.in_clusters():
        named = [cluster for cluster in ("gke-eu", "eks-us") if f"-{cluster}" in each.name]
        home = named[-1] if named else next(homes[key] for key in homes if f"-{key}" in each.name)
        assert each.provider.split("::")[3] == f"mesh-{home}-provider", each.name


def test_everything_in_a_cloud_names_its_provider(prod: Declared) -> None:
    """Default providers are off: one that is not named would not be there."""
    for each in of_clouds(prod):
        kind = each.provider.split("::")[2].split(":")[-1]
        assert kind == each.typ.split(":")[0], each.name


def labels_of(each: Declaration) -> list[dict[str, str]]:
    """All the sets of labels or tags that a resource says."""
    inputs = each.inputs
    if each.typ == "aws:autoscaling/group:Group":
        return [{tag["key"]: tag["value"] for tag in inputs["tags"]}]
    # Tags of Google Cloud are words that firewall rules know.
    names = ("tags",) if each.typ.startswith("aws:") else ("labels", "resourceLabels")
    found = [inputs[key] for key in names if key in inputs]
    found += [each["tags"] for each in inputs.get("tagSpecifications", [])]
    found += [inputs["nodeConfig"]["resourceLabels"]] if each.typ.endswith(":NodePool") else []
    return found + [disk["labels"] for disk in inputs.get("disks", [])]


def takes_labels(token: str) -> bool:
    """Whether the SDK's class for `token` has an input for labels or tags."""
    package, path, kind = token.split(":")
    module = getattr({"aws": aws, "gcp": gcp}[package], path.split("/")[0])
    names = getattr(module, kind)._internal_init.__annotations__
    return bool({"aws": {"tags"}, "gcp": {"labels", "resource_labels"}}[package] & set(names))


def test_everything_that_can_has_labels(prod: Declared, private_ca: Declared) -> None:
    for each in (*of_clouds(prod), *of_clouds(private_ca)):
        found = labels_of(each)
        assert found or not takes_labels(each.typ), each.name
        for labels in found:
            assert labels.items() >= LABELS.items(), each.name
            assert labels["component"], each.name


def test_labels_tell_which_component_declares(prod: Declared) -> None:
    assert prod.recording.named("mesh-gke-eu-cluster").inputs["resourceLabels"]["component"] == "mesh-gke-eu"
    group = only(prod, "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate")
    assert group["labels"]["component"] == "mesh-group-ratings-machines"


def test_api_endpoints_admit_named_ranges_only(prod: Declared) -> None:
    gke = only(prod, "gcp:container/cluster:Cluster")["masterAuthorizedNetworksConfig"]
    eks = only(prod, "aws:eks/cluster:Cluster")["vpcConfig"]
    admitted = {block["cidrBlock"] for block in gke["cidrBlocks"]}
    assert EVERYBODY not in {*admitted, *eks["publicAccessCidrs"]}
    assert gke["gcpPublicCidrsAccessEnabled"] is False
    operators = "198.51.100.0/28"
    addresses = prod.recording.of_type("aws:ec2/eip:Eip")
    nat = {each.name for each in addresses if "-nat-" in each.name}
    assert len(nat) == 3
    assert operators in admitted
    assert operators in eks["publicAccessCidrs"]
    assert len([cidr for cidr in admitted if cidr.endswith("/32")]) >= len(nat)


def test_nothing_lets_everybody_in(prod: Declared) -> None:
    ways_out = ("aws:ec2/route:Route", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    for each in prod.recording.declared:
        assert each.typ in ways_out or EVERYBODY not in set(values(each.inputs)), each.name


def test_gateways_admit_members_only(prod: Declared) -> None:
    for cluster in ("gke-eu", "eks-us"):
        service = prod.recording.named(f"mesh-{cluster}-gateway-release").inputs["values"]["service"]
        assert "203.0.113.0/28" in service["loadBalancerSourceRanges"], "the datacenter of the bundle"
        assert 15017 not in {port["port"] for port in service["ports"]}


def test_nodes_are_private(prod: Declared) -> None:
    cluster = only(prod, "gcp:container/cluster:Cluster")
    assert cluster["privateClusterConfig"]["enablePrivateNodes"] is True
    private = {f"mesh-aws-us-private-{zone}-id" for zone in "abc"}
    assert set(only(prod, "aws:eks/nodeGroup:NodeGroup")["subnetIds"]) == private
    assert {
        each.inputs["mapPublicIpOnLaunch"] for each in prod.recording.of_type("aws:ec2/subnet:Subnet")
    } == {False}


def test_machines_have_no_public_address(prod: Declared) -> None:
    template = only(prod, "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate")
    assert [set(each) for each in template["networkInterfaces"]] == [{"subnetwork"}]
    (interface,) = prod.recording.named("mesh-group-orders-machines-template").inputs["networkInterfaces"]
    assert interface["associatePublicIpAddress"] == "false"
    private = {f"mesh-aws-us-private-{zone}-id" for zone in "abc"}
    assert set(only(prod, "aws:autoscaling/group:Group")["vpcZoneIdentifiers"]) == private


def test_disks_are_encrypted_and_metadata_is_v2(prod: Declared) -> None:
    templates = prod.recording.of_type("aws:ec2/launchTemplate:LaunchTemplate")
    assert len(templates) == 2
    for each in templates:
        assert {mapping["ebs"]["encrypted"] for mapping in each.inputs["blockDeviceMappings"]} == {"true"}
        options = each.inputs["metadataOptions"]
        assert (options["httpTokens"], options["httpPutResponseHopLimit"]) == ("required", 1)


def test_gke(prod: Declared) -> None:
    cluster = only(prod, "gcp:container/cluster:Cluster")
    assert cluster["location"] == "europe-west4"
    assert cluster["datapathProvider"] == "ADVANCED_DATAPATH"
    assert cluster["workloadIdentityConfig"] == {"workloadPool": "example-mesh-prod.svc.id.goog"}
    assert cluster["releaseChannel"] == {"channel": "STABLE"}
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


def test_eks(prod: Declared) -> None:
    cluster = only(prod, "aws:eks/cluster:Cluster")
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["encryptionConfig"]["resources"] == ["secrets"]
    assert cluster["vpcConfig"]["endpointPrivateAccess"] is True
    assert set(cluster["enabledClusterLogTypes"]) >= {"api", "audit", "authenticator"}
    assert "name" not in cluster, "an auto-named cluster gives its replacement another identity"
    addons = {each.inputs["addonName"] for each in prod.recording.of_type("aws:eks/addon:Addon")}
    assert addons == {"vpc-cni", "coredns", "kube-proxy", "eks-pod-identity-agent"}


def test_the_control_plane_of_eks_reaches_the_webhooks(prod: Declared) -> None:
    """Without 15017 the injection hangs; without 9443 every Service does."""
    rules = prod.recording.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    let_in = {
        each.inputs["fromPort"]
        for each in rules
        if each.inputs.get("referencedSecurityGroupId") == "sg-control-plane"
        and each.inputs["securityGroupId"] == "mesh-aws-us-nodes-eks-us-id"
    }
    assert {15017, 9443, 10250} <= let_in


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


def test_gateways_take_reserved_addresses(prod: Declared) -> None:
    told = prod.outputs["clusters"]
    gke = prod.recording.named("mesh-gke-eu-gateway-release").inputs["values"]["service"]
    assert (gke["loadBalancerIP"],) == told["gke-eu"]["gatewayAddresses"]
    eks = prod.recording.named("mesh-eks-us-gateway-release").inputs["values"]["service"]["annotations"]
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    assert len(set(eks[f"{prefix}-eip-allocations"].split(","))) == 3
    assert len(set(eks[f"{prefix}-subnets"].split(","))) == 3
    assert eks[f"{prefix}-attributes"] == "load_balancing.cross_zone.enabled=true"
    assert len(set(told["eks-us"]["gatewayAddresses"])) == 3


def test_hosts_files_list_every_address_of_the_gateway(prod: Declared) -> None:
    template = only(prod, "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate")
    text = template["metadata"]["user-data"]
    for address in prod.outputs["clusters"]["gke-eu"]["gatewayAddresses"]:
        assert f"{address} istiod.istio-system.svc" in text


def test_gce_machines(prod: Declared) -> None:
    template = only(prod, "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate")
    scopes = {scope.rpartition("/")[2] for scope in template["serviceAccount"]["scopes"]}
    assert scopes == {"cloud-platform", "userinfo.email"}
    assert template["shieldedInstanceConfig"]["enableSecureBoot"] is True
    binding = prod.recording.named("mesh-group-ratings-role-binding").inputs["subjects"]
    assert binding == [
        {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "User",
            "name": template["serviceAccount"]["email"],
        }
    ]
    group = only(prod, "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager")
    assert group["autoHealingPolicies"]["initialDelaySec"] >= 300
    assert group["updatePolicy"]["maxUnavailableFixed"] == 0
    assert "targetSize" not in group
    scaling = only(prod, "gcp:compute/regionAutoscaler:RegionAutoscaler")["autoscalingPolicy"]
    assert (scaling["minReplicas"], scaling["maxReplicas"]) == (3, 20)
    check = only(prod, "gcp:compute/healthCheck:HealthCheck")["httpHealthCheck"]
    assert check == {"port": 15021, "requestPath": "/healthz/ready"}


def test_ec2_machines(prod: Declared) -> None:
    entry = only(prod, "aws:eks/accessEntry:AccessEntry")
    assert (entry["type"], entry["kubernetesGroups"]) == ("STANDARD", ["hybrid-mesh:orders"])
    subject = prod.recording.named("mesh-group-orders-role-binding").inputs["subjects"][0]
    assert (subject["kind"], subject["name"]) == ("Group", "hybrid-mesh:orders")
    policies = {
        each.name
        for each in prod.recording.declared
        if each.typ.startswith("aws:iam/rolePolicy") and "orders" in each.name
    }
    assert policies == set(), "a machine's role may do nothing in AWS"
    group = only(prod, "aws:autoscaling/group:Group")
    assert group["instanceRefresh"]["preferences"]["minHealthyPercentage"] == 100
    assert group["healthCheckGracePeriod"] >= 300


def test_a_group_of_fixed_size_has_no_autoscaler() -> None:
    staging = declare_mesh(read_stack("staging"), stack="staging")
    assert not staging.recording.of_type("gcp:compute/regionAutoscaler:RegionAutoscaler")
    group = only(staging, "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager")
    assert group["targetSize"] == 2


PROTECTED = {
    "mesh-gcp-eu-vpc",
    "mesh-aws-us-vpc",
    "mesh-gke-eu-cluster",
    "mesh-eks-us-cluster",
    "mesh-trust-issuer-pool",
    "mesh-trust-issuer-root",
}


def test_a_protected_stack_is_protected(prod: Declared, capsys: pytest.CaptureFixture[str]) -> None:
    assert {name for (_, name), opts in prod.recording.options.items() if opts.protect} == PROTECTED
    assert only(prod, "gcp:container/cluster:Cluster")["deletionProtection"] is True
    assert only(prod, "aws:eks/cluster:Cluster")["deletionProtection"] is True
    assert only(prod, "gcp:certificateauthority/authority:Authority")["deletionProtection"] is True


def test_protection_can_be_lifted_and_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: said.append(text))
    raw = read_stack("prod")
    declare_mesh(raw, stack="prod")
    assert [text for text in said if "protected: false" in text]
    raw["protected"] = False
    said.clear()
    lifted = declare_mesh(raw, stack="prod")
    assert not said
    assert not [name for (_, name), opts in lifted.recording.options.items() if opts.protect]
    assert only(lifted, "gcp:container/cluster:Cluster")["deletionProtection"] is False


def test_nothing_is_skipped_on_delete(prod: Declared) -> None:
    """`deleted_with` would leave load balancers behind: what makes them is in the cluster, they are not."""
    assert not [name for (_, name), opts in prod.recording.options.items() if opts.deleted_with]


@pytest.mark.parametrize("cluster", ["gke-eu", "eks-us"])
def test_load_balancers_go_before_whatever_takes_them_away(prod: Declared, cluster: str) -> None:
    """Dependencies are followed backwards on a destroy."""
    drain = f"mesh-{cluster}-drain"
    assert drain in awaited(prod, f"mesh-{cluster}-gateway-release")
    behind = awaited(prod, drain)
    assert {f"mesh-{cluster}-istio", f"mesh-{cluster}-provider", f"mesh-{cluster}-nodes"} <= behind
    network = {"gke-eu": "mesh-gcp-eu-nat", "eks-us": "mesh-aws-us-public-a"}[cluster]
    addresses = {"gke-eu": "mesh-gke-eu-gateway", "eks-us": "mesh-eks-us-gateway-a"}[cluster]
    assert {network, addresses} <= behind
    assert f"mesh-{cluster}-nodes" in awaited(prod, f"mesh-{cluster}-provider")


def test_an_ingress_waits_for_the_drain_of_its_cluster(prod: Declared) -> None:
    assert "mesh-gke-eu-drain" in awaited(prod, "mesh-ingress-public-gateway")


def test_the_load_balancer_controller_outlives_everything_in_its_cluster(prod: Declared) -> None:
    release = "mesh-eks-us-load-balancers-release"
    for each in prod.recording.in_clusters():
        if "mesh-eks-us-provider" in each.provider and each.name != release:
            assert release in awaited(prod, each.name), each.name
    assert "mesh-eks-us-load-balancers" in awaited(prod, "mesh-eks-us-drain")
    association = only(prod, "aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert association["serviceAccount"] == "aws-load-balancer-controller"


def test_a_cluster_of_the_mesh_is_at_most_fourteen_objects(prod: Declared) -> None:
    own = Counter(
        each.provider.split("::")[3]
        for each in prod.recording.in_clusters()
        if each.name.split("-")[3] in {"istio", "gateway", "reader", "peering", "load"}
    )
    assert set(own) == {"mesh-gke-eu-provider", "mesh-eks-us-provider"}
    assert max(own.values()) <= 14


@pytest.mark.parametrize("issuer", ["google-cas", "aws-private-ca"])
def test_the_roots_key_is_nowhere(prod: Declared, private_ca: Declared, issuer: str) -> None:
    declared = prod if issuer == "google-cas" else private_ca
    assert not declared.recording.of_type("hybridmesh:index:CertificateAuthority")
    for cluster in ("gke-eu", "eks-us"):
        secret = declared.recording.named(f"mesh-{cluster}-istio-cacerts")
        data = secret.inputs["stringData"]
        assert set(data) == {"ca-cert.pem", "ca-key.pem", "root-cert.pem", "cert-chain.pem"}
        assert data["root-cert.pem"] == ROOT == declared.outputs["rootCertificate"]
        assert data["cert-chain.pem"] == data["ca-cert.pem"] + ROOT
        assert data["ca-key.pem"] == "an intermediate's key"
        assert "stringData" in secret.secret


def test_a_private_ca_signs_what_may_sign_leaves_only(private_ca: Declared) -> None:
    made = private_ca.recording.of_type("aws:acmpca/certificate:Certificate")
    templates = {each.name.removeprefix("mesh-trust-issuer-"): each.inputs["templateArn"] for each in made}
    assert templates["root"].endswith("template/RootCACertificate/V1")
    subordinate = "arn:aws:acm-pca:::template/SubordinateCACertificate_PathLen0/V1"
    assert {templates["intermediate-gke-eu"], templates["intermediate-eks-us"]} == {subordinate}
    assert awaited(private_ca, "mesh-trust-issuer-intermediate-gke-eu") == {"mesh-trust-issuer-root"}


def test_existing_issuers_are_used_as_they_are() -> None:
    raw = read_stack("prod")
    arn = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1a2b3c"
    raw["trust"] = {"issuer": "aws-private-ca", "region": "us-east-1", "arn": arn}
    theirs = declare_mesh(raw, stack="prod")
    assert not theirs.recording.of_type("aws:acmpca/certificateAuthority:CertificateAuthority")
    signed = theirs.recording.named("mesh-trust-issuer-intermediate-gke-eu").inputs
    assert signed["certificateAuthorityArn"] == arn
    raw["trust"] = {"issuer": "google-cas", "location": "europe-west4", "pool": "roots"}
    pooled = declare_mesh(raw, stack="prod")
    assert not pooled.recording.of_type("gcp:certificateauthority/caPool:CaPool")
    assert pooled.recording.named("mesh-trust-issuer-intermediate-gke-eu").inputs["pool"] == "roots"
    assert pooled.outputs["rootCertificate"] == ROOT


def test_long_names_are_shortened_where_a_cloud_limits_them() -> None:
    text = json.dumps(read_stack("prod"))
    long = text.replace("gke-eu", "gke-" + "e" * 40).replace("gcp-eu", "gcp-" + "n" * 40)
    recording = declare_mesh(json.loads(long), stack="prod").recording
    limits = {
        "gcp:container/cluster:Cluster": 40,
        "gcp:container/nodePool:NodePool": 40,
        "aws:iam/role:Role": 64,
    }
    for each in recording.declared:
        if each.typ in limits or each.typ.startswith("gcp:compute/"):
            assert len(each.name) + len("-1a2b3c4") <= limits.get(each.typ, 63), each.name


def test_an_adopted_network_gets_subnets_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(_: Recording, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[Any]]:
        assert args.token == "aws:ec2/getInternetGateway:getInternetGateway"
        return {**args.args, "internetGatewayId": "igw-theirs"}, []

    monkeypatch.setattr(Recording, "call", look_up)
    raw = read_stack("prod")
    raw["networks"]["gcp-eu"]["id"] = "shared-vpc"
    raw["networks"]["aws-us"]["id"] = "vpc-0123456789abcdef0"
    recording = declare_mesh(raw, stack="prod").recording
    for token in (
        "gcp:compute/network:Network",
        "aws:ec2/vpc:Vpc",
        "aws:ec2/internetGateway:InternetGateway",
    ):
        assert not recording.of_type(token)
    assert recording.named("mesh-gcp-eu-nodes").inputs["network"] == "shared-vpc"
    subnets = recording.of_type("aws:ec2/subnet:Subnet")
    assert {each.inputs["vpcId"] for each in subnets} == {"vpc-0123456789abcdef0"}
    (out,) = [each for each in recording.of_type("aws:ec2/route:Route") if "gatewayId" in each.inputs]
    assert out.inputs["gatewayId"] == "igw-theirs"


def test_no_export_holds_a_credential(prod: Declared) -> None:
    """The Python SDK writes a stack's outputs in plain into a verbose log, the secret ones too. Kubeconfigs
    are secret by custom; these name a command."""
    assert [name for name, secret in prod.secret.items() if secret] == ["kubeconfigs"]
    assert "an intermediate's key" not in str(prod.outputs)
    for cluster, text in prod.outputs["kubeconfigs"].items():
        document = json.loads(text)
        assert document["current-context"] == cluster
        assert [set(user["user"]) for user in document["users"]] == [{"exec"}]


def test_preview_with_unknowns_declares_the_same(prod: Declared) -> None:
    previewed = declare_mesh(read_stack("prod"), stack="prod", preview=True).recording
    assert {each.name for each in previewed.declared} == {each.name for each in prod.recording.declared}


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


def test_a_stack_loads_the_sdk_of_no_other_cloud() -> None:
    """They take long to load. In a process of its own, since this one has both."""
    import subprocess  # noqa: PLC0415

    code = (
        "import sys; import components.mesh; "
        "print([name for name in ('pulumi_aws', 'pulumi_gcp') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
