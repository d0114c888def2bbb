"""A mesh on two clusters as Istio's pages make it: openssl, kubectl and istioctl alone.

Source: "Plug in CA Certificates", "Install Multi-Primary on different networks" and samples/multicluster of
Istio 1.31.
"""

import json
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from hybrid_mesh.local.lab.specs import ClusterInfo, ClusterSpec
from hybrid_mesh.local.lab.toolchain import current
from tests.commands import PROJECT, run
from tests.local.lab_site import EAST, ECHO, Kubectl
from tests.local.mesh_clouds.site import UPSTREAM_ENVOY

SYSTEM: Final = "istio-system"
GATEWAY: Final = "istio-eastwestgateway"
GROUP: Final = "ratings"
_CRDS: Final = PROJECT / "components/charts/gateway-api-crds/standard"
_SMALL: Final = {"requests": {"cpu": "10m", "memory": "64Mi"}}
_AUTHORITY: Final = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,digitalSignature\n"
_PORTS: Final = {"status-port": 15021, "tls": 15443, "tls-istiod": 15012, "tls-webhook": 15017}


def make_mesh(
    folder: Path,
    specs: tuple[ClusterSpec, ...],
    infos: Mapping[str, ClusterInfo],
    kubectl: Mapping[str, Kubectl],
) -> None:
    """The mesh, with a Service in each cluster that has pods only there, under the cluster's name."""
    _root(folder)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda spec: _install(folder, spec, kubectl[spec.name]), specs))
    for holder in kubectl:
        for peer in kubectl:
            if holder != peer:
                words = ("create-remote-secret", "--name", peer, "--server", infos[peer].peer_endpoint)
                kubectl[holder]("apply", "-f", "-", text=istioctl(kubectl[peer], *words))
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: _workloads(name, kubectl), kubectl))


def istioctl(kubectl: Kubectl, *words: str, text: str = "") -> str:
    done = subprocess.run(
        [str(current().binary("istioctl")), f"--kubeconfig={kubectl.file}", *words],
        input=text,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _openssl(folder: Path, *words: str) -> None:
    run(["openssl", *words], folder=folder)


def _root(folder: Path) -> None:
    (folder / "ca.cnf").write_text(_AUTHORITY)
    _openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "root-key.pem")
    _openssl(
        folder, "req", "-new", "-key", "root-key.pem", "-subj", "/O=Istio/CN=Root CA", "-out", "root.csr"
    )
    made = ("-extfile", "ca.cnf", "-days", "3650", "-out", "root-cert.pem")
    _openssl(folder, "x509", "-req", "-in", "root.csr", "-signkey", "root-key.pem", *made)


def _certificates(folder: Path, name: str) -> tuple[str, ...]:
    """The intermediate of a cluster, as options of `kubectl create secret generic`."""
    own = folder / name
    own.mkdir()
    (own / "ca.cnf").write_text(f"{_AUTHORITY}subjectAltName=DNS:istiod.istio-system.svc\n")
    subject = f"/O=Istio/CN=Intermediate CA/L={name}"
    _openssl(own, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ca-key.pem")
    _openssl(own, "req", "-new", "-key", "ca-key.pem", "-subj", subject, "-out", "ca.csr")
    signer = ("-CA", "../root-cert.pem", "-CAkey", "../root-key.pem", "-CAcreateserial")
    _openssl(
        own,
        "x509",
        "-req",
        "-in",
        "ca.csr",
        *signer,
        "-extfile",
        "ca.cnf",
        "-days",
        "90",
        "-out",
        "ca-cert.pem",
    )
    root = (folder / "root-cert.pem").read_text()
    (own / "root-cert.pem").write_text(root)
    (own / "cert-chain.pem").write_text((own / "ca-cert.pem").read_text() + root)
    names = ("ca-cert.pem", "ca-key.pem", "root-cert.pem", "cert-chain.pem")
    return tuple(f"--from-file={own / file}" for file in names)


def _install(folder: Path, spec: ClusterSpec, kubectl: Kubectl) -> None:
    network = spec.network.name
    kubectl("create", "namespace", SYSTEM)
    kubectl("label", "namespace", SYSTEM, f"topology.istio.io/network={network}")
    kubectl("create", "secret", "generic", "cacerts", "-n", SYSTEM, *_certificates(folder, spec.name))
    kubectl("apply", "--server-side", "-f", str(_CRDS))
    _apply(folder, kubectl, "istiod", _istiod(spec.name, network))
    _apply(folder, kubectl, "gateway", _gateway(network))
    kubectl.apply(*_exposed())


def _apply(folder: Path, kubectl: Kubectl, name: str, spec: dict[str, Any]) -> None:
    """istioctl deletes what another installation of the same name has made."""
    images = {"hub": "docker.io/istio", "tag": "1.31.0"}
    operator = {
        "apiVersion": "install.istio.io/v1alpha1",
        "kind": "IstioOperator",
        "metadata": {"name": name},
        "spec": {**images, **spec},
    }
    file = folder / f"{kubectl.file.stem}-{name}.yaml"
    file.write_text(json.dumps(operator))
    istioctl(kubectl, "install", "-y", "-f", str(file))


def _istiod(name: str, network: str) -> dict[str, Any]:
    values = {
        "global": {
            "meshID": "mesh1",
            "multiCluster": {"clusterName": name},
            "network": network,
            "imagePullPolicy": "IfNotPresent",
            "proxy": {"resources": _SMALL},
        },
        "pilot": {"autoscaleEnabled": False, "resources": _SMALL, "env": UPSTREAM_ENVOY["env"]},
        "telemetry": UPSTREAM_ENVOY["telemetry"],
    }
    return {"profile": "minimal", "values": values}


def _gateway(network: str) -> dict[str, Any]:
    """As samples/multicluster/gen-eastwest-gateway.sh."""
    labels = {"istio": "eastwestgateway", "app": GATEWAY, "topology.istio.io/network": network}
    ports = [{"name": name, "port": port, "targetPort": port} for name, port in _PORTS.items()]
    component = {
        "name": GATEWAY,
        "label": labels,
        "enabled": True,
        "k8s": {
            "env": [{"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": network}],
            "service": {"ports": ports},
            "resources": _SMALL,
            "hpaSpec": {"minReplicas": 1, "maxReplicas": 1},
        },
    }
    values = {
        "gateways": {"istio-ingressgateway": {"injectionTemplate": "gateway", "autoscaleEnabled": False}},
        "global": {"network": network, "imagePullPolicy": "IfNotPresent"},
    }
    return {"profile": "empty", "components": {"ingressGateways": [component]}, "values": values}


def _exposed() -> list[dict[str, Any]]:
    """As samples/multicluster: expose-services.yaml and expose-istiod.yaml."""
    selector = {"istio": "eastwestgateway"}
    services = {
        "port": {"number": 15443, "name": "tls", "protocol": "TLS"},
        "tls": {"mode": "AUTO_PASSTHROUGH"},
        "hosts": ["*.local"],
    }
    ports = {15012: 15012, 15017: 443}
    istiod = [
        {
            "port": {"name": f"tls-{port}", "number": port, "protocol": "tls"},
            "tls": {"mode": "PASSTHROUGH"},
            "hosts": ["*"],
        }
        for port in ports
    ]
    routes = [
        {
            "match": [{"port": port, "sniHosts": ["*"]}],
            "route": [
                {"destination": {"host": f"istiod.{SYSTEM}.svc.cluster.local", "port": {"number": behind}}}
            ],
        }
        for port, behind in ports.items()
    ]
    return [
        _object("Gateway", "cross-network-gateway", {"selector": selector, "servers": [services]}),
        _object("Gateway", "istiod-gateway", {"selector": selector, "servers": istiod}),
        _object(
            "VirtualService", "istiod-vs", {"hosts": ["*"], "gateways": ["istiod-gateway"], "tls": routes}
        ),
    ]


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": SYSTEM}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def _workloads(name: str, kubectl: Mapping[str, Kubectl]) -> None:
    here = kubectl[name]
    here("create", "namespace", "demo")
    here("label", "namespace", "demo", "istio-injection=enabled")
    here("wait", "-n", "demo", "serviceaccount/default", "--for=create", "--timeout=30s")
    container = {
        "name": "echo",
        "image": ECHO,
        "imagePullPolicy": "Never",
        "command": ["/usr/local/bin/echo-server", "--port=8080"],
    }
    labels = {"app": "echo", "of": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    here.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "echo", "namespace": "demo"},
            "spec": {"selector": {"matchLabels": {"app": "echo"}}, "template": pod},
        },
        *(_service(each) for each in kubectl),
        *(_group() if name == EAST.name else ()),
    )
    here("-n", "demo", "rollout", "status", "deploy/echo", "--timeout=60s", timeout=70)


def _group() -> list[dict[str, Any]]:
    """A WorkloadGroup as for Istio's VMs, with its service account and Service; no VM has joined."""
    names = {"name": GROUP, "namespace": "demo"}
    template = {"serviceAccount": GROUP, "network": EAST.network.name, "ports": {"http": 8080}}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": names},
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "WorkloadGroup",
            "metadata": names,
            "spec": {"metadata": {"labels": {"app": GROUP}}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": names,
            "spec": {"selector": {"app": GROUP}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
        },
    ]


def _service(of: str) -> dict[str, Any]:
    spec = {"selector": {"of": of}, "ports": [{"name": "http", "port": 8080}]}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": of, "namespace": "demo"},
        "spec": spec,
    }
