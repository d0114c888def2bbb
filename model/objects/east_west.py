"""What the east-west gateway of a cluster serves, by the Gateway API.

The Gateway is bound to the Service of the Helm release, so istiod creates nothing for it ("Kubernetes Gateway
API", Manual Deployment; `IsManaged` in pilot/pkg/config/kube/gatewaycommon of Istio 1.31): the Deployment,
the Service and its addresses are those of the release.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from hybrid_mesh.model.istio_facts import (
    CROSS_NETWORK_PORT,
    GATEWAY_API,
    GATEWAY_CLASS,
    ISTIOD_HOST,
    ISTIOD_PORT,
    SYSTEM_NAMESPACE,
    service_host,
)
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME
from hybrid_mesh.model.objects.manifest import Manifest, manifest

_AUTO_PASSTHROUGH = {"gateway.istio.io/listener-protocol": "auto-passthrough"}
"""Lets a listener forward to every Service that its hostname matches, by the server name of Istio's mutual
TLS (`IsAutoPassthrough` in pilot/pkg/serviceregistry/kube/conversion.go). Such a listener ignores routes.

Istio infers it for a Gateway with the network's label, too. With that label, however, istiod would announce
the addresses in the Gateway's `spec` to the peers (`handleGatewayResource` in
pilot/pkg/serviceregistry/kube/controller/network.go), and this one means another Service in each cluster. The
label of the Service announces the right ones.
"""
_LIMIT = 64
"""Maximum number of listeners of a Gateway (its CRD)."""
_ISTIOD = "istiod"
"""Name of the listener for istiod."""


def east_west_gateways(hosts: Sequence[str] = ()) -> Iterator[Manifest]:
    """The Gateways of a cluster: the first one for Services and istiod, more if the listeners do not fit
    into it.

    `hosts` are the groups' custom host names, which `*.local` does not match. Their listeners have their
    names, which contain a dot. istiod's webhooks are not exposed.
    """
    listeners = [
        _of_services("services", "*.local"),
        _listener(_ISTIOD, ISTIOD_PORT, ISTIOD_HOST),
        *(_of_services(host, host) for host in hosts),
    ]
    address = {"type": "Hostname", "value": service_host(GATEWAY_NAME, SYSTEM_NAMESPACE)}
    for start in range(0, len(listeners), _LIMIT):
        spec = {
            "gatewayClassName": GATEWAY_CLASS,
            "addresses": [address],
            "listeners": listeners[start : start + _LIMIT],
        }
        name = f"{GATEWAY_NAME}-{start // _LIMIT + 1}" if start else GATEWAY_NAME
        yield manifest(GATEWAY_API, "Gateway", name, SYSTEM_NAMESPACE, spec=spec)


def istiod_route() -> Manifest:
    """The route through which VMs reach istiod, by the name that they verify."""
    spec = {
        "parentRefs": [{"name": GATEWAY_NAME, "sectionName": _ISTIOD}],
        "hostnames": [ISTIOD_HOST],
        "rules": [{"backendRefs": [{"name": "istiod", "port": ISTIOD_PORT}]}],
    }
    return manifest(GATEWAY_API, "TLSRoute", "istiod", SYSTEM_NAMESPACE, spec=spec)


def _of_services(name: str, host: str) -> dict[str, Any]:
    """The listener for the Services that `host` matches.

    istiod drops a listener whose host another Gateway of this port serves for the same namespaces, and Envoy
    refuses all of them if it does not (`mergeGateways` in pilot/pkg/model/gateway.go). With `All`, the
    namespaces are those of a Gateway of Istio's own API, which may still exist: `cross-network-gateway` of
    "Install Multi-Primary on different networks".
    """
    allowed = {"namespaces": {"from": "All"}}
    return {**_listener(name, CROSS_NETWORK_PORT, host, options=_AUTO_PASSTHROUGH), "allowedRoutes": allowed}


def _listener(name: str, port: int, host: str, **tls: Any) -> dict[str, Any]:
    return {
        "name": name,
        "port": port,
        "protocol": "TLS",
        "hostname": host,
        "tls": {"mode": "Passthrough", **tls},
    }
