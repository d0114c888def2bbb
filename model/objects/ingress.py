"""The Gateway of an ingress, its certificates and its parameters."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hybrid_mesh.model.config.ingress import IngressConfig, ListenerConfig
from hybrid_mesh.model.derive.object_names import listener_secret, parameters_name
from hybrid_mesh.model.istio_facts import GATEWAY_API
from hybrid_mesh.model.objects.manifest import Manifest, manifest
from hybrid_mesh.model.objects.planned import AT_RUN_TIME

TLS_SECRET = "kubernetes.io/tls"  # noqa: S105 - a type, not a secret
TERMINATE_MODE = "gateway.istio.io/tls-terminate-mode"
"""Istio's option of a listener (pilot/pkg/config/kube/gateway). With `MUTUAL`, clients must present a
certificate of the authority in `ca.crt` of the listener's Secret."""


def gateway(name: str, ingress: IngressConfig, annotations: Mapping[str, str] | None = None) -> Manifest:
    """The Gateway, for which the controller of the gateway class creates a Deployment and a Service
    `<name>-istio`. The Service gets `annotations` if it is a LoadBalancer.

    The annotation for another type of that Service is Istio's (pilot/pkg/config/kube/gateway).
    """
    spec: dict[str, Any] = {
        "gatewayClassName": ingress.gateway_class,
        "listeners": [_listener(name, listener) for listener in ingress.listeners],
    }
    if infrastructure := _infrastructure(name, ingress, annotations or {}):
        spec["infrastructure"] = infrastructure
    if ingress.addresses:
        spec["addresses"] = [{"type": "IPAddress", "value": address} for address in ingress.addresses]
    made = manifest(GATEWAY_API, "Gateway", name, ingress.namespace, spec=spec)
    if ingress.service_type != "LoadBalancer":
        made["metadata"]["annotations"] = {"networking.istio.io/service-type": ingress.service_type}
    return made


def _infrastructure(name: str, ingress: IngressConfig, annotations: Mapping[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    own = annotations if ingress.service_type == "LoadBalancer" else {}
    if own or ingress.annotations:
        fields["annotations"] = {**ingress.annotations, **own}
    if ingress.labels:
        fields["labels"] = dict(ingress.labels)
    if patches(ingress):
        fields["parametersRef"] = {"group": "", "kind": "ConfigMap", "name": parameters_name(name)}
    return fields


def patches(ingress: IngressConfig) -> dict[str, Any]:
    """The patches of the objects that Istio creates, by kind; empty without any."""
    found = ingress.parameters.model_dump(by_alias=True)
    if ingress.source_ranges:
        service = found["service"]
        ranges = [str(cidr) for cidr in ingress.source_ranges]
        spec = {**service.get("spec", {}), "loadBalancerSourceRanges": ranges}
        found["service"] = {**service, "spec": spec}
    return {kind: patch for kind, patch in found.items() if patch}


def parameters(name: str, ingress: IngressConfig) -> Manifest | None:
    """The ConfigMap with the patches, in JSON; None without any."""
    data = {kind: json.dumps(patch) for kind, patch in patches(ingress).items()}
    return manifest("v1", "ConfigMap", parameters_name(name), ingress.namespace, data=data) if data else None


def certificate_objects(name: str, ingress: IngressConfig) -> Iterator[tuple[str, Manifest]]:
    """The Secrets and cert-manager's Certificates of the listeners, each with the listener's name."""
    for listener in ingress.listeners:
        secret = listener_secret(name, listener)
        if listener.certificate is not None:
            keys = ["tls.crt", "tls.key"]
            keys += ["ca.crt"] if listener.client_certificates == "required" else []
            data = dict.fromkeys(keys, AT_RUN_TIME)
            made = manifest("v1", "Secret", secret, ingress.namespace, type=TLS_SECRET, stringData=data)
            yield listener.name, made
        if listener.issuer is not None:
            spec = {
                "secretName": secret,
                "dnsNames": [listener.hostname],
                "issuerRef": {
                    "group": "cert-manager.io",
                    "kind": listener.issuer.kind,
                    "name": listener.issuer.name,
                },
            }
            yield (
                listener.name,
                manifest("cert-manager.io/v1", "Certificate", secret, ingress.namespace, spec=spec),
            )


def _listener(name: str, listener: ListenerConfig) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": listener.name,
        "port": listener.port,
        "protocol": listener.protocol,
        "allowedRoutes": {"namespaces": {"from": "Same"}},
    }
    if listener.hostname is not None:
        fields["hostname"] = listener.hostname
    if listener.terminates:
        secret = listener_secret(name, listener)
        fields["tls"] = {
            "mode": "Terminate",
            "certificateRefs": [{"group": "", "kind": "Secret", "name": secret}],
        }
        if listener.client_certificates == "required":
            fields["tls"]["options"] = {TERMINATE_MODE: "MUTUAL"}
    elif listener.protocol == "TLS":
        fields["tls"] = {"mode": "Passthrough"}
    return fields
