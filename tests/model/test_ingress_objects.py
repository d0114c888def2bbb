"""The HTTPRoutes of an ingress, and how a plan shows them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from hybrid_mesh.cli.main import app
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.objects.planned import AT_RUN_TIME, PlannedObject
from hybrid_mesh.model.objects.routes import routes
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.problems import ConfigurationError
from tests.model.meshes import LOCAL, changed

ROUTES = "ingress.public.routes"
ROUTE = {"name": "billing", "pathPrefix": "/billing", "backends": [{"group": "legacy", "port": 9080}]}


def test_a_path_reaches_the_backend_unchanged_unless_its_prefix_is_replaced() -> None:
    replaced = {**ROUTE, "name": "shop", "pathPrefix": "/shop", "replacePrefix": "/v2/"}
    mesh = MeshConfig.model_validate(changed(LOCAL, {ROUTES: [ROUTE, replaced]}))
    plain, rewriting, *_ = routes("public", mesh.ingress["public"], mesh.workload_groups)
    assert "filters" not in plain["spec"]["rules"][0]
    assert rewriting["spec"]["rules"][0]["filters"] == [
        {
            "type": "URLRewrite",
            "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2/"}},
        }
    ]


def test_a_replacement_is_a_path() -> None:
    mesh = changed(LOCAL, {ROUTES: [{**ROUTE, "replacePrefix": "v2"}]})
    with pytest.raises(ConfigurationError, match=r"routes\.0\.replacePrefix \(v2\)"):
        plan_from(mesh, "local")


def test_a_plan_shows_what_replaces_a_prefix(tmp_path: Path) -> None:
    mesh = changed(LOCAL, {ROUTES: [{**ROUTE, "replacePrefix": "/"}]})
    path = tmp_path / "Pulumi.mine.yaml"
    path.write_text(yaml.safe_dump({"config": {"hybrid-mesh:mesh": mesh}}))
    printed = CliRunner().invoke(app, ["plan", "--file", str(path)])
    assert "/billing → /" in printed.stdout


SHOP = {
    "cluster": "east",
    "listeners": [
        {"name": "http", "port": 80},
        {
            "name": "https",
            "port": 443,
            "protocol": "HTTPS",
            "hostname": "shop.example.com",
            "certificate": "shop",
            "clientCertificates": "required",
        },
        {
            "name": "partners",
            "port": 8443,
            "protocol": "HTTPS",
            "hostname": "partners.example.com",
            "issuer": {"name": "letsencrypt"},
        },
        {"name": "db", "port": 9443, "protocol": "TLS", "hostname": "db.example.com"},
        {"name": "tcp", "port": 5432, "protocol": "TCP"},
    ],
}


def objects_of(**ingress: Any) -> dict[str, Mapping[str, Any]]:
    """The objects of an ingress `shop`, by kind and name."""
    plan = plan_from(changed(LOCAL, {"ingress": {"shop": {**SHOP, **ingress}}}), "local")
    return {
        f"{each.manifest['kind']}/{each.manifest['metadata']['name']}": each.manifest
        for each in plan.clusters["east"].objects
        if isinstance(each, PlannedObject) and each.component == "ingress-shop"
    }


def rule_of(kind: str = "HTTP", **route: Any) -> dict[str, Any]:
    """The rule of a route of the ingress `shop`."""
    made = {"name": "one", "kind": kind, **route}
    if "redirect" not in route:
        made["backends"] = [{"group": "legacy", "port": 9080}]
    rules: list[dict[str, Any]] = objects_of(routes=[made])[f"{kind}Route/shop-one"]["spec"]["rules"]
    return rules[0]


def test_each_listener_gets_its_certificate() -> None:
    made = objects_of()
    tls = {each["name"]: each.get("tls") for each in made["Gateway/shop"]["spec"]["listeners"]}
    assert tls["http"] is tls["tcp"] is None
    assert tls["db"] == {"mode": "Passthrough"}
    assert tls["https"]["certificateRefs"] == [{"group": "", "kind": "Secret", "name": "shop-https-tls"}]
    assert tls["https"]["options"] == {"gateway.istio.io/tls-terminate-mode": "MUTUAL"}
    secret = made["Secret/shop-https-tls"]
    assert secret["type"] == "kubernetes.io/tls"
    assert set(secret["stringData"].values()) == {AT_RUN_TIME}
    assert set(secret["stringData"]) == {"tls.crt", "tls.key", "ca.crt"}
    certificate = made["Certificate/shop-partners-tls"]["spec"]
    assert certificate["secretName"] == tls["partners"]["certificateRefs"][0]["name"]
    assert certificate["dnsNames"] == ["partners.example.com"]
    assert certificate["issuerRef"]["kind"] == "ClusterIssuer"


def test_the_load_balancer_and_the_deployment_are_yours_to_change() -> None:
    made = objects_of(
        annotations={"metallb.io/address-pool": "edge"},
        labels={"team": "edge"},
        sourceRanges=["198.51.100.0/24"],
        parameters={"deployment": {"spec": {"replicas": 2}}},
    )
    infrastructure = made["Gateway/shop"]["spec"]["infrastructure"]
    assert infrastructure["annotations"] == {"metallb.io/address-pool": "edge"}
    assert infrastructure["labels"] == {"team": "edge"}
    data = made[f"ConfigMap/{infrastructure['parametersRef']['name']}"]["data"]
    assert json.loads(data["deployment"]) == {"spec": {"replicas": 2}}
    assert json.loads(data["service"]) == {"spec": {"loadBalancerSourceRanges": ["198.51.100.0/24"]}}


def test_a_route_names_the_listeners_that_take_its_kind() -> None:
    made = objects_of(
        routes=[
            {"name": "db", "kind": "TLS", "hostnames": ["db.example.com"], "backends": ROUTE["backends"]},
            {"name": "tcp", "kind": "TCP", "backends": ROUTE["backends"]},
            {"name": "up", "listeners": ["http"], "redirect": {"scheme": "https"}},
        ]
    )
    attached = {name: made[name]["spec"].get("parentRefs") for name in made if "Route/" in name}
    assert attached == {
        "TLSRoute/shop-db": [{"name": "shop", "sectionName": "db"}],
        "TCPRoute/shop-tcp": [{"name": "shop", "sectionName": "tcp"}],
        "HTTPRoute/shop-up": [{"name": "shop", "sectionName": "http"}],
    }
    assert made["TLSRoute/shop-db"]["spec"]["hostnames"] == ["db.example.com"]
    grant = next(each for name, each in made.items() if name.startswith("ReferenceGrant/"))
    assert [source["kind"] for source in grant["spec"]["from"]] == ["TCPRoute", "TLSRoute"]


def test_a_redirect_changes_the_scheme() -> None:
    rule = rule_of(listeners=["http"], redirect={"scheme": "https"})
    assert rule["filters"] == [
        {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    ]
    assert "backendRefs" not in rule


def test_requests_are_matched_rewritten_limited_and_copied() -> None:
    rule = rule_of(
        matches=[
            {"path": {"exact": "/a"}, "method": "GET", "headers": [{"name": "x", "exact": "1"}]},
            {"path": {"regularExpression": "/v[0-9]+"}},
            {"queryParameters": [{"name": "q", "regularExpression": ".*"}]},
        ],
        replaceHost="b.example.com",
        replacePath="/b",
        requestHeaders={"set": {"x-a": "1"}, "remove": ["x-b"]},
        timeouts={"request": "10s", "backendRequest": "2s"},
        mirror={"group": "legacy", "port": 9080, "weight": 10},
    )
    assert rule["matches"] == [
        {
            "path": {"type": "Exact", "value": "/a"},
            "headers": [{"type": "Exact", "name": "x", "value": "1"}],
            "method": "GET",
        },
        {"path": {"type": "RegularExpression", "value": "/v[0-9]+"}},
        {
            "path": {"type": "PathPrefix", "value": "/"},
            "queryParams": [{"type": "RegularExpression", "name": "q", "value": ".*"}],
        },
    ]
    filters = {each["type"]: each for each in rule["filters"]}
    assert filters["URLRewrite"]["urlRewrite"] == {
        "hostname": "b.example.com",
        "path": {"type": "ReplaceFullPath", "replaceFullPath": "/b"},
    }
    assert filters["RequestHeaderModifier"]["requestHeaderModifier"] == {
        "set": [{"name": "x-a", "value": "1"}],
        "remove": ["x-b"],
    }
    mirror = filters["RequestMirror"]["requestMirror"]
    assert (mirror["percent"], mirror["backendRef"]["name"]) == (10, "legacy")
    assert rule["timeouts"] == {"request": "10s", "backendRequest": "2s"}


def test_calls_of_grpc_are_matched_by_service_and_method() -> None:
    rule = rule_of("GRPC", matches=[{"service": "shop.v1.Orders", "method": "Get"}])
    assert rule["matches"] == [{"method": {"type": "Exact", "service": "shop.v1.Orders", "method": "Get"}}]
