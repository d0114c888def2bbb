"""Workload groups of a mesh: their VMs, registrations and bundles."""

import copy
from typing import Any

import pulumi
import pytest

from tests.components.conftest import (
    EXTERNAL,
    SECRETS,
    Declare,
    Declared,
    declare_mesh,
)
from tests.components.recording import Recording


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


def test_registration_waits_again_for_what_concerns_machines(
    declare: Declare, local_stack: dict[str, Any]
) -> None:
    def triggers() -> dict[str, str]:
        made = declare(local_stack).recording.named("mesh-group-legacy-registration").inputs
        return dict(made["triggers"])

    before = triggers()
    own = {"group", "template", "istio", "gateway", "cluster", "workload-group"}
    assert set(before) == own | {"machine-legacy-0", "machine-legacy-1"}
    local_stack["workloadGroups"]["legacy"]["labels"]["version"] = "vm2"
    after = triggers()
    assert {name for name, value in after.items() if before[name] != value} == {"group", "template"}


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
    assert bundle["apiEndpoint"] == "https://198.18.2.5:6443"
    assert not external.secret["bundles"]
    assert not [each for each in external.recording.declared if "billing-role" in each.name]


class NamedBalancers(Recording):
    """Load balancers as in AWS: their status has a host name, and no IP address."""

    @staticmethod
    def _outputs(token: str, inputs: dict[str, Any]) -> dict[str, Any]:
        if token == "kubernetes:core/v1:Service" and not inputs.get("metadata"):
            return {"status": {"loadBalancer": {"ingress": [{"hostname": "ew-1.elb.example.com"}]}}}
        return Recording._outputs(token, inputs)


def test_vms_need_ip_addresses_of_the_gateway() -> None:
    with pytest.raises(pulumi.RunError, match=r"edge\.gateway\.addresses is required.*ew-1\.elb.*billing"):
        declare_mesh(EXTERNAL, secrets=SECRETS, recording=NamedBalancers())


def test_clusters_reach_a_gateway_by_its_host_name() -> None:
    raw = {key: value for key, value in EXTERNAL.items() if key != "workloadGroups"}
    outputs = declare_mesh(raw, secrets=SECRETS, recording=NamedBalancers()).outputs
    assert outputs["clusters"]["edge"]["gatewayAddresses"] == ("ew-1.elb.example.com",)


def test_a_bundle_brings_the_application() -> None:
    raw = copy.deepcopy(EXTERNAL)
    raw["workloadGroups"]["billing"]["application"] = {
        "files": [{"path": "/etc/billing.conf", "content": "port = 8080\n"}],
        "units": [{"name": "billing.service", "content": "[Service]\n"}],
    }
    bundle = declare_mesh(raw, secrets=SECRETS).outputs["bundles"]["billing"]
    assert bundle["application"]["0"] == "port = 8080\n"
    assert "unit billing.service\n" in bundle["application"]["steps"]
    assert bundle["networkCidrs"] == ["10.40.0.0/16"]


def test_a_bundle_names_the_package_of_its_architecture_and_its_sum() -> None:
    raw = copy.deepcopy(EXTERNAL)
    raw["workloadGroups"]["billing"]["machines"] |= {"package": "rpm", "architecture": "arm64"}
    raw["istio"] = {"packageSha256": {"arm64Rpm": "c" * 64}}
    bundle = declare_mesh(raw, secrets=SECRETS).outputs["bundles"]["billing"]
    assert bundle["packageUrl"].endswith("/rpm/istio-sidecar-arm64.rpm")
    assert bundle["packageSha256"] == "c" * 64


def test_registration_does_nothing_for_a_quarantined_home(
    declare: Declare, local_stack: dict[str, Any]
) -> None:
    del local_stack["ingress"]
    local_stack["clusters"]["east"]["state"] = "quarantined"
    registration = declare(local_stack).recording.named("mesh-group-legacy-registration")
    assert registration.inputs["quarantined"] is True


def test_servers_without_an_agent_are_declared_and_not_waited_for(
    declare: Declare, local_stack: dict[str, Any]
) -> None:
    local_stack["workloadGroups"]["db"] = {
        "namespace": "shop",
        "cluster": "east",
        "network": "amsterdam",
        "ports": {"tcp-db": 5432},
        "machines": {"type": "static", "addresses": ["10.10.0.77"]},
    }
    recording = declare(local_stack).recording
    entry = recording.named("mesh-group-db-entry-10-10-0-77").inputs
    assert entry["spec"]["address"] == "10.10.0.77"
    assert recording.named("mesh-group-db-service-west").inputs["spec"]["ports"][0]["port"] == 5432
    registrations = recording.of_type("hybridmesh:index:MachineRegistration")
    assert [each.name for each in registrations] == ["mesh-group-legacy-registration"]
