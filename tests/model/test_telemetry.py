"""What `telemetry` becomes: extension providers in every istiod, objects, and nothing on VMs."""

from collections.abc import Mapping
from typing import Any

import pytest

from hybrid_mesh.model.objects.manifest import Manifest
from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.objects.telemetry import LOG_FIELDS
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.required_paths import open_paths
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.problems import ConfigurationError
from tests.model.meshes import LOCAL, STACKS, changed, release_values

SERVICE = "otel-collector.observability.svc.cluster.local"
BOTH = {
    "accessLogs": {"stdout": "json", "otlp": f"{SERVICE}:4317", "filter": "response.code >= 400"},
    "traces": {"otlp": f"{SERVICE}:4317", "sampling": 12.5},
}
UNREPORTED = f"(!has(request.host) || request.host != '{SERVICE}')"
"""Reports for the collector are not reported again by its own proxy."""


def planned(
    telemetry: Mapping[str, Any], changes: Mapping[str, Any] | None = None, stack: str = "local"
) -> MeshPlan:
    return plan_from(changed(STACKS[stack], {"telemetry": telemetry, **(changes or {})}), "test")


def providers(plan: MeshPlan, cluster: str) -> dict[str, Any]:
    values = release_values(plan.clusters[cluster], "istiod")
    given = values["meshConfig"].get("extensionProviders", [])
    found = {each["name"]: each for each in given}
    assert len(found) == len(given)
    return found


def objects(plan: MeshPlan, cluster: str) -> dict[str, Manifest]:
    """The objects of telemetry by kind."""
    kinds = ("Telemetry", "ServiceEntry", "DestinationRule")
    found = [each for each in plan.clusters[cluster].objects if isinstance(each, PlannedObject)]
    return {each.manifest["kind"]: each.manifest for each in found if each.manifest["kind"] in kinds}


def service_of(plan: MeshPlan) -> tuple[str, int]:
    sent = providers(plan, "east")["hybrid-mesh-traces"]["opentelemetry"]
    return sent["service"], sent["port"]


@pytest.mark.parametrize("cluster", ["east", "west"])
def test_every_istiod_knows_the_collector_and_every_proxy_reports(cluster: str) -> None:
    plan = planned(BOTH)
    found = providers(plan, cluster)
    assert set(found) == {"hybrid-mesh-stdout", "hybrid-mesh-access-logs", "hybrid-mesh-traces"}
    collector = {"service": SERVICE, "port": 4317}
    assert found["hybrid-mesh-traces"]["opentelemetry"] == collector
    assert found["hybrid-mesh-access-logs"]["envoyOtelAls"].items() >= collector.items()
    made = objects(plan, cluster)
    assert set(made) == {"Telemetry"}  # istiod knows a Service of any cluster of the mesh
    assert made["Telemetry"]["metadata"] == {"name": "mesh-default", "namespace": "istio-system"}
    spec = made["Telemetry"]["spec"]
    assert spec["accessLogging"] == [
        {
            "providers": [{"name": "hybrid-mesh-stdout"}, {"name": "hybrid-mesh-access-logs"}],
            "filter": {"expression": f"(response.code >= 400) && {UNREPORTED}"},
        }
    ]
    assert spec["tracing"][0]["randomSamplingPercentage"] == 12.5
    assert "metrics" not in spec


def test_entries_name_their_proxy_and_both_ends() -> None:
    plan = planned({"accessLogs": {"stdout": "json", "otlp": f"{SERVICE}:4317", "fields": {"x": "%REQ(x)%"}}})
    found = providers(plan, "east")
    sent = found["hybrid-mesh-access-logs"]["envoyOtelAls"]["logFormat"]["labels"]
    assert sent == found["hybrid-mesh-stdout"]["envoyFileAccessLog"]["logFormat"]["labels"]
    assert {"cluster", "namespace", "workload", "instance", "source_principal", "destination_principal"} <= {
        *sent
    }
    assert sent["x"] == "%REQ(x)%"


@pytest.mark.parametrize(
    ("telemetry", "expected"),
    [
        ({"accessLogs": {"stdout": "json"}}, None),
        ({"accessLogs": {"stdout": "json", "filter": "a || b"}}, "a || b"),
        ({"accessLogs": {"stdout": "json", "filter": "x[\"it's (\"] == f('a')"}}, "x[\"it's (\"] == f('a')"),
        ({"accessLogs": {"otlp": "otlp.example.com:4317"}}, None),
        ({"accessLogs": {"otlp": f"{SERVICE}:4317"}}, UNREPORTED),
        ({"accessLogs": {"stdout": "json"}, "traces": {"otlp": f"{SERVICE}:4317"}}, UNREPORTED),
    ],
)
def test_reports_to_a_collector_in_the_mesh_are_not_logged(
    telemetry: Mapping[str, Any], expected: str | None
) -> None:
    logging = objects(planned(telemetry), "east")["Telemetry"]["spec"]["accessLogging"][0]
    assert logging.get("filter") == ({"expression": expected} if expected else None)


def test_nothing_changes_on_vms_and_no_proxy_restarts() -> None:
    before, after = plan_from(LOCAL, "test"), planned(BOTH)
    assert before.groups == after.groups
    values = [release_values(plan.clusters["east"], "istiod")["meshConfig"] for plan in (before, after)]
    assert values[0]["defaultConfig"] == values[1]["defaultConfig"]


def test_nothing_is_left_without_the_key() -> None:
    plan = plan_from(LOCAL, "test")
    assert not providers(plan, "east")
    assert not objects(plan, "east")


def test_a_host_outside_becomes_known_with_tls() -> None:
    plan = planned({"traces": {"otlp": "https://otlp.example.com:4318", "httpPath": "/v1/traces"}})
    # Others may have a ServiceEntry for the host in another namespace: istiod would refuse to choose.
    assert service_of(plan) == ("istio-system/otlp.example.com", 4318)
    sent = providers(plan, "east")["hybrid-mesh-traces"]["opentelemetry"]
    assert sent["http"] == {"path": "/v1/traces", "timeout": "10s"}
    made = objects(plan, "west")
    assert made["ServiceEntry"]["spec"] == {
        "hosts": ["otlp.example.com"],
        "location": "MESH_EXTERNAL",
        "resolution": "DNS",
        "ports": [{"name": "http-4318", "number": 4318, "protocol": "HTTP"}],
    }
    rule = made["DestinationRule"]["spec"]["trafficPolicy"]["portLevelSettings"]
    assert rule == [{"port": {"number": 4318}, "tls": {"mode": "SIMPLE", "sni": "otlp.example.com"}}]


def test_an_address_outside_has_a_host_in_the_registry() -> None:
    plan = planned({"traces": {"otlp": "198.51.100.7:4317"}})
    assert service_of(plan) == ("istio-system/otlp-198-51-100-7.internal", 4317)
    made = objects(plan, "east")
    assert set(made) == {"Telemetry", "ServiceEntry"}
    assert made["ServiceEntry"]["spec"] == {
        "hosts": ["otlp-198-51-100-7.internal"],
        "location": "MESH_EXTERNAL",
        "resolution": "STATIC",
        "ports": [{"name": "grpc-4317", "number": 4317, "protocol": "GRPC"}],
        "endpoints": [{"address": "198.51.100.7"}],
    }


def test_one_host_with_two_ports_has_one_service_entry() -> None:
    telemetry = {
        "accessLogs": {"otlp": "otlp.example.com:4317"},
        "traces": {"otlp": "https://otlp.example.com:4318", "httpPath": "/v1/traces"},
    }
    plan = planned(telemetry)
    found = [
        each
        for each in plan.clusters["east"].objects
        if isinstance(each, PlannedObject) and each.component == "east-istio" and "collector" in each.key
    ]
    assert [each.key for each in found] == [
        "collector-access-logs-serviceentry",
        "collector-access-logs-destinationrule",
    ]
    ports = found[0].manifest["spec"]["ports"]
    assert [(port["number"], port["protocol"]) for port in ports] == [(4317, "GRPC"), (4318, "HTTP")]
    secure = found[1].manifest["spec"]["trafficPolicy"]["portLevelSettings"]
    assert [each["port"]["number"] for each in secure] == [4318]


@pytest.mark.parametrize(
    "host", ["collector.demo.svc", "collector.demo.svc.cluster.local", "collector.demo.svc.cluster.local."]
)
def test_a_service_has_one_name(host: str) -> None:
    assert service_of(planned({"traces": {"otlp": f"{host}:4317"}})) == (
        "collector.demo.svc.cluster.local",
        4317,
    )


def test_a_host_of_a_group_is_known_already() -> None:
    group = {"hosts": ["otlp.example.com"], "ports": {"grpc-otlp": 4317, "http": 9080}}
    changes = {f"workloadGroups.legacy.{key}": value for key, value in group.items()}
    plan = planned({"traces": {"otlp": "otlp.example.com:4317"}}, {**changes, "ingress": {}})
    assert service_of(plan) == ("otlp.example.com", 4317)
    entries = [
        each.manifest["metadata"]["namespace"]
        for each in plan.clusters["west"].objects
        if isinstance(each, PlannedObject) and each.manifest["kind"] == "ServiceEntry"
    ]
    assert entries == ["demo"]


def test_your_providers_stay() -> None:
    mine = {"name": "authz", "envoyExtAuthzGrpc": {"service": "authz.demo.svc.cluster.local", "port": 9000}}
    plan = planned(BOTH, {"istio.values.meshConfig.extensionProviders": [mine]})
    assert list(providers(plan, "west")) == [
        "hybrid-mesh-stdout",
        "hybrid-mesh-access-logs",
        "hybrid-mesh-traces",
        "authz",
    ]


def test_other_clusters_stay_as_they_are() -> None:
    plan = planned({"clusters": ["east"], **BOTH})
    assert "Telemetry" in objects(plan, "east")
    assert not objects(plan, "west")
    assert not providers(plan, "west")


def test_tags_of_spans_and_metrics() -> None:
    tags = {
        "tenant": {"header": "x-tenant", "default": "none"},
        "team": {"literal": "payments"},
        "net": {"environment": "ISTIO_META_NETWORK"},
        "sni": {"operator": "%REQUESTED_SERVER_NAME%"},
    }
    metrics = {
        "tags": {"host": "request.host", "connection_security_policy": None},
        "disabled": ["REQUEST_SIZE"],
    }
    plan = planned({"traces": {"otlp": f"{SERVICE}:4317", "tags": tags}, "metrics": metrics}, stack="dev")
    spec = objects(plan, "one")["Telemetry"]["spec"]
    assert spec["tracing"][0]["customTags"] == {
        "host.name": {"formatter": {"value": "%HOSTNAME%"}},
        "net": {"environment": {"name": "ISTIO_META_NETWORK"}},
        "sni": {"formatter": {"value": "%REQUESTED_SERVER_NAME%"}},
        "team": {"literal": {"value": "payments"}},
        "tenant": {"header": {"name": "x-tenant", "defaultValue": "none"}},
    }
    assert spec["metrics"][0]["overrides"] == [
        {
            "match": {"metric": "ALL_METRICS"},
            "tagOverrides": {
                "connection_security_policy": {"operation": "REMOVE"},
                "host": {"operation": "UPSERT", "value": "request.host"},
            },
        },
        {"match": {"metric": "REQUEST_SIZE"}, "disabled": True},
    ]
    off = objects(planned({"metrics": {"enabled": False}}, stack="dev"), "one")["Telemetry"]["spec"]
    assert off["metrics"][0]["overrides"] == [{"match": {"metric": "ALL_METRICS"}, "disabled": True}]


def test_an_adopted_mesh_keeps_its_telemetry_at_a_destroy() -> None:
    plan = planned({"accessLogs": {"stdout": "text"}}, {"clusters.one.istio.ownership": "adopt"}, "dev")
    adopted = [
        each.adopted
        for cluster in ("one", "two")
        for each in plan.clusters[cluster].objects
        if isinstance(each, PlannedObject) and each.key == "telemetry"
    ]
    assert adopted == [True, False]


def test_the_fields_have_operators_of_envoy() -> None:
    plan = planned(
        {
            "accessLogs": {
                "stdout": "json",
                "fields": {
                    **LOG_FIELDS,
                    "a": "%START_TIME(%s.%3f)% 100%%",
                    "b": "%CEL(request.headers['x'].size())%",
                    "c": "%REQ(x-a?x-b):10% of %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
                },
            }
        }
    )
    assert "hybrid-mesh-stdout" in providers(plan, "east")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("telemetry", "off", "must be a section of keys"),
        ("telemetry.accessLogs", "json", "must be a section of keys"),
        ("telemetry.accessLogs.stdout", "jsn", "Did you mean `json`?"),
        ("telemetry.accessLogs.reporter", "source", "client | server | both"),
        ("telemetry.accessLogs.fields", {"a": None}, "the key has no value"),
        ("telemetry.accessLogs.filter", "a\nb", "must be one line"),
        ("telemetry.traces", {}, "this required key is missing"),
        ("telemetry.traces.sampling", 100.5, "must be at most 100"),
        ("telemetry.traces.sampling", -1, "must be at least 0"),
        ("telemetry.traces.sampling", "5", "without quotes"),
        ("telemetry.traces.sampling", True, "must be a number"),
        ("telemetry.traces.sampling", float("nan"), "must be"),
        ("telemetry.traces.httpPath", "v1/traces", "not a valid path of a URL"),
        ("telemetry.traces.tags", {"x": {"environment": "A-B"}}, "not a valid name of a variable"),
        ("telemetry.traces.tags", {"x": {"header": ":path"}}, "not a valid name of a header"),
        ("telemetry.metrics.tags", {"a-b": "x"}, "not a valid name of a variable"),
        ("telemetry.metrics.disabled", ["request_size"], "Did you mean `REQUEST_SIZE`?"),
        ("kiali", {}, "this required key is missing"),
    ],
)
def test_a_wrong_form_is_explained(path: str, value: object, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(STACKS["dev"], {path: value}), "test")
    assert said in str(raised.value)


def test_paths_to_collectors_outside_are_listed() -> None:
    telemetry = {"accessLogs": {"otlp": "198.51.100.7:4317"}, "traces": {"otlp": "198.51.100.7:4317"}}
    plan = planned(telemetry, stack="dev")
    found = [each for each in open_paths(plan) if each.destination == "collector 198.51.100.7"]
    assert [each.source.split()[0] for each in found] == ["kind-one", "kind-two", "machines"]
    assert {(each.ports, each.manual) for each in found} == {((4317,), True)}
    assert not any(each.manual for each in open_paths(planned(telemetry)) if "198.51" in each.destination)
    inside = planned({"traces": {"otlp": f"{SERVICE}:4317"}}, stack="dev")
    assert open_paths(inside) == open_paths(plan_from(STACKS["dev"], "test"))


@pytest.mark.parametrize(
    "changes",
    [
        {"namespaces": {"observability": {}}},
        {
            "istio.values.meshConfig.discoverySelectors": [
                {"matchLabels": {"mesh": "yes"}},
                {"matchLabels": {"kubernetes.io/metadata.name": "observability"}},
            ]
        },
    ],
)
def test_a_collector_in_a_namespace_that_istiod_reads(changes: Mapping[str, Any]) -> None:
    selectors = {"istio.values.meshConfig.discoverySelectors": [{"matchLabels": {"mesh": "yes"}}]}
    planned({"traces": {"otlp": f"{SERVICE}:4317"}}, {**selectors, **changes})
