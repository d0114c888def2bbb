"""What receives the mesh's telemetry, as users would run it: a collector with Jaeger in one cluster, and a
Prometheus with kube-state-metrics in each, with the files of docs/alerts."""

from collections.abc import Iterator
from typing import Any, Final

from tests.commands import PROJECT

NAMESPACE: Final = "observability"
COLLECTOR: Final = "otel-collector.observability.svc.cluster.local:4317"
_IMAGE: Final = "hybrid-mesh.local/observability:1"
_FILES: Final = PROJECT / "docs/alerts"
_READ: Final = (
    ("", ["pods"]),
    ("apps", ["deployments"]),
    ("networking.istio.io", ["workloadentries"]),
    ("apiextensions.k8s.io", ["customresourcedefinitions"]),
)
_MOUNT: Final = {"name": "files", "mountPath": "/etc/observability"}
_JAEGER: Final = "127.0.0.1:14317"


def everywhere(cluster: str, targets: str) -> Iterator[dict[str, Any]]:
    """The objects of each cluster, in a namespace with injection. `targets` are the VMs that it reads."""
    yield {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": NAMESPACE},
        "rules": [
            {"apiGroups": [group], "resources": kinds, "verbs": ["get", "list", "watch"]}
            for group, kinds in _READ
        ],
    }
    yield {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": NAMESPACE},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAMESPACE},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": NAMESPACE}],
    }
    yield _object("v1", "Service", "otel-collector", **_service("otel-collector", "grpc-otlp", 4317))
    yield _object("v1", "Service", "prometheus", **_service("prometheus", "http", 9090))
    read = {name: (_FILES / name).read_text() for name in ("mesh.rules.yaml", "workload-entries.yaml")}
    settings = (_FILES / "prometheus.yaml").read_text()
    settings = settings.replace("replacement: east", f"replacement: {cluster}").replace("15s", "2s")
    files = {**read, "vms.json": targets, "prometheus.yaml": settings}
    yield _object("v1", "ConfigMap", "prometheus", data=files)
    prometheus = [
        "/usr/local/bin/prometheus",
        "--config.file=/etc/observability/prometheus.yaml",
        "--storage.tsdb.path=/tmp/data",
    ]
    state = [
        "/usr/local/bin/kube-state-metrics",
        "--resources=pods,deployments",
        "--custom-resource-state-config-file=/etc/observability/workload-entries.yaml",
    ]
    yield _deployment(
        "prometheus", {"prometheus": (prometheus, 9090), "state": (state, 8080)}, injected=False
    )


def in_one() -> Iterator[dict[str, Any]]:
    """The collector and Jaeger, whose own proxy begins no trace of what it receives."""
    settings = (_FILES / "otel-collector.yaml").read_text().replace("jaeger.observability:4317", _JAEGER)
    yield _object("v1", "ConfigMap", "otel-collector", data={"collector.yaml": settings})
    yield _object("v1", "Service", "jaeger", **_service("otel-collector", "http", 16686))
    yield _object(
        "telemetry.istio.io/v1", "Telemetry", NAMESPACE, spec={"tracing": [{"disableSpanReporting": True}]}
    )
    collector = ["/usr/local/bin/otel-collector", "--config=/etc/observability/collector.yaml"]
    jaeger = ["/usr/local/bin/jaeger", f"--collector.otlp.grpc.host-port={_JAEGER}"]
    yield _deployment(
        "otel-collector", {"collector": (collector, 4317), "jaeger": (jaeger, 16686)}, injected=True
    )


def _object(version: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        **content,
    }


def _service(app: str, name: str, port: int) -> dict[str, Any]:
    return {"spec": {"selector": {"app": app}, "ports": [{"name": name, "port": port}]}}


def _deployment(name: str, programs: dict[str, tuple[list[str], int]], *, injected: bool) -> dict[str, Any]:
    containers = [
        {
            "name": program,
            "image": _IMAGE,
            "imagePullPolicy": "Never",
            "command": command,
            "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1},
            "volumeMounts": [_MOUNT, {"name": "data", "mountPath": "/tmp"}],
        }
        for program, (command, port) in programs.items()
    ]
    volumes = [{"name": "files", "configMap": {"name": name}}, {"name": "data", "emptyDir": {}}]
    labels = {"app": name, "sidecar.istio.io/inject": str(injected).lower()}
    ports = {"traffic.sidecar.istio.io/excludeInboundPorts": "8889,16686"}
    template = {
        "metadata": {"labels": labels, "annotations": ports},
        "spec": {"containers": containers, "volumes": volumes, "terminationGracePeriodSeconds": 0},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    return _object("apps/v1", "Deployment", name, spec=spec)
