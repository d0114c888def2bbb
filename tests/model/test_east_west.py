"""What an east-west gateway serves: the Gateways, the route to istiod, and the Service that they are bound
to."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from hybrid_mesh.model.istio_facts import ISTIOD_HOST, NETWORK_LABEL
from hybrid_mesh.model.objects.east_west import east_west_gateways, istiod_route
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME
from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import ClusterPlan
from tests.model.agreed import GOLDEN
from tests.model.meshes import LOCAL, STACKS, changed, release_values

HOST = "legacy.example.com"


def manifests(cluster: ClusterPlan) -> list[Mapping[str, Any]]:
    return [each.manifest for each in cluster.objects if isinstance(each, PlannedObject)]


def gateways(cluster: ClusterPlan) -> list[Mapping[str, Any]]:
    return [
        each
        for each in manifests(cluster)
        if each["kind"] == "Gateway" and each["metadata"]["namespace"] == "istio-system"
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_no_gateway_and_no_virtual_service_of_istios_own_api_is_left(stack: str) -> None:
    for cluster in plan_from(STACKS[stack], stack).clusters.values():
        found = {(each["apiVersion"].split("/")[0], each["kind"]) for each in manifests(cluster)}
        assert not {kind for group, kind in found if group == "networking.istio.io"} - {
            "ServiceEntry",
            "WorkloadGroup",
        }


NEAR = {"type": "local", "network": "amsterdam", "podCidr": "10.10.32.0/20"}
MESHES = {
    **STACKS,
    "two gateways in a network": changed(LOCAL, {"clusters.near": NEAR}),
    "no gateway": changed(LOCAL, {"clusters.near": {**NEAR, "gateway": {"enabled": False}}}),
}


@pytest.mark.parametrize("mesh", MESHES)
def test_the_gateway_serves_ports_that_its_service_has(mesh: str) -> None:
    for cluster in plan_from(MESHES[mesh], "local").clusters.values():
        values = release_values(cluster, GATEWAY_NAME)
        made = gateways(cluster)
        assert bool(made) == bool(values) == cluster.config.gateway.enabled
        for each in made:
            ports = {port["port"] for port in values["service"]["ports"]}
            assert {listener["port"] for listener in each["spec"]["listeners"]} <= ports
            [address] = each["spec"]["addresses"]
            assert address["value"] == f"{values['name']}.istio-system.svc.cluster.local"


def test_the_peers_find_the_gateway_by_its_service_alone() -> None:
    """The address of the Gateway is a name that each cluster resolves to a Service of its own."""
    for made in east_west_gateways():
        assert "labels" not in made["metadata"]
    for cluster in plan_from(LOCAL, "local").clusters.values():
        assert release_values(cluster, GATEWAY_NAME)["labels"] == {NETWORK_LABEL: cluster.network}


def test_custom_hosts_have_listeners_in_every_cluster() -> None:
    plan = plan_from(changed(LOCAL, {"workloadGroups.legacy.host": HOST, "ingress": {}}), "local")
    for cluster in plan.clusters.values():
        [made] = gateways(cluster)
        by_name = {each["name"]: each for each in made["spec"]["listeners"]}
        assert list(by_name) == ["services", "istiod", HOST]
        same = {**by_name["services"], "name": HOST, "hostname": HOST}
        assert by_name[HOST] == same


def test_more_hosts_than_a_gateway_has_listeners_get_another_one() -> None:
    hosts = [f"group-{number}.example.com" for number in range(130)]
    made = list(east_west_gateways(hosts))
    names = [f"{GATEWAY_NAME}{suffix}" for suffix in ("", "-2", "-3")]
    assert [each["metadata"]["name"] for each in made] == names
    listeners = [listener for each in made for listener in each["spec"]["listeners"]]
    assert [len(each["spec"]["listeners"]) for each in made] == [64, 64, 4]
    assert [each["hostname"] for each in listeners] == ["*.local", ISTIOD_HOST, *hosts]
    assert len({each["name"] for each in listeners}) == len(listeners)


def test_vms_reach_istiod_by_the_name_that_they_dial() -> None:
    [listener] = [
        each for each in next(east_west_gateways())["spec"]["listeners"] if each["name"] == "istiod"
    ]
    route = istiod_route()["spec"]
    assert route["parentRefs"] == [{"name": GATEWAY_NAME, "sectionName": listener["name"]}]
    assert route["hostnames"] == [listener["hostname"]]
    dialled = yaml.safe_load((GOLDEN / "machine/bundle/mesh.yaml").read_text())["defaultConfig"]
    assert dialled["discoveryAddress"] == f"{listener['hostname']}:{listener['port']}"
