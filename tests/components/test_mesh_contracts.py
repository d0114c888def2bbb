"""What the whole program promises, on the stack `local` and variations of it, under recording mocks."""

import copy
import inspect
import json
from collections import Counter
from typing import Any

import pulumi
import pytest

from components.clusters.kubeconfig import KubeconfigMeshCluster
from components.clusters.local import LocalMeshCluster
from components.demo import Demo
from components.gateways import EastWestGateway
from components.ingress import Ingress
from components.istio import IstioControlPlane
from components.local_resources import LocalCluster, LocalMachine
from components.machines.bundle import BundleMachines
from components.machines.local import LocalMachines
from components.mesh import HybridMesh
from components.peering import Peering, ReaderToken
from components.resources import (
    CertificateAuthority,
    Foundation,
    MachineRegistration,
    Protection,
    SharedNamespace,
)
from components.trust import MeshTrust
from components.workloads import WorkloadGroup
from model.objects.planned import PlannedRelease
from model.plan.build import plan_from
from tests.components.conftest import Declare, Declared, declare_mesh, read_local_stack, read_stack

COMPONENTS: dict[type[pulumi.ComponentResource], str] = {
    HybridMesh: "hybridmesh:index:HybridMesh",
    MeshTrust: "hybridmesh:index:MeshTrust",
    LocalMeshCluster: "hybridmesh:index:LocalMeshCluster",
    KubeconfigMeshCluster: "hybridmesh:index:KubeconfigMeshCluster",
    IstioControlPlane: "hybridmesh:index:IstioControlPlane",
    EastWestGateway: "hybridmesh:index:EastWestGateway",
    ReaderToken: "hybridmesh:index:ReaderToken",
    Peering: "hybridmesh:index:Peering",
    WorkloadGroup: "hybridmesh:index:WorkloadGroup",
    LocalMachines: "hybridmesh:index:LocalMachines",
    BundleMachines: "hybridmesh:index:BundleMachines",
    Ingress: "hybridmesh:index:Ingress",
    Demo: "hybridmesh:index:Demo",
}
"""The type tokens are in the state of every stack: changing one replaces what it names."""

RESOURCES = (
    CertificateAuthority,
    Foundation,
    LocalCluster,
    LocalMachine,
    MachineRegistration,
    Protection,
    SharedNamespace,
)
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: edge
contexts: [{name: edge, context: {cluster: edge, user: edge}}]
clusters: [{name: edge, cluster: {server: "https://203.0.113.5:6443"}}]
users: [{name: edge, user: {token: the-token-of-edge}}]
"""

EXTERNAL: dict[str, Any] = {
    "id": "mesh1",
    "networks": {
        "datacenter": {"type": "external", "cidr": "10.40.0.0/16"},
        "office": {"type": "external", "cidr": "10.50.0.0/16"},
    },
    "clusters": {
        "edge": {"type": "kubeconfig", "network": "datacenter", "secret": "edge-kubeconfig"},
        "plant": {
            "type": "kubeconfig",
            "network": "office",
            "secret": "plant-kubeconfig",
            "peerEndpoint": "https://198.51.100.4:6443",
            "gateway": {"addresses": ["198.51.100.9"]},
        },
    },
    "workloadGroups": {
        "billing": {
            "namespace": "billing",
            "cluster": "edge",
            "network": "datacenter",
            "ports": {"http": 8080},
            "machines": {"type": "bundle", "minimum": 0},
        }
    },
}
"""Two existing clusters, and a group of datacenter machines."""


@pytest.fixture(scope="module")
def local() -> Declared:
    return declare_mesh(read_local_stack())


@pytest.fixture(scope="module")
def external() -> Declared:
    """Two existing clusters, and a group of datacenter machines."""
    return declare_mesh(EXTERNAL, secrets={"edge-kubeconfig": KUBECONFIG, "plant-kubeconfig": KUBECONFIG})


def identity(declared: Any) -> tuple[str, str, str, str]:
    """Provider, kind, namespace and name of what a resource is in Kubernetes."""
    metadata = declared.inputs.get("metadata") or declared.inputs
    return (
        declared.provider.split("::")[3],
        declared.typ,
        str(metadata.get("namespace", "")),
        str(metadata.get("name", "")),
    )


def test_type_tokens(local: Declared, external: Declared) -> None:
    seen = {each.typ for each in (*local.recording.declared, *external.recording.declared)}
    ours = {token for token in seen if token.startswith("hybridmesh:")}
    assert ours == set(COMPONENTS.values()) | {kind.TYPE for kind in RESOURCES}


@pytest.mark.parametrize("kind", [*COMPONENTS, *RESOURCES], ids=lambda kind: str(kind.__name__))
def test_constructors_take_keywords_only(kind: type) -> None:
    parameters = list(inspect.signature(kind).parameters.values())[1:]
    assert {parameter.kind for parameter in parameters} == {inspect.Parameter.KEYWORD_ONLY}


def test_every_object_goes_to_its_own_cluster(local: Declared, external: Declared) -> None:
    objects = [*local.recording.in_clusters(), *external.recording.in_clusters()]
    providers = {each.name: each.provider.split("::")[3].split("-")[1] for each in objects}
    for name, cluster in providers.items():
        named = [part for part in name.split("-") if part in {"east", "west", "edge", "plant"}]
        home = "edge" if "billing" in name else "east"
        assert cluster == (named[-1] if named else home), name


def test_no_object_is_declared_twice(local: Declared, external: Declared) -> None:
    for declared in (local, external):
        counted = Counter(map(identity, declared.recording.in_clusters()))
        assert [key for key, number in counted.items() if number > 1] == []


def test_what_is_declared_in_the_clusters_is_what_the_plan_says() -> None:
    """By name, kind and content; what only the run knows is left out on both sides."""
    secrets = {"edge-kubeconfig": KUBECONFIG, "plant-kubeconfig": KUBECONFIG}
    for raw, stack in ((read_local_stack(), "local"), (EXTERNAL, "external"), (read_stack("prod"), "prod")):
        plan = plan_from(raw, stack)
        recording = declare_mesh(raw, secrets=secrets, stack=stack).recording
        declared = {each.name: each.inputs for each in recording.in_clusters() if not each.resource_id}
        declared |= {
            each.name: namespace_manifest(each.inputs["namespace"], each.inputs["labels"])
            for each in recording.declared
            if each.typ == SharedNamespace.TYPE
        }
        expected = [planned for cluster in plan.clusters.values() for planned in cluster.objects]
        others = set(declared) - {f"mesh-{planned.name}" for planned in expected}
        assert {name.removeprefix("mesh-eks-us-") for name in others} <= {"load-balancers-release"}
        for planned in expected:
            made = declared[f"mesh-{planned.name}"]
            if isinstance(planned, PlannedRelease):
                late = ("service",) if planned.service_filled else ()
                assert _without(made["values"], late) == _without(planned.values, late)
            else:
                assert _without(made, planned.filled) == _without(planned.manifest, planned.filled)


def namespace_manifest(name: str, labels: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "labels": labels} if labels else {"name": name}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _without(values: Any, keys: tuple[str, ...]) -> Any:
    """`values` in JSON's types without `keys`."""
    return json.loads(json.dumps({key: value for key, value in values.items() if key not in keys}))


def test_a_cluster_of_the_mesh_is_at_most_fourteen_objects(local: Declared) -> None:
    own = Counter(
        each.name.split("-")[1]
        for each in local.recording.in_clusters()
        if each.name.split("-")[2] in {"istio", "gateway", "reader", "peering"}
    )
    assert set(own) == {"east", "west"}
    assert max(own.values()) <= 14


def test_no_export_is_secret(local: Declared, external: Declared) -> None:
    """The Python SDK writes a stack's outputs in plain into a verbose log, the secret ones too."""
    assert [name for each in (local, external) for name, secret in each.secret.items() if secret] == []


def test_exports_hold_no_secret_text(local: Declared, external: Declared) -> None:
    plain = str([local.outputs, external.outputs])
    for secret in ("of the administrator", "the root's key", "the reader's token", "the-token-of-edge"):
        assert secret not in plain


def test_credentials_are_declared_secret(local: Declared, external: Declared) -> None:
    expected = {
        "mesh-east-provider": "kubeconfig",
        "mesh-east-istio-cacerts": "stringData",
        "mesh-east-peering-remote-secrets": "stringData",
        "mesh-group-legacy-registration": "kubeconfig",
        "mesh-edge-provider": "kubeconfig",
        "mesh-group-billing-registration": "kubeconfig",
    }
    for name, argument in expected.items():
        declared = (local if "edge" not in name and "billing" not in name else external).recording.named(name)
        assert argument in declared.secret, name


def test_outputs(local: Declared) -> None:
    assert local.outputs["clusters"]["east"] == {
        "network": "amsterdam",
        "endpoint": "https://127.0.0.1:40001",
        "peerEndpoint": "https://172.30.1.1:6443",
        "gatewayAddresses": ("172.30.1.10",),
    }
    assert set(local.outputs["groups"]["legacy"]["machines"]) == {"legacy-0", "legacy-1"}
    assert local.outputs["ingresses"] == {"public": {"address": "172.30.1.11"}}


def test_a_local_provider_is_bound_to_the_incarnation(local: Declared) -> None:
    provider = local.recording.named("mesh-east-provider").inputs
    assert provider["clusterIdentifier"] == "instance-of-east"
    for argument in ("deleteUnreachable", "upsertExistingObjects", "enableServerSideApply"):
        assert str(provider[argument]).lower() == "true"
    assert "skipUpdateUnreachable" not in provider


def test_what_others_own_is_never_forgotten_nor_overwritten(local: Declared, external: Declared) -> None:
    provider = external.recording.named("mesh-edge-provider").inputs
    assert provider["clusterIdentifier"] == "edge"
    assert not {"deleteUnreachable", "upsertExistingObjects"} & set(provider)
    assert external.recording.named("mesh-edge-istio-gateway-api").inputs["values"] == {"keep": True}
    assert local.recording.named("mesh-east-istio-gateway-api").inputs["values"] == {"keep": False}


def test_definitions_of_the_gateway_api_are_taken_over_or_left_alone(
    local: Declared, external: Declared
) -> None:
    """Helm refuses to install what is there already, unless it is told to take it over."""
    assert external.recording.named("mesh-edge-istio-gateway-api").inputs["takeOwnership"] is True
    assert "takeOwnership" not in local.recording.named("mesh-east-istio-gateway-api").inputs
    raw = {**copy.deepcopy(EXTERNAL), "istio": {"gatewayApi": "existing"}}
    secrets = {"edge-kubeconfig": KUBECONFIG, "plant-kubeconfig": KUBECONFIG}
    names = {each.name for each in declare_mesh(raw, secrets=secrets).recording.declared}
    assert names == {each.name for each in external.recording.declared} - {
        f"mesh-{cluster}-istio-gateway-api" for cluster in ("edge", "plant")
    }


def test_drift_of_what_the_program_declares_is_put_right(local: Declared, external: Declared) -> None:
    for provider in (
        local.recording.named("mesh-east-provider"),
        external.recording.named("mesh-edge-provider"),
    ):
        assert str(provider.inputs["enablePatchForce"]).lower() == "true"


def test_the_gateway_takes_the_reserved_address(local: Declared) -> None:
    values = local.recording.named("mesh-west-gateway-release").inputs["values"]
    assert values["service"]["loadBalancerIP"] == "172.30.2.10"
    assert values["service"]["type"] == "LoadBalancer"


def test_the_gateway_of_an_existing_cluster_tells_its_address(external: Declared) -> None:
    service = external.recording.named("mesh-edge-gateway-service")
    assert service.resource_id == "istio-system/istio-eastwestgateway"
    assert set(service.inputs.values()) <= {None}, "the plug-in would take the namespace from its inputs"
    assert external.outputs["clusters"]["edge"]["gatewayAddresses"] == ("203.0.113.7",)
    assert external.outputs["clusters"]["plant"]["gatewayAddresses"] == ("198.51.100.9",)


def test_each_cluster_holds_one_remote_secret_with_a_key_per_peer(external: Declared) -> None:
    held = {
        each.name: set(each.inputs["stringData"])
        for each in external.recording.declared
        if each.name.endswith("-remote-secrets")
    }
    assert held == {
        "mesh-edge-peering-remote-secrets": {"plant"},
        "mesh-plant-peering-remote-secrets": {"edge"},
    }


def test_peers_are_called_by_the_address_that_peers_use(local: Declared, external: Declared) -> None:
    def held(declared: Declared, holder: str) -> dict[str, str]:
        return dict(declared.recording.named(f"mesh-{holder}-peering-remote-secrets").inputs["stringData"])

    assert "https://172.30.1.1:6443" in held(local, "west")["east"]
    assert "https://203.0.113.5:6443" in held(external, "plant")["edge"]
    assert "https://198.51.100.4:6443" in held(external, "edge")["plant"]
    assert "the reader's token" in held(local, "west")["east"]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("mesh-east-istio-namespace", "mesh-east-istio-cacerts"),
        ("mesh-east-istio-cacerts", "mesh-east-istio-istiod"),
        ("mesh-east-istio-gateway-api", "mesh-ingress-public-gateway"),
        ("mesh-east-istio-base", "mesh-east-istio-istiod"),
        ("mesh-east-istio-istiod", "mesh-east-gateway-release"),
        ("mesh-east-istio-istiod", "mesh-east-istio-strict"),
        ("mesh-east-istio-istiod", "mesh-group-legacy-group"),
        ("mesh-west-istio-istiod", "mesh-east-peering-remote-secrets"),
        ("mesh-group-legacy-machines-1", "mesh-group-legacy-registration"),
        ("mesh-east-gateway-release", "mesh-group-legacy-registration"),
        ("mesh-group-legacy-machines-1", "mesh-east-istio-istiod"),
    ],
)
def test_order(local: Declared, earlier: str, later: str) -> None:
    """A resource is registered when what it waits for is there; the last line: machines do not wait for
    Istio.
    """
    names = [each.name for each in local.recording.declared]
    assert names.index(earlier) < names.index(later)


def test_machines_boot_with_the_endpoint_and_gateway_of_their_cluster(local: Declared) -> None:
    machine = local.recording.named("mesh-group-legacy-machines-0").inputs
    assert "https://172.30.1.1:6443" in machine["userData"]
    assert "172.30.1.10 istiod.istio-system.svc" in machine["userData"]
    assert machine["serviceAccountEmail"] == "legacy@local.hybrid-mesh.local"
    assert machine["userData"] == local.recording.named("mesh-group-legacy-machines-1").inputs["userData"]


def test_a_groups_service_is_not_awaited(local: Declared) -> None:
    for cluster in ("east", "west"):
        service = local.recording.named(f"mesh-group-legacy-service-{cluster}").inputs
        assert service["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"


def test_registration_waits_anew_for_what_concerns_machines(
    declare: Declare, local_stack: dict[str, Any]
) -> None:
    def triggers() -> dict[str, str]:
        made = declare(local_stack).recording.named("mesh-group-legacy-registration").inputs
        return dict(made["triggers"])

    before = triggers()
    own = {"group", "istio", "gateway", "cluster", "workload-group"}
    assert set(before) == own | {"machine-legacy-0", "machine-legacy-1"}
    local_stack["workloadGroups"]["legacy"]["labels"]["version"] = "vm2"
    after = triggers()
    assert {name for name, value in after.items() if before[name] != value} == {"group"}


def test_scaling_changes_no_trigger_of_the_group_itself(
    declare: Declare, local_stack: dict[str, Any]
) -> None:
    def trigger() -> str:
        made = declare(local_stack).recording.named("mesh-group-legacy-registration").inputs
        return str(made["triggers"]["group"])

    before = trigger()
    local_stack["workloadGroups"]["legacy"]["machines"]["count"] = 3
    assert trigger() == before


def test_a_bundle_is_exported_without_a_token(external: Declared) -> None:
    bundle = external.outputs["bundles"]["billing"]
    assert bundle["gatewayAddresses"] == ["203.0.113.7"]
    assert bundle["rootCertificate"] == "the root"
    assert bundle["apiEndpoint"] == "https://203.0.113.5:6443"
    assert not external.secret["bundles"]
    assert not [each for each in external.recording.declared if "billing-role" in each.name]


def test_a_bundle_names_the_package_of_its_architecture_and_its_sum() -> None:
    raw = copy.deepcopy(EXTERNAL)
    raw["workloadGroups"]["billing"]["machines"] |= {"package": "rpm", "architecture": "arm64"}
    raw["istio"] = {"packageSha256": {"arm64Rpm": "c" * 64}}
    secrets = {"edge-kubeconfig": KUBECONFIG, "plant-kubeconfig": KUBECONFIG}
    bundle = declare_mesh(raw, secrets=secrets).outputs["bundles"]["billing"]
    assert bundle["packageUrl"].endswith("/rpm/istio-sidecar-arm64.rpm")
    assert bundle["packageSha256"] == "c" * 64


def test_quarantine(declare: Declare, local_stack: dict[str, Any]) -> None:
    before = {each.name for each in declare(local_stack).recording.declared}
    local_stack["clusters"]["west"]["state"] = "quarantined"
    quarantined = declare(local_stack).recording
    assert {each.name for each in quarantined.declared} == before
    assert str(quarantined.named("mesh-west-provider").inputs["skipUpdateUnreachable"]).lower() == "true"
    assert quarantined.named("mesh-west-cluster").inputs["quarantined"] is True
    assert quarantined.named("mesh-group-legacy-registration").inputs["quarantined"] is False


def test_quarantine_of_an_existing_cluster_asks_it_nothing() -> None:
    raw = copy.deepcopy(EXTERNAL)
    secrets = {"edge-kubeconfig": KUBECONFIG, "plant-kubeconfig": KUBECONFIG}
    before = declare_mesh(raw, secrets=secrets).recording
    raw["clusters"]["edge"]["state"] = "quarantined"
    after = declare_mesh(raw, secrets=secrets).recording
    missing = {each.name for each in before.declared} - {each.name for each in after.declared}
    assert missing == {"mesh-edge-gateway-service"}
    assert after.named("mesh-plant-peering-remote-secrets").inputs["stringData"] == {}


def test_registration_does_nothing_for_a_quarantined_home(
    declare: Declare, local_stack: dict[str, Any]
) -> None:
    del local_stack["ingress"]
    local_stack["clusters"]["east"]["state"] = "quarantined"
    registration = declare(local_stack).recording.named("mesh-group-legacy-registration")
    assert registration.inputs["quarantined"] is True


def test_preview_with_unknowns_declares_the_same(declare: Declare, local_stack: dict[str, Any]) -> None:
    applied = {each.name for each in declare(local_stack).recording.declared}
    previewed = {each.name for each in declare(local_stack, preview=True).recording.declared}
    assert previewed == applied
