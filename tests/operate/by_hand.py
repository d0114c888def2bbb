"""What the API server of a cluster answers whose mesh was made with Istio's pages, by path."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

SYSTEM = "istio-system"
SPACE = f"/api/v1/namespaces/{SYSTEM}"
APPS = f"/apis/apps/v1/namespaces/{SYSTEM}"
NETWORKING = "/apis/networking.istio.io/v1"
INJECTOR = "istio-sidecar-injector"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SERVICES = f"{SPACE}/services?labelSelector=topology.istio.io/network"
REMOTE = f"{SPACE}/secrets?labelSelector=istio/multiCluster=true"


def make_root(name: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), 1)
    made = made.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    made = made.not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
    certificate = made.sign(key, hashes.SHA256())
    return certificate.public_bytes(Encoding.PEM).decode()


ROOT, OTHER_ROOT = make_root("mesh1"), make_root("other")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def items(*objects: Any) -> dict[str, Any]:
    return {"items": list(objects)}


def remote_secret(peer: str, name: str | None = None) -> dict[str, Any]:
    kubeconfig = {
        "clusters": [
            {
                "name": peer,
                "cluster": {
                    "server": f"https://{peer}.example.com:6443",
                    "certificate-authority-data": encoded(f"CA of {peer}"),
                },
            }
        ],
        "contexts": [{"name": peer, "context": {"cluster": peer, "user": peer}}],
        "current-context": peer,
        "users": [{"name": peer, "user": {"token": "the-secret-token"}}],
    }
    return {
        "metadata": {"name": name or f"istio-remote-secret-{peer}"},
        "data": {peer: encoded(json.dumps(kubeconfig))},
    }


def config_maps(name: str, **changes: Any) -> dict[str, Any]:
    """`changes` are of the mesh ID, the trust domain, the network or the cluster's name."""
    given = {
        "mesh_id": "mesh1",
        "trust_domain": "mesh.example.com",
        "network": f"net-{name}",
        "cluster": name,
    }
    given |= changes
    values = {
        "meshID": given["mesh_id"],
        "network": given["network"],
        "multiCluster": {"clusterName": given["cluster"]},
    }
    return items(
        {"metadata": {"name": "istio"}, "data": {"mesh": f"trustDomain: {given['trust_domain']}\n"}},
        {"metadata": {"name": INJECTOR}, "data": {"values": json.dumps({"global": values})}},
        {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": f"CA of {name}"}},
    )


def definition(release: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {"gateway.networking.k8s.io/bundle-version": release}}}


def gateway_service(kind: str = "LoadBalancer", address: str | None = "203.0.113.1") -> dict[str, Any]:
    ports = [
        {"port": port, "nodePort": node} for port, node in ((15021, 30021), (15443, 30443), (15012, 30012))
    ]
    balancer = {"ingress": [{"ip": address}]} if address else {}
    return {
        "metadata": {"name": "istio-eastwestgateway"},
        "spec": {"type": kind, "ports": ports},
        "status": {"loadBalancer": balancer},
    }


def cluster(name: str, number: int, *peers: str) -> dict[str, Any]:
    """The answers of cluster `name`, whose pods and gateway have the `number` in their addresses."""
    discovery = {"name": "discovery", "image": "docker.io/istio/pilot:1.31.0-distroless"}
    gateways = [
        {
            "metadata": {"name": each},
            "spec": {"selector": {"istio": "eastwestgateway"}, "servers": [{"port": {"number": port}}]},
        }
        for each, port in (("cross-network-gateway", 15443), ("istiod-gateway", 15012))
    ]
    return {
        "/api/v1/namespaces/kube-system": {"metadata": {"uid": f"uid-{name}"}},
        SPACE: {"metadata": {"labels": {"topology.istio.io/network": f"net-{name}"}}},
        f"{SPACE}/configmaps": config_maps(name),
        f"{APPS}/deployments/istiod": {
            "metadata": {},
            "spec": {"template": {"spec": {"containers": [discovery]}}},
        },
        f"{APPS}/daemonsets": items(),
        f"{SPACE}/secrets/cacerts": {"data": {"root-cert.pem": encoded(ROOT)}},
        SERVICES: items(gateway_service(address=f"203.0.113.{number}")),
        REMOTE: items(*(remote_secret(peer) for peer in peers)),
        "/api/v1/nodes": items(
            {"spec": {"podCIDR": f"10.{number}.1.0/24"}}, {"spec": {"podCIDR": f"10.{number}.2.0/24"}}
        ),
        f"{CRDS}/gateways.gateway.networking.k8s.io": definition("v1.5.0"),
        f"{CRDS}/tlsroutes.gateway.networking.k8s.io": definition("v1.5.0"),
        f"{NETWORKING}/namespaces/{SYSTEM}/gateways": items(*gateways),
        f"{NETWORKING}/namespaces/{SYSTEM}/virtualservices": items(
            {"metadata": {"name": "istiod-vs"}, "spec": {"gateways": ["istiod-gateway"]}},
            {"metadata": {"name": "mine"}, "spec": {"gateways": ["mine"]}},
        ),
        "/apis/security.istio.io/v1/peerauthentications": items(
            {"metadata": {"name": "strict", "namespace": "shop"}}
        ),
        **({} if name != "one" else vms()),
    }


def vms() -> dict[str, Any]:
    """The objects of VMs as the page of Istio makes them, with a Service over pods and VMs."""
    template = {
        "serviceAccount": "ratings-vm",
        "network": "net-one",
        "ports": {"http": 8080},
        "labels": {"app": "ratings"},
    }
    group = {
        "metadata": {"name": "ratings", "namespace": "shop"},
        "spec": {
            "metadata": {"labels": {"class": "vm"}},
            "template": template,
            "probe": {"httpGet": {"port": 8080}, "periodSeconds": 5, "unknown": 1},
        },
    }
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    service = {"metadata": {"name": "reviews"}, "spec": {"selector": {"app": "ratings"}, "ports": ports}}
    return {
        f"{NETWORKING}/workloadgroups": items(group),
        "/api/v1/namespaces/shop": {"metadata": {"labels": {"istio-injection": "enabled"}}},
        "/api/v1/namespaces/shop/services": items(service),
    }
