"""What is typed or sent to reach a listener."""

import pytest

from hybrid_mesh.model.config.ingress import ListenerConfig
from hybrid_mesh.operate.entrances import commands, entrance

URL = "http://127.0.0.1:34443"


def listener(**settings: object) -> ListenerConfig:
    return ListenerConfig.model_validate({"name": "one", "port": 443, **settings})


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        ({}, f"curl {URL}/x"),
        ({"protocol": "HTTPS", "certificate": "a"}, "curl https://127.0.0.1:34443/x"),
        (
            {"protocol": "HTTPS", "certificate": "a", "hostname": "*.example.com"},
            "curl --connect-to www.example.com:34443:127.0.0.1:34443 https://www.example.com:34443/x",
        ),
        ({"protocol": "TCP"}, "nc 127.0.0.1 34443"),
        (
            {"protocol": "TLS", "hostname": "db.example.com"},
            "openssl s_client -connect 127.0.0.1:34443 -servername db.example.com",
        ),
        ({"protocol": "HTTPS", "certificate": "a", "clientCertificates": "required"}, None),
    ],
)
def test_a_hint_is_for_the_protocol(settings: dict[str, object], command: str | None) -> None:
    assert list(commands(listener(**settings), URL, "/x")) == ([command] if command else [])


def test_curl_asks_for_the_listeners_host_at_its_address() -> None:
    way = entrance(listener(protocol="HTTPS", certificate="a", hostname="shop.example.com"), URL)
    assert way.url == "https://shop.example.com:34443"
    assert way.options == ("--connect-to", "shop.example.com:34443:127.0.0.1:34443")
