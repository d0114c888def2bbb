"""The request by which each route of an ingress is tried."""

from typing import Any

import pytest

from hybrid_mesh.operate.entrances import entrance
from hybrid_mesh.operate.verify.checks import MustRedirect, MustServe, Protocol, RequestCheck
from hybrid_mesh.operate.verify.routes import route_check
from tests.operate.mesh import mesh_plan

URL = "http://127.0.0.1:18080"
BACKENDS = [{"service": "shop", "namespace": "shop", "port": 80}]
HTTP = {"name": "http", "port": 80}
HTTPS = {
    "name": "https",
    "port": 443,
    "protocol": "HTTPS",
    "hostname": "a.example.com",
    "certificateSecret": "a",
}
TLS = {"name": "tls", "port": 443, "protocol": "TLS"}
TCP = {"name": "tcp", "port": 5432, "protocol": "TCP"}


def check(listener: dict[str, Any], **route: Any) -> RequestCheck | str:
    ends = {} if "redirect" in route else {"backends": BACKENDS}
    ingress = {"cluster": "east", "listeners": [listener], "routes": [{"name": "r", **ends, **route}]}
    config = mesh_plan(ingress={"public": ingress}).ingresses["public"].config
    listeners = {each.name: each for each in config.listeners}
    ways = {each.name: entrance(each, URL) for each in config.listeners}
    return route_check("public", config.routes[0], listeners, ways, 2)


@pytest.mark.parametrize(
    ("listener", "route", "url", "options"),
    [
        (HTTP, {}, f"{URL}/", ()),
        (HTTP, {"pathPrefix": "/shop"}, f"{URL}/shop", ()),
        (HTTP, {"hostnames": ["*.example.com"]}, f"{URL}/", ("--header", "Host:www.example.com")),
        ({**HTTP, "hostname": "b.example.com"}, {}, f"{URL}/", ("--header", "Host:b.example.com")),
        (
            HTTP,
            {
                "matches": [
                    {
                        "path": {"exact": "/a"},
                        "method": "POST",
                        "headers": [{"name": "x-version", "exact": "2"}],
                        "queryParameters": [{"name": "q", "exact": "1"}],
                    }
                ]
            },
            f"{URL}/a?q=1",
            ("--header", "x-version:2", "--request", "POST"),
        ),
        (
            HTTP,
            {"matches": [{"path": {"regularExpression": "/v[0-9]"}}, {"path": {"prefix": "/b"}}]},
            f"{URL}/b",
            (),
        ),
        (
            HTTPS,
            {},
            "https://a.example.com:18080/",
            (
                "--connect-to",
                "a.example.com:18080:127.0.0.1:18080",
                "--insecure",
                "--header",
                "Host:a.example.com",
            ),
        ),
    ],
)
def test_a_route_is_asked_as_it_matches(
    listener: dict[str, Any], route: dict[str, Any], url: str, options: tuple[str, ...]
) -> None:
    found = check(listener, **route)
    assert isinstance(found, RequestCheck)
    assert (found.request.url, found.request.options) == (url, options)
    assert found.expectation == MustServe(Protocol.HTTP)
    assert found.target == {"ingress public"}


def test_a_redirect_must_redirect() -> None:
    found = check(HTTP, redirect={"scheme": "https", "statusCode": 308})
    assert isinstance(found, RequestCheck)
    assert found.expectation == MustRedirect(308)


def test_grpc_is_called_by_service_and_method() -> None:
    found = check(HTTP, kind="GRPC", matches=[{"service": "shop.v1.Orders", "method": "List"}])
    assert isinstance(found, RequestCheck)
    assert found.request.url == f"{URL}/shop.v1.Orders/List"
    assert {"--http2-prior-knowledge", "content-type: application/grpc"} < set(found.request.options)
    assert found.expectation == MustServe(Protocol.GRPC)


def test_tls_that_is_passed_through_is_asked_by_server_name() -> None:
    found = check(TLS, kind="TLS", hostnames=["db.example.com"])
    assert isinstance(found, RequestCheck)
    assert found.request.url == "https://db.example.com:18080/"
    assert "db.example.com:18080:127.0.0.1:18080" in found.request.options
    assert found.expectation == MustServe(Protocol.TLS)


@pytest.mark.parametrize(
    ("listener", "route", "reason"),
    [
        (TCP, {"kind": "TCP"}, "a gateway accepts every TCP connection"),
        (
            HTTP,
            {"matches": [{"path": {"regularExpression": "/v[0-9]"}}]},
            "it only matches regular expressions",
        ),
    ],
)
def test_what_cannot_be_tried_is_said(listener: dict[str, Any], route: dict[str, Any], reason: str) -> None:
    found = check(listener, **route)
    assert isinstance(found, str)
    assert found.startswith(reason)
