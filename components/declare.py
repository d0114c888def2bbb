"""From a manifest of the model to the Pulumi resource that declares it."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.admissionregistration.v1 import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Namespace, Secret, Service, ServiceAccount
from pulumi_kubernetes.helm.v3 import Release
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from model.objects.helm_values import merge
from model.objects.planned import PlannedRelease


class ApiGateway(pulumi.CustomResource):
    """A Gateway of the Gateway API, whose status tells its address."""

    status: pulumi.Output[Any]

    def __init__(
        self, name: str, *, metadata: Mapping[str, Any], spec: Mapping[str, Any], opts: pulumi.ResourceOptions
    ) -> None:
        api, kind = GATEWAY
        properties = {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec, "status": None}
        super().__init__(f"kubernetes:{api}:{kind}", name, properties, opts)


GATEWAY = ("gateway.networking.k8s.io/v1", "Gateway")
_TYPED: dict[tuple[str, str], type[pulumi.CustomResource]] = {
    GATEWAY: ApiGateway,
    ("v1", "Namespace"): Namespace,
    ("v1", "Secret"): Secret,
    ("v1", "Service"): Service,
    ("v1", "ServiceAccount"): ServiceAccount,
    ("apps/v1", "Deployment"): Deployment,
    ("rbac.authorization.k8s.io/v1", "Role"): Role,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): RoleBinding,
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"): ValidatingAdmissionPolicy,
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"): ValidatingAdmissionPolicyBinding,
}
_PYTHON_NAMES = {
    "stringData": "string_data",
    "roleRef": "role_ref",
    "automountServiceAccountToken": "automount_service_account_token",
}


def declare(name: str, manifest: Mapping[str, Any], opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """The resource `name` for `manifest`: of its own class where the SDK has one, else a CustomResource."""
    kind = (manifest["apiVersion"], manifest["kind"])
    fields = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
    typed = _TYPED.get(kind)
    if typed is None:
        return CustomResource(name, api_version=kind[0], kind=kind[1], opts=opts, **fields)
    arguments = {_PYTHON_NAMES.get(key, key): value for key, value in fields.items()}
    return typed(name, opts=opts, **arguments)


def uid_of(declared: pulumi.CustomResource) -> pulumi.Output[str]:
    """What the API server tells an object from every other by: it is another after the object was deleted and
    made again."""
    metadata: pulumi.Output[Any] = pulumi.get(declared, "metadata")
    return metadata.apply(lambda found: str(found.get("uid") or ""))


def release(
    name: str, planned: PlannedRelease, service: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> Release:
    """The Helm release `name`; `service` is what the run adds to its value of that name."""
    source = planned.source
    return Release(
        name,
        name=planned.release,
        namespace=planned.namespace,
        chart=source.chart,
        version=source.version,
        repository_opts={"repo": source.repository} if source.repository else None,
        take_ownership=planned.adopts or None,
        values=merge(planned.values, {"service": service} if service else {}),
        opts=opts,
    )
