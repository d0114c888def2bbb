"""How this host sends HTTP requests through the listeners of an ingress."""

from collections.abc import Iterator
from dataclasses import dataclass

from hybrid_mesh.model.config.ingress import ListenerConfig


@dataclass(frozen=True)
class Entrance:
    """The URL of a listener, without a final slash, and the options of curl with which it leads there."""

    listener: str
    url: str
    options: tuple[str, ...] = ()


def is_entrance(listener: ListenerConfig) -> bool:
    """Whether this host can send requests through a listener: by HTTP, or HTTPS without a certificate of its
    own."""
    return listener.protocol in ("HTTP", "HTTPS") and listener.client_certificates == "ignored"


def entrance(listener: ListenerConfig, url: str) -> Entrance:
    """`url` is the listener's `http://address:port`, as `Shell.ingress_url` returns it. By HTTPS, the URL has
    the listener's host name, by which the gateway chooses the certificate; for `*.` it has one of them. For a
    listener that passes TLS through it is the URL as it is: the routes have the server names."""
    if listener.protocol != "HTTPS":
        return Entrance(listener.name, url)
    address = url.removeprefix("http://")
    if listener.hostname is None:
        return Entrance(listener.name, f"https://{address}")
    host = listener.hostname.replace("*", "www")
    port = address.rpartition(":")[2]
    return Entrance(listener.name, f"https://{host}:{port}", ("--connect-to", f"{host}:{port}:{address}"))


def commands(listener: ListenerConfig, url: str, path: str) -> Iterator[str]:
    """Commands for people that open a connection through a listener; none where that takes a certificate."""
    address, _, port = url.removeprefix("http://").rpartition(":")
    if is_entrance(listener):
        way = entrance(listener, url)
        yield " ".join(["curl", *way.options, f"{way.url}{path}"])
    elif listener.protocol == "TCP":
        yield f"nc {address} {port}"
    elif listener.protocol == "TLS" and listener.hostname is not None:
        host = listener.hostname.replace("*", "www")
        yield f"openssl s_client -connect {address}:{port} -servername {host}"
