"""What the whole program promises, on the stack `local` and variations of it, under recording mocks."""

import copy
import inspect
from typing import Any

import pulumi
import pytest

from hybrid_mesh.components.clusters.kubeconfig import KubeconfigMeshCluster
from hybrid_mesh.components.clusters.local import LocalMeshCluster
from hybrid_mesh.components.demo import Demo
from hybrid_mesh.components.gateways import EastWestGateway
from hybrid_mesh.components.ingress import Ingress
from hybrid_mesh.components.istio import IstioControlPlane
from hybrid_mesh.components.local_resources import LocalCluster, LocalMachine
from hybrid_mesh.components.machines.bundle import BundleMachines
from hybrid_mesh.components.machines.local import LocalMachines
from hybrid_mesh.components.mesh import HybridMesh
from hybrid_mesh.components.peering import KialiClusters, Peering, ReaderToken
from hybrid_mesh.components.resources import (
    CertificateAuthority,
    Foundation,
    MachineRegistration,
    Protection,
)
from hybrid_mesh.components.shared_resources import SharedNamespace
from hybrid_mesh.components.trust import MeshTrust
from hybrid_mesh.components.workloads import WorkloadGroup
from tests.components.conftest import EXTERNAL, SECRETS, Declare, Declared, declare_mesh

COMPONENTS: dict[type[pulumi.ComponentResource], str] = {
    HybridMesh: "hybridmesh:index:HybridMesh",
    MeshTrust: "hybridmesh:index:MeshTrust",
    LocalMeshCluster: "hybridmesh:index:LocalMeshCluster",
    KubeconfigMeshCluster: "hybridmesh:index:KubeconfigMeshCluster",
    IstioControlPlane: "hybridmesh:index:IstioControlPlane",
    EastWestGateway: "hybridmesh:index:EastWestGateway",
    ReaderToken: "hybridmesh:index:ReaderToken",
    Peering: "hybridmesh:index:Peering",
    KialiClusters: "hybridmesh:index:KialiClusters",
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


def test_type_tokens(local: Declared, external: Declared) -> None:
    seen = {each.typ for each in (*local.recording.declared, *external.recording.declared)}
    ours = {token for token in seen if token.startswith("hybridmesh:")}
    assert ours == set(COMPONENTS.values()) | {kind.TYPE for kind in RESOURCES}


@pytest.mark.parametrize("kind", [*COMPONENTS, *RESOURCES], ids=lambda kind: str(kind.__name__))
def test_constructors_take_keywords_only(kind: type) -> None:
    parameters = list(inspect.signature(kind).parameters.values())[1:]
    assert {parameter.kind for parameter in parameters} == {inspect.Parameter.KEYWORD_ONLY}


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
        "mesh-kiali-edge-clusters": "stringData",
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
    """A resource is registered when what it waits for is there; the last line: VMs do not wait for
    Istio.
    """
    names = [each.name for each in local.recording.declared]
    assert names.index(earlier) < names.index(later)


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
    before = declare_mesh(raw, secrets=SECRETS).recording
    raw["clusters"]["edge"]["state"] = "quarantined"
    after = declare_mesh(raw, secrets=SECRETS).recording
    missing = {each.name for each in before.declared} - {each.name for each in after.declared}
    assert missing == {"mesh-edge-gateway-service"}
    assert after.named("mesh-plant-peering-remote-secrets").inputs["stringData"] == {}


def test_preview_with_unknowns_declares_the_same(declare: Declare, local_stack: dict[str, Any]) -> None:
    applied = {each.name for each in declare(local_stack).recording.declared}
    previewed = {each.name for each in declare(local_stack, preview=True).recording.declared}
    assert previewed == applied
