"""What is declared in the clusters of a mesh, and how their providers treat it."""

import copy
import json
from collections import Counter
from typing import Any

from hybrid_mesh.components.shared_resources import SharedNamespace
from hybrid_mesh.model.objects.mesh import reader_token_name
from hybrid_mesh.model.objects.planned import PlannedRelease
from hybrid_mesh.model.plan.build import plan_from
from tests.components.cloud_answers import AUTHORITY
from tests.components.conftest import (
    EXTERNAL,
    SECRETS,
    Declared,
    declare_mesh,
    read_local_stack,
    read_stack,
)


def identity(declared: Any) -> tuple[str, str, str, str]:
    """Provider, kind, namespace and name of what a resource is in Kubernetes."""
    metadata = declared.inputs.get("metadata") or declared.inputs
    return (
        declared.provider.split("::")[3],
        declared.typ,
        str(metadata.get("namespace", "")),
        str(metadata.get("name", "")),
    )


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
    for raw, stack in ((read_local_stack(), "local"), (EXTERNAL, "external"), (read_stack("prod"), "prod")):
        plan = plan_from(raw, stack)
        recording = declare_mesh(raw, secrets=SECRETS, stack=stack).recording
        declared = {each.name: each.inputs for each in recording.in_clusters() if not each.resource_id}
        declared |= {
            each.name: namespace_manifest(each.inputs["namespace"], each.inputs["labels"])
            for each in recording.declared
            if each.typ == SharedNamespace.TYPE
        }
        expected = [planned for cluster in plan.clusters.values() for planned in cluster.objects]
        assert set(declared) == {f"mesh-{planned.name}" for planned in expected}
        for planned in expected:
            made = declared[f"mesh-{planned.name}"]
            if isinstance(planned, PlannedRelease):
                assert _without(made["values"], planned.filled) == _without(planned.values, planned.filled)
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
    """Helm refuses to install over existing objects, unless it takes ownership of them."""
    assert external.recording.named("mesh-edge-istio-gateway-api").inputs["takeOwnership"] is True
    assert "takeOwnership" not in local.recording.named("mesh-east-istio-gateway-api").inputs
    raw = {**copy.deepcopy(EXTERNAL), "istio": {"gatewayApi": "existing"}}
    names = {each.name for each in declare_mesh(raw, secrets=SECRETS).recording.declared}
    releases, inspections = (
        {f"mesh-{cluster}-{name}" for cluster in ("edge", "plant")}
        for name in ("istio-gateway-api", "inspection")
    )
    assert names == {each.name for each in external.recording.declared} - releases | inspections


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


def test_the_gateway_of_an_existing_cluster_reports_its_address(external: Declared) -> None:
    service = external.recording.named("mesh-edge-gateway-service")
    assert service.resource_id == "istio-system/istio-eastwestgateway"
    assert set(service.inputs.values()) <= {None}, "the plug-in would take the namespace from its inputs"
    assert external.outputs["clusters"]["edge"]["gatewayAddresses"] == ("203.0.113.7",)
    assert external.outputs["clusters"]["plant"]["gatewayAddresses"] == ("198.18.3.9",)


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


def test_the_name_of_a_readers_token_follows_the_ca_that_a_cloud_may_rotate(
    prod: Declared, local: Declared
) -> None:
    def name(declared: Declared, cluster: str) -> str:
        return str(declared.recording.named(f"mesh-{cluster}-reader-secret").inputs["metadata"]["name"])

    plain = "istio-reader-service-account-istio-remote-secret-token"
    assert name(local, "east") == plain
    assert name(prod, "gke-eu") == name(prod, "eks-us") == reader_token_name(AUTHORITY)
    assert reader_token_name(AUTHORITY).startswith(f"{plain}-")
    assert reader_token_name(f"{AUTHORITY}another") != reader_token_name(AUTHORITY)


def test_peers_are_called_by_the_address_that_peers_use(local: Declared, external: Declared) -> None:
    def held(declared: Declared, holder: str) -> dict[str, str]:
        return dict(declared.recording.named(f"mesh-{holder}-peering-remote-secrets").inputs["stringData"])

    assert "https://172.30.1.1:6443" in held(local, "west")["east"]
    assert "https://198.18.2.5:6443" in held(external, "plant")["edge"]
    assert "https://198.18.3.4:6443" in held(external, "edge")["plant"]
    assert "the reader's token" in held(local, "west")["east"]
