"""The Helm values, rendered by Helm itself with the charts of the toolchain."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from model.objects.helm_values import EIP_ALLOCATIONS, GATEWAY_NAME, SOURCE_RANGES, merge
from model.plan.build import plan_from
from tests.model.meshes import PROJECT, STACKS

CHARTS = PROJECT / ".toolchain" / "charts"

pytestmark = pytest.mark.skipif(not CHARTS.is_dir(), reason="the toolchain is not built")

CLUSTERS = [(stack, name) for stack, raw in STACKS.items() for name in raw["clusters"]]


def _rendered(chart: Path, values: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    with helm_python.Chart.load(chart) as loaded:
        loaded.validate_schema(dict(values))
        texts = loaded.render(dict(values), name=name, namespace="istio-system")
    manifests = [text for path, text in texts.items() if path.endswith(".yaml")]
    return [document for text in manifests for document in yaml.safe_load_all(text) if document]


def _one(documents: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    [found] = [d for d in documents if d["kind"] == kind and d["metadata"]["name"] == name]
    return found


@pytest.mark.parametrize(("stack", "name"), CLUSTERS)
def test_gateway_publishes_its_network_and_no_webhook(stack: str, name: str) -> None:
    cluster = plan_from(STACKS[stack], stack).clusters[name]
    documents = _rendered(CHARTS / "gateway", cluster.release_values(GATEWAY_NAME), "istio-eastwestgateway")
    service = _one(documents, "Service", "istio-eastwestgateway")
    pod = _one(documents, "Deployment", "istio-eastwestgateway")["spec"]["template"]
    assert service["metadata"]["labels"]["topology.istio.io/network"] == cluster.network
    assert pod["metadata"]["labels"]["topology.istio.io/network"] == cluster.network
    assert sorted(port["port"] for port in service["spec"]["ports"]) == [15012, 15021, 15443]
    assert service["spec"]["selector"]["istio"] == "eastwestgateway"
    environment = {entry["name"]: entry["value"] for entry in pod["spec"]["containers"][0]["env"]}
    assert environment["ISTIO_META_REQUESTED_NETWORK_VIEW"] == cluster.network


@pytest.mark.parametrize(("stack", "name"), CLUSTERS)
def test_istiod_knows_its_place(stack: str, name: str) -> None:
    plan = plan_from(STACKS[stack], stack)
    cluster = plan.clusters[name]
    documents = _rendered(CHARTS / "istiod", cluster.release_values("istiod"), "istiod")
    container = _one(documents, "Deployment", "istiod")["spec"]["template"]["spec"]["containers"][0]
    environment = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert container["image"] == "docker.io/istio/pilot:1.31.0"
    assert environment["CLUSTER_ID"] == name
    assert environment["ISTIO_MULTIROOT_MESH"] == "true"
    settings = _one(documents, "ConfigMap", "istio")["data"]
    mesh = yaml.safe_load(settings["mesh"])
    assert mesh["trustDomain"] == plan.trust_domain
    assert mesh["defaultConfig"]["meshId"] == plan.mesh_id
    assert mesh["defaultConfig"]["proxyMetadata"]["PROXY_CONFIG_XDS_AGENT"] == "true"
    assert ("defaultProviders" in mesh) == (plan.istio.proxy == "istio")
    networks = (yaml.safe_load(settings["meshNetworks"]) or {}).get("networks", {})
    assert networks == cluster.release_values("istiod")["global"].get("meshNetworks", {})


@pytest.mark.parametrize("chart", ["base", "istiod"])
def test_webhooks_fail_closed_from_the_start(chart: str) -> None:
    cluster = plan_from(STACKS["local"], "local").clusters["east"]
    values = cluster.release_values("istio-base") if chart == "base" else cluster.release_values("istiod")
    documents = _rendered(CHARTS / chart, values, chart)
    [webhooks] = [d["webhooks"] for d in documents if d["kind"] == "ValidatingWebhookConfiguration"]
    assert {webhook["failurePolicy"] for webhook in webhooks} == {"Fail"}


@pytest.mark.parametrize("name", ["gke-eu", "eks-us"])
def test_a_clouds_gateway_survives_a_node_and_takes_what_is_known_at_run_time(name: str) -> None:
    cluster = plan_from(STACKS["prod"], "prod").clusters[name]
    late = {"loadBalancerIP": "203.0.113.30", SOURCE_RANGES: ["203.0.113.0/28"]}
    values = merge(
        cluster.release_values(GATEWAY_NAME),
        {"service": {**late, "annotations": {EIP_ALLOCATIONS: "eipalloc-1"}}},
    )
    documents = _rendered(CHARTS / "gateway", values, "istio-eastwestgateway")
    service = _one(documents, "Service", "istio-eastwestgateway")
    expected = cluster.release_values(GATEWAY_NAME)["service"]["annotations"]
    assert expected.items() <= service["metadata"]["annotations"].items()
    assert service["metadata"]["annotations"][EIP_ALLOCATIONS] == "eipalloc-1"
    assert service["spec"]["loadBalancerIP"] == "203.0.113.30"
    assert service["spec"]["loadBalancerSourceRanges"] == ["203.0.113.0/28"]
    assert _one(documents, "HorizontalPodAutoscaler", "istio-eastwestgateway")["spec"]["minReplicas"] == 2
    assert _one(documents, "PodDisruptionBudget", "istio-eastwestgateway")["spec"]["minAvailable"] == 1
