"""The Helm values, rendered with the charts of the toolchain by the Helm in Pulumi's kubernetes plug-in."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml
from google.protobuf import struct_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from hybrid_mesh.model.clouds.aws import EIP_ALLOCATIONS
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME, SOURCE_RANGES, merge
from hybrid_mesh.model.plan.build import plan_from
from tests.commands import PROJECT
from tests.model.meshes import STACKS, release_values
from tests.plugins.official import PLUGIN, official_plugin

CHARTS = PROJECT / ".toolchain" / "charts"

Render = Callable[[str, Mapping[str, Any], str], list[dict[str, Any]]]

pytestmark = pytest.mark.skipif(
    not (CHARTS.is_dir() and PLUGIN.exists()), reason="the toolchain is not built"
)

CLUSTERS = [(stack, name) for stack, raw in STACKS.items() for name in raw["clusters"]]


@pytest.fixture(scope="module")
def render(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Render]:
    """Renders a chart with values, as a release of a name."""
    with official_plugin(tmp_path_factory.mktemp("plug-in")) as channel:
        plugin = provider_pb2_grpc.ResourceProviderStub(channel)

        def rendered(chart: str, values: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
            # without a namespace: to put it into the objects, the plug-in would ask an API server
            options = {"path": str(CHARTS), "chart": chart, "values": values, "release_name": name}
            arguments = struct_pb2.Struct()
            arguments.update({"jsonOpts": json.dumps(options)})
            request = provider_pb2.InvokeRequest(tok="kubernetes:helm:template", args=arguments)
            answer = MessageToDict(plugin.Invoke(request))
            found: list[dict[str, Any]] = answer["return"]["result"]
            return found

        yield rendered


def _one(documents: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    [found] = [d for d in documents if d["kind"] == kind and d["metadata"]["name"] == name]
    return found


@pytest.mark.parametrize(("stack", "name"), CLUSTERS)
def test_gateway_publishes_its_network_and_no_webhook(render: Render, stack: str, name: str) -> None:
    cluster = plan_from(STACKS[stack], stack).clusters[name]
    documents = render("gateway", release_values(cluster, GATEWAY_NAME), "istio-eastwestgateway")
    service = _one(documents, "Service", "istio-eastwestgateway")
    pod = _one(documents, "Deployment", "istio-eastwestgateway")["spec"]["template"]
    assert service["metadata"]["labels"]["topology.istio.io/network"] == cluster.network
    assert pod["metadata"]["labels"]["topology.istio.io/network"] == cluster.network
    assert sorted(port["port"] for port in service["spec"]["ports"]) == [15012, 15021, 15443]
    assert service["spec"]["selector"]["istio"] == "eastwestgateway"
    environment = {entry["name"]: entry["value"] for entry in pod["spec"]["containers"][0]["env"]}
    assert environment["ISTIO_META_REQUESTED_NETWORK_VIEW"] == cluster.network


@pytest.mark.parametrize(("stack", "name"), CLUSTERS)
def test_istiod_knows_its_place(render: Render, stack: str, name: str) -> None:
    plan = plan_from(STACKS[stack], stack)
    cluster = plan.clusters[name]
    documents = render("istiod", release_values(cluster, "istiod"), "istiod")
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
    assert networks == release_values(cluster, "istiod")["global"].get("meshNetworks", {})


@pytest.mark.parametrize("chart", ["base", "istiod"])
def test_webhooks_fail_closed_from_the_start(render: Render, chart: str) -> None:
    cluster = plan_from(STACKS["local"], "local").clusters["east"]
    values = release_values(cluster, "istio-base") if chart == "base" else release_values(cluster, "istiod")
    documents = render(chart, values, chart)
    [webhooks] = [d["webhooks"] for d in documents if d["kind"] == "ValidatingWebhookConfiguration"]
    assert {webhook["failurePolicy"] for webhook in webhooks} == {"Fail"}


@pytest.mark.parametrize("name", ["gke-eu", "eks-us"])
def test_a_clouds_gateway_survives_a_node_and_takes_late_values(render: Render, name: str) -> None:
    cluster = plan_from(STACKS["prod"], "prod").clusters[name]
    late = {"loadBalancerIP": "203.0.113.30", SOURCE_RANGES: ["203.0.113.0/28"]}
    values = merge(
        release_values(cluster, GATEWAY_NAME),
        {"service": {**late, "annotations": {EIP_ALLOCATIONS: "eipalloc-1"}}},
    )
    documents = render("gateway", values, "istio-eastwestgateway")
    service = _one(documents, "Service", "istio-eastwestgateway")
    expected = release_values(cluster, GATEWAY_NAME)["service"]["annotations"]
    assert expected.items() <= service["metadata"]["annotations"].items()
    assert service["metadata"]["annotations"][EIP_ALLOCATIONS] == "eipalloc-1"
    assert service["spec"]["loadBalancerIP"] == "203.0.113.30"
    assert service["spec"]["loadBalancerSourceRanges"] == ["203.0.113.0/28"]
    assert _one(documents, "HorizontalPodAutoscaler", "istio-eastwestgateway")["spec"]["minReplicas"] == 2
    assert _one(documents, "PodDisruptionBudget", "istio-eastwestgateway")["spec"]["minAvailable"] == 1
    pod = _one(documents, "Deployment", "istio-eastwestgateway")["spec"]["template"]
    for spread in pod["spec"]["topologySpreadConstraints"]:
        assert spread["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


@pytest.mark.parametrize(("name", "drain"), [("gke-eu", None), ("eks-us", 240)])
def test_a_gateway_on_eks_serves_until_its_load_balancer_has_forgotten_it(
    render: Render, name: str, drain: int | None
) -> None:
    """A network load balancer sends new connections to a pod for minutes after it was deregistered."""
    cluster = plan_from(STACKS["prod"], "prod").clusters[name]
    gateway = render("gateway", release_values(cluster, GATEWAY_NAME), "istio-eastwestgateway")
    istiod = render("istiod", release_values(cluster, "istiod"), "istiod")
    deployment = yaml.safe_load(_class_defaults(istiod)["deployment"])
    for pod in (
        _one(gateway, "Deployment", "istio-eastwestgateway")["spec"]["template"],
        deployment["spec"]["template"],
    ):
        annotations = pod.get("metadata", {}).get("annotations", {})
        config = yaml.safe_load(annotations.get("proxy.istio.io/config", "{}"))
        grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
        if drain is None:
            assert (config, grace) == ({}, 30)
        else:
            assert config == {"drainDuration": f"{drain}s", "terminationDrainDuration": f"{drain}s"}
            assert grace > drain, "or it is killed while it drains"
    injected = _one(gateway, "Deployment", "istio-eastwestgateway")["spec"]["template"]["metadata"]
    assert injected["annotations"]["inject.istio.io/templates"] == "gateway", "the chart's own stay"


@pytest.mark.parametrize("name", ["gke-eu", "eks-us"])
def test_istiod_and_its_ingress_gateways_survive_a_zone(render: Render, name: str) -> None:
    cluster = plan_from(STACKS["prod"], "prod").clusters[name]
    documents = render("istiod", release_values(cluster, "istiod"), "istiod")
    pod = _one(documents, "Deployment", "istiod")["spec"]["template"]
    defaults = {key: yaml.safe_load(text) for key, text in _class_defaults(documents).items()}
    assert set(defaults) == {"deployment", "horizontalPodAutoscaler", "podDisruptionBudget"}
    ingress = defaults["deployment"]["spec"]["template"]["spec"]
    for spreads in (pod["spec"]["topologySpreadConstraints"], ingress["topologySpreadConstraints"]):
        keys = [spread["topologyKey"] for spread in spreads]
        assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        assert {spread["whenUnsatisfiable"] for spread in spreads} == {"ScheduleAnyway"}
    for spread in pod["spec"]["topologySpreadConstraints"]:
        assert spread["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert defaults["horizontalPodAutoscaler"]["spec"]["minReplicas"] == 2
    assert _one(documents, "HorizontalPodAutoscaler", "istiod")["spec"]["minReplicas"] == 2


@pytest.mark.parametrize(("stack", "name"), CLUSTERS)
def test_idle_connections_of_a_mesh_in_clouds_are_kept_alive(render: Render, stack: str, name: str) -> None:
    """Load balancers and NATs of clouds forget them after 350 s."""
    cluster = plan_from(STACKS[stack], stack).clusters[name]
    documents = render("istiod", release_values(cluster, "istiod"), "istiod")
    mesh = yaml.safe_load(_one(documents, "ConfigMap", "istio")["data"]["mesh"])
    in_cloud = stack in {"staging", "prod"}
    kept = {"probes": 3, "time": "120s", "interval": "30s"}
    assert mesh.get("tcpKeepalive") == (kept if in_cloud else None)


def _class_defaults(documents: list[dict[str, Any]]) -> dict[str, str]:
    """What istiod merges into the objects that it creates for a Gateway of the class `istio`."""
    found = _one(documents, "ConfigMap", "istio-default-gatewayclass-istio")
    assert found["metadata"]["labels"]["gateway.istio.io/defaults-for-class"] == "istio"
    data: dict[str, str] = found["data"]
    return data
