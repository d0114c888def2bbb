"""The typed classes and the plug-in's handlers say the same."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pulumi
import pytest
from pulumi.runtime.stack import wait_for_rpcs

from hybrid_mesh.components.local_resources import LocalCluster, LocalMachine
from hybrid_mesh.components.resources import (
    CertificateAuthority,
    CertificateRequest,
    ClusterInspection,
    Foundation,
    GivenIntermediate,
    LoadBalancerDrain,
    MachineRegistration,
    Protection,
)
from hybrid_mesh.components.shared_resources import SharedNamespace, SharedObject
from hybrid_mesh.plugins.framework.values import UNKNOWN, contains_unknown
from hybrid_mesh.plugins.hybridmesh.authority import make_intermediate, make_root
from hybrid_mesh.plugins.hybridmesh.main import HANDLERS
from tests.components.conftest import hermetic
from tests.components.recording import Recording
from tests.plugins.hybridmesh.driver import Driver, live_plugin

NETWORK: Any = {
    "name": "amsterdam",
    "cidr": "10.10.0.0/16",
    "direct": False,
    "delayMilliseconds": 0,
    "lossPercent": 0,
}
ROOT = make_root("mesh.example.com", "mesh1", 3650, datetime.now(UTC))
INTERMEDIATE = make_intermediate(ROOT, "mesh.example.com", "east", 365, datetime.now(UTC))
MAKERS: dict[str, Callable[[], pulumi.CustomResource]] = {
    "CertificateAuthority": lambda: CertificateAuthority(
        "x",
        trust_domain="mesh.example.com",
        mesh_id="mesh1",
        clusters=["east"],
        root_validity_days=3650,
        intermediate_validity_days=730,
    ),
    "CertificateRequest": lambda: CertificateRequest(
        "x",
        trust_domain="mesh.example.com",
        cluster="east",
        validity_days=730,
        authority_ends="2036-01-01T00:00:00Z",
    ),
    "ClusterInspection": lambda: ClusterInspection(
        "x",
        cluster_name="east",
        incarnation="east",
        kubeconfig="{}",
        context="east",
        istio={"meshId": "mesh1"},
        certificates=True,
        expected_root_pem="PEM",
        gateway_api={"Gateway": {"version": "v1", "release": "1.0"}},
        objects=[{"key": "k", "path": "/api/v1/namespaces/shop/serviceaccounts/a", "title": "t"}],
        quarantined=True,
    ),
    "Foundation": lambda: Foundation(
        "x", stack="prod", protected=True, facts={"clusters.east": {"type": "gke"}}
    ),
    "GivenIntermediate": lambda: GivenIntermediate(
        "x",
        cluster="east",
        certificate_pem=INTERMEDIATE["ca-cert.pem"],
        key_pem=INTERMEDIATE["ca-key.pem"],
        chain_pem=INTERMEDIATE["root-cert.pem"],
        root_certificate_pem=INTERMEDIATE["root-cert.pem"],
    ),
    "LoadBalancerDrain": lambda: LoadBalancerDrain(
        "x", cluster_name="east", incarnation="arn:1", kubeconfig="{}"
    ),
    "LocalCluster": lambda: LocalCluster(
        "x",
        cluster_name="east",
        network=NETWORK,
        pod_cidr="10.10.16.0/20",
        service_cidr="10.96.0.0/16",
        kubernetes_version="1.35.4",
    ),
    "LocalMachine": lambda: LocalMachine(
        "x",
        machine_name="vm-0",
        network=NETWORK,
        user_data="#cloud-config",
        service_account_email="a@b.c",
        cluster="cluster-1",
    ),
    "MachineRegistration": lambda: MachineRegistration(
        "x",
        cluster_name="east",
        kubeconfig="{}",
        context="east",
        group="legacy",
        namespace="demo",
        minimum=2,
        probe=True,
        triggers={"group": "1"},
        template="abc",
        patience_seconds=60,
        inspection="gcloud",
        machine_addresses={"vm-0": "10.10.0.100"},
        rollout={"maxUnavailable": 1, "canary": True},
    ),
    "Protection": lambda: Protection("x", stack="prod", protected=True),
    "SharedObject": lambda: SharedObject(
        "x",
        cluster_name="east",
        incarnation="east",
        kubeconfig="{}",
        context="east",
        manifest={
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "billing", "namespace": "shop"},
        },
    ),
    "SharedNamespace": lambda: SharedNamespace(
        "x",
        cluster_name="east",
        incarnation="east",
        kubeconfig="{}",
        context="east",
        namespace="demo",
        labels={"istio-injection": "enabled"},
    ),
}
CLASSES: dict[str, Any] = {
    "CertificateAuthority": CertificateAuthority,
    "CertificateRequest": CertificateRequest,
    "ClusterInspection": ClusterInspection,
    "Foundation": Foundation,
    "GivenIntermediate": GivenIntermediate,
    "LoadBalancerDrain": LoadBalancerDrain,
    "LocalCluster": LocalCluster,
    "LocalMachine": LocalMachine,
    "MachineRegistration": MachineRegistration,
    "Protection": Protection,
    "SharedNamespace": SharedNamespace,
    "SharedObject": SharedObject,
}
EACH = pytest.mark.parametrize("name", MAKERS)


@pytest.fixture(scope="module")
def plugin() -> Iterator[Any]:
    with live_plugin() as stub:
        yield stub


def recorded(name: str) -> dict[str, Any]:
    """The inputs that the typed class sends, all of its arguments given."""
    recording = Recording()

    async def program() -> None:
        MAKERS[name]()
        await wait_for_rpcs()

    with hermetic() as loop:
        pulumi.runtime.set_mocks(recording, project="p", stack="s")
        loop.run_until_complete(program())
    return recording.named("x").inputs


def camel(names: tuple[str, ...]) -> set[str]:
    words = [name.split("_") for name in names]
    return {first + "".join(word.capitalize() for word in rest) for first, *rest in words}


def test_every_class_has_a_handler_and_every_handler_a_class() -> None:
    assert {kind.TYPE for kind in CLASSES.values()} == set(HANDLERS)


@EACH
def test_inputs_are_those_that_the_handler_takes(name: str, plugin: Any) -> None:
    sent = recorded(name)
    optional = {"rootCertificatePem", "rootKeyPem"}
    assert set(sent) | optional == HANDLERS[CLASSES[name].TYPE].inputs | optional
    checked, failures = Driver(plugin, f"hybridmesh:index:{name}").check(sent)
    assert failures == {}
    assert checked == sent


@EACH
def test_a_misspelt_or_missing_input_is_refused(name: str, plugin: Any) -> None:
    driver = Driver(plugin, f"hybridmesh:index:{name}")
    assert "unknown input" in driver.check({**recorded(name), "clusterNam": "x"})[1]["clusterNam"]
    assert driver.check({})[1]


@EACH
def test_outputs_are_those_of_the_class(name: str, plugin: Any) -> None:
    kind, sent = CLASSES[name], recorded(name)
    driver = Driver(plugin, f"hybridmesh:index:{name}")
    checked, _ = driver.check(sent)
    identity, previewed = driver.create(checked, preview=True)
    assert identity == ""
    assert set(previewed.value) - set(checked) == camel(kind.OUTPUTS) - set(checked)
    assert {key for key in camel(kind.OUTPUTS) if contains_unknown(previewed.value[key])} == camel(
        kind.OUTPUTS
    )


@EACH
def test_secrets_are_those_of_the_class(name: str) -> None:
    kind = CLASSES[name]
    assert camel(kind.SECRET_OUTPUTS) == HANDLERS[kind.TYPE].secret_outputs


@EACH
def test_previews_with_nothing_known(name: str, plugin: Any) -> None:
    """In the first preview of a stack any input may be unknown."""
    driver = Driver(plugin, f"hybridmesh:index:{name}")
    unknown = dict.fromkeys(recorded(name), UNKNOWN)
    checked, failures = driver.check(unknown)
    assert failures == {}
    assert driver.create(checked, preview=True)[0] == ""


def test_outputs_arrive_under_python_names() -> None:
    async def program() -> str:
        cluster = MAKERS["LocalCluster"]()
        assert isinstance(cluster, LocalCluster)
        return await cluster.gateway_address.future() or ""

    with hermetic() as loop:
        pulumi.runtime.set_mocks(Recording(), project="p", stack="s")
        assert loop.run_until_complete(program()) == "172.30.1.10"
