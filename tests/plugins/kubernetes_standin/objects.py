"""The objects of the tests."""

from __future__ import annotations

from typing import Any

from pulumi.runtime.proto import provider_pb2

from plugins.framework.values import Properties

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
NAMESPACE = "kubernetes:core/v1:Namespace"
SERVICE = "kubernetes:core/v1:Service"
CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
SKIP = {"pulumi.com/skipAwait": "true"}


def config_map(namespace: str, data: dict[str, str], **metadata: Any) -> Properties:
    return {"metadata": {"name": "cm", "namespace": namespace, **metadata}, "data": data}


def deployment(namespace: str, **container: Any) -> Properties:
    labels = {"app": "d"}
    return {
        "metadata": {"name": "d", "namespace": namespace, "annotations": SKIP},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "c", "image": "none:1", **container}]},
            },
        },
    }


def kind_definition(group: str, kind: str) -> Properties:
    plural = f"{kind.lower()}s"
    size = {"type": "object", "properties": {"size": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"spec": size}}
    return {
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "scope": "Namespaced",
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            ],
        },
    }


def changes(answer: Any) -> bool:
    return bool(answer.changes == provider_pb2.DiffResponse.DIFF_SOME)


def unreachable() -> str:
    """A kubeconfig of a server that is not there."""
    return """{"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}], "current-context": "c",
        "users": [{"name": "u", "user": {}}]}"""
