"""The demo: Istio's echo server in a pod of each cluster, a pod outside the mesh, and a policy that requires
an identity of the mesh."""

from typing import Any

from hybrid_mesh.model.config.demo import DemoConfig
from hybrid_mesh.model.derive.namespaces import outside_namespace
from hybrid_mesh.model.istio_facts import SECURITY_API
from hybrid_mesh.model.objects.manifest import Manifest, manifest

OUTSIDE = "outside"
"""Name of the Deployment whose pod has no sidecar."""


def demo_service_account(demo: DemoConfig) -> Manifest:
    """The identity of the demo's pods: `<trust domain>/ns/<namespace>/sa/<service>`."""
    return manifest("v1", "ServiceAccount", demo.service, demo.namespace)


def demo_service(demo: DemoConfig) -> Manifest:
    """The Service of the demo's pods in all clusters."""
    spec = {
        "selector": {"app": demo.service},
        "ports": [{"name": "http", "port": demo.port, "targetPort": demo.port, "protocol": "TCP"}],
    }
    return manifest("v1", "Service", demo.service, demo.namespace, {"app": demo.service}, spec=spec)


def demo_deployment(demo: DemoConfig, cluster: str) -> Manifest:
    """One pod of the echo server in `cluster`. Its responses name the cluster and the version `pod`."""
    return _deployment(demo, demo.service, demo.namespace, cluster, service_account=demo.service)


def outside_deployment(demo: DemoConfig, cluster: str) -> Manifest:
    """A pod without sidecar and identity, which sends the requests that must fail."""
    return _deployment(demo, OUTSIDE, outside_namespace(demo), cluster, service_account=None)


def demo_authorization_policy(demo: DemoConfig) -> Manifest:
    """Allows only callers with an identity of the mesh to reach the demo's pods and VMs."""
    spec = {"action": "ALLOW", "rules": [{"from": [{"source": {"principals": ["*"]}}]}]}
    return manifest(SECURITY_API, "AuthorizationPolicy", "identified-callers-only", demo.namespace, spec=spec)


def _deployment(
    demo: DemoConfig, name: str, in_namespace: str, cluster: str, service_account: str | None
) -> Manifest:
    container: dict[str, Any] = {
        "name": "echo",
        "image": demo.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/usr/local/bin/echo-server"],
        "args": [f"--port={demo.port}", f"--cluster={cluster}", "--version=pod"],
        "ports": [{"name": "http", "containerPort": demo.port}],
        "readinessProbe": {"httpGet": {"path": "/", "port": demo.port}, "periodSeconds": 2},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": 1000,
        },
    }
    labels = {"app": name, "version": "pod"}
    pod: dict[str, Any] = {"containers": [container], "terminationGracePeriodSeconds": 2}
    if service_account is None:
        pod["automountServiceAccountToken"] = False
    else:
        pod["serviceAccountName"] = service_account
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return manifest("apps/v1", "Deployment", name, in_namespace, {"app": name}, spec=spec)
