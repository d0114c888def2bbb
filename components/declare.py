"""Creates the Pulumi resources for planned Kubernetes objects.

The SDK has a class for each kind, but loading those takes longer than everything else that the program does.
This module has what the classes add: the type's token, and the secret outputs of a Secret.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from hybrid_mesh.model.objects.helm_values import merge
from hybrid_mesh.model.objects.planned import PlannedRelease
from hybrid_mesh.model.objects.releases import GATEWAY_API_CRDS

_RELEASE = "kubernetes:helm.sh/v3:Release"
_SECRETS = {"Secret": ["data", "stringData"]}
"""Outputs of a kind that are always secret."""


class KubernetesObject(pulumi.CustomResource):
    """An object of a cluster. Its outputs are those that the program reads, in the API's form."""

    metadata: pulumi.Output[Any]
    status: pulumi.Output[Any]
    data: pulumi.Output[Any]


def declare(name: str, manifest: Mapping[str, Any], opts: pulumi.ResourceOptions) -> KubernetesObject:
    """The resource `name` for `manifest`."""
    return _declare(name, manifest["apiVersion"], manifest["kind"], manifest, opts)


def _declare(
    name: str, api: str, kind: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> KubernetesObject:
    token = f"kubernetes:{'core/v1' if api == 'v1' else api}:{kind}"
    secret = pulumi.ResourceOptions(additional_secret_outputs=_SECRETS.get(kind))
    outputs = {"metadata": None, "status": None, "data": None}
    return KubernetesObject(token, name, {**outputs, **inputs}, pulumi.ResourceOptions.merge(opts, secret))


def existing(
    name: str, api: str, kind: str, identity: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> KubernetesObject:
    """An existing object of the cluster, by `<namespace>/<name>`. It is read and never changed.

    It has no inputs: if they contained the kind, the plug-in would read the namespace from them instead of
    from `identity` (provider/pkg/provider/provider.go, `Read`).
    """
    return _declare(
        name, api, kind, {}, pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=identity))
    )


def uid_of(declared: KubernetesObject) -> pulumi.Output[str]:
    """The object's UID, which changes if the object is deleted and created again."""
    return declared.metadata.apply(lambda found: str((found or {}).get("uid") or ""))


def release(
    name: str, planned: PlannedRelease, fields: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> KubernetesObject:
    """The Helm release `name`. `fields`, which are only known at run time, are merged into its values.

    The client does not validate the objects with the API server's OpenAPI document, which it would download
    for each release: the server validates them itself.
    """
    source = planned.source
    properties = {
        "compat": "true",
        "name": planned.release,
        "namespace": planned.namespace,
        "chart": _vendored(source.chart) if source == GATEWAY_API_CRDS else source.chart,
        "version": source.version,
        "repositoryOpts": {"repo": source.repository} if source.repository else None,
        "takeOwnership": planned.adopts or None,
        "skipAwait": not planned.awaited or None,
        "timeout": planned.timeout,
        "disableOpenapiValidation": True,
        "values": merge(planned.values, fields),
        "status": None,
    }
    return KubernetesObject(_RELEASE, name, properties, opts)


def _vendored(chart: str) -> str:
    """The path of a chart of this package, relative to the program's folder if it is below it, as the
    state must not contain paths of one host."""
    package = Path(__file__).parents[1]
    if Path(chart).is_dir():
        return chart
    try:
        return str((package / chart).relative_to(Path.cwd()))
    except ValueError:
        return str(package / chart)
