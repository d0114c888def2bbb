"""The Kubernetes objects of the probe pods. Pure.

The server is the image's own Envoy, and curl is the client: Istio's image `proxyv2` has both, and every
cluster of a mesh has pulled it.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hybrid_mesh.model.istio_facts import INJECTION_LABEL, service_host
from hybrid_mesh.model.objects.manifest import Manifest, manifest
from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan
from hybrid_mesh.operate.probes.owner import Mark

PORT = 8080
PROBE, OUTSIDE = "probe", "outside"
"""Names of the pod with a sidecar proxy, of its service account, and of the pod without."""
MANAGED = {"app.kubernetes.io/managed-by": "hybrid-mesh", "app.kubernetes.io/component": "probe"}
"""Labels of the probes' namespaces."""
CLUSTER_HEADER, CLIENT_HEADER = "x-hybrid-mesh-cluster", "x-hybrid-mesh-client"
"""Headers of a response: the cluster that answered, and the `x-forwarded-client-cert` of the request."""
CLUSTER_LABEL = "hybrid-mesh/cluster"
USER = 1338
"""Not Istio's own user 1337, whose connections the sidecar proxy does not see."""
_SERVICE_PREFIX = "probe-"
_ENVOY = "type.googleapis.com/envoy.extensions.filters"


def host(cluster: str, namespace: str) -> str:
    """The host name of the probe of `cluster`, in every cluster of the mesh."""
    return service_host(f"{_SERVICE_PREFIX}{cluster}", namespace)


def identity(plan: MeshPlan, namespace: str) -> str:
    """The SPIFFE identity of the pods with a sidecar proxy."""
    return f"spiffe://{plan.trust_domain}/ns/{namespace}/sa/{PROBE}"


def base(cluster: ClusterPlan, peers: Iterable[str], namespace: str, mark: Mark) -> list[Manifest]:
    """The namespace of the probes in `cluster`, its service account, and a Service for the probe of each of
    `peers`, which are all clusters with probes."""
    labels = {**_namespace_labels(cluster), **MANAGED}
    space = manifest("v1", "Namespace", namespace, labels=labels)
    space["metadata"]["annotations"] = mark.annotations()
    account = manifest("v1", "ServiceAccount", PROBE, namespace, automountServiceAccountToken=False)
    return [space, account, *(_service(peer, namespace) for peer in peers)]


def pods(cluster: str, namespace: str, image: str, seconds: int) -> list[Manifest]:
    """The pod with a sidecar proxy and the one without. Kubernetes ends them after `seconds`."""
    inside = _pod(PROBE, cluster, namespace, image, seconds)
    # The proxy gets few requests: the defaults of istiod's chart could find no place on a full node.
    inside["metadata"]["annotations"] = {
        "sidecar.istio.io/proxyCPU": "10m",
        "sidecar.istio.io/proxyMemory": "64Mi",
    }
    inside["spec"]["serviceAccountName"] = PROBE
    outside = _pod(OUTSIDE, cluster, namespace, image, seconds)
    outside["metadata"]["labels"]["sidecar.istio.io/inject"] = "false"
    return [inside, outside]


def as_list(objects: Iterable[Mapping[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def _namespace_labels(cluster: ClusterPlan) -> dict[str, str]:
    """The label for injection, and those that all namespaces with it have: among them those by which istiod
    reads a namespace (`discoverySelectors`)."""
    planned = [
        entry.manifest["metadata"].get("labels", {})
        for entry in cluster.objects
        if isinstance(entry, PlannedObject) and entry.is_namespace
    ]
    injected = [dict(labels) for labels in planned if labels.get(INJECTION_LABEL) == "enabled"]
    if not injected:
        return {INJECTION_LABEL: "enabled"}
    first, *others = injected
    return {key: value for key, value in first.items() if all(each.get(key) == value for each in others)}


def _service(cluster: str, namespace: str) -> Manifest:
    spec = {
        "selector": {CLUSTER_LABEL: cluster, "app": PROBE},
        "ports": [{"name": "http", "port": PORT, "targetPort": PORT}],
    }
    return manifest("v1", "Service", f"{_SERVICE_PREFIX}{cluster}", namespace, spec=spec)


def _pod(name: str, cluster: str, namespace: str, image: str, seconds: int) -> Manifest:
    configuration = json.dumps(_server(cluster))
    container = {
        "name": PROBE,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["envoy"],
        "args": ["--config-yaml", configuration, "--concurrency", "1", "--disable-hot-restart"],
        "ports": [{"name": "http", "containerPort": PORT}],
        "readinessProbe": {"httpGet": {"path": "/", "port": PORT}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    spec = {
        "containers": [container],
        "activeDeadlineSeconds": seconds,
        "automountServiceAccountToken": False,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
    }
    return manifest("v1", "Pod", name, namespace, {"app": name, CLUSTER_LABEL: cluster}, spec=spec)


def _server(cluster: str) -> dict[str, Any]:
    """Envoy's configuration: every request is answered with the cluster's name and with what the sidecar
    proxy says of the caller."""
    headers = {CLUSTER_HEADER: cluster, CLIENT_HEADER: "%REQ(x-forwarded-client-cert)%"}
    route = {
        "match": {"prefix": "/"},
        "direct_response": {"status": 200, "body": {"inline_string": "hybrid-mesh probe\n"}},
        "response_headers_to_add": [{"header": {"key": k, "value": v}} for k, v in headers.items()],
    }
    manager = {
        "@type": f"{_ENVOY}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": PROBE,
        "forward_client_cert_details": "ALWAYS_FORWARD_ONLY",
        "route_config": {"virtual_hosts": [{"name": PROBE, "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": f"{_ENVOY}.http.router.v3.Router"}}],
    }
    listener = {
        "address": {"socket_address": {"address": "::", "port_value": PORT, "ipv4_compat": True}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener]}}
