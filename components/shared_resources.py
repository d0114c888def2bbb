"""The typed classes of what a cluster may have already (plugins/hybridmesh/shared_*.py)."""

from collections.abc import Mapping
from typing import Any

import pulumi

from hybrid_mesh.components.resources import Resource


class SharedNamespace(Resource):
    """A namespace of a shared cluster. An existing one gets `labels`. A destroy only deletes a namespace
    that this resource created and that has no objects of other owners."""

    created: pulumi.Output[bool]

    TYPE = "hybridmesh:index:SharedNamespace"
    OUTPUTS = ("created",)
    SECRET_OUTPUTS = ("kubeconfig",)

    def __init__(
        self,
        resource_name: str,
        *,
        cluster_name: pulumi.Input[str],
        incarnation: pulumi.Input[str],
        kubeconfig: pulumi.Input[str] | None,
        context: pulumi.Input[str] | None = None,
        namespace: pulumi.Input[str],
        labels: Mapping[str, pulumi.Input[str]],
        quarantined: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "cluster_name": cluster_name,
            "incarnation": incarnation,
            "kubeconfig": None if kubeconfig is None else pulumi.Output.secret(kubeconfig),
            "context": context,
            "namespace": namespace,
            "labels": dict(labels),
            "quarantined": quarantined,
        }
        super().__init__(resource_name, inputs, opts)


class SharedObject(Resource):
    """An object that a cluster may have already. An existing one is taken over, and kept by a destroy; one
    that this resource created is deleted."""

    created: pulumi.Output[bool]

    TYPE = "hybridmesh:index:SharedObject"
    OUTPUTS = ("created",)
    SECRET_OUTPUTS = ("kubeconfig",)

    def __init__(
        self,
        resource_name: str,
        *,
        cluster_name: pulumi.Input[str],
        incarnation: pulumi.Input[str],
        kubeconfig: pulumi.Input[str] | None,
        context: pulumi.Input[str] | None = None,
        manifest: Mapping[str, Any],
        quarantined: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        metadata = manifest["metadata"]
        inputs = {
            "cluster_name": cluster_name,
            "incarnation": incarnation,
            "kubeconfig": None if kubeconfig is None else pulumi.Output.secret(kubeconfig),
            "context": context,
            "api_version": manifest["apiVersion"],
            "kind": manifest["kind"],
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "manifest": dict(manifest),
            "quarantined": quarantined,
        }
        super().__init__(resource_name, inputs, opts)
