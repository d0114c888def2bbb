"""What this plug-in knows of Kubernetes' own kinds without asking a server.

Immutable fields: the "forceNew" lists of pulumi-kubernetes (provider/pkg/provider/diff.go) and the
validation of Kubernetes (pkg/apis/*/validation).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from plugins.kubernetes_standin.settings import Settings


@dataclass(frozen=True)
class Kind:
    """A group/version and kind, e.g. `apps/v1` and `Deployment`; the core group's version is `v1`."""

    api_version: str
    name: str

    @classmethod
    def of_token(cls, token: str) -> Kind:
        """From a resource token: `kubernetes:core/v1:Namespace`, `kubernetes:example.com/v1:Thing`."""
        _, module, name = token.split(":", 2)
        return cls(module.removeprefix("core/"), name)

    @property
    def group(self) -> str:
        """The API group, "" for the core group."""
        return self.api_version.rpartition("/")[0]


CLUSTER_SCOPED: Final = frozenset(
    {
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("networking.k8s.io", "IngressClass"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
    }
)

_BUILT_IN_GROUPS: Final = frozenset({"", "apps", "autoscaling", "batch", "policy"}) | {
    group for group, _ in CLUSTER_SCOPED
}

_IMMUTABLE: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("", "PersistentVolumeClaim"): (
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeName",
    ),
    ("", "Pod"): ("spec",),
    ("", "Service"): ("spec.clusterIP", "spec.clusterIPs"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ("spec.group", "spec.names.plural", "spec.scope"),
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): ("spec.completionMode", "spec.selector", "spec.template"),
    ("networking.k8s.io", "IngressClass"): ("spec.controller",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
}

_ALWAYS_IMMUTABLE: Final = ("kind", "metadata.name", "metadata.namespace", "metadata.generateName")

_WITHOUT_DEPENDENTS: Final = frozenset(
    {"", "admissionregistration.k8s.io", "apiextensions.k8s.io", "rbac.authorization.k8s.io"}
)


def namespaced(kind: Kind) -> bool | None:
    """Whether objects of a built-in kind live in namespaces; None for a kind that only the server knows."""
    if (kind.group, kind.name) in CLUSTER_SCOPED:
        return False
    return True if kind.group in _BUILT_IN_GROUPS else None


def immutable_fields(kind: Kind, settings: Settings) -> tuple[str, ...]:
    """Dotted paths of the fields whose change needs a new object."""
    fields = _ALWAYS_IMMUTABLE + _IMMUTABLE.get((kind.group, kind.name), ())
    if kind == Kind("v1", "ConfigMap") and not settings.config_map_mutable:
        return (*fields, "data", "binaryData", "immutable")
    if kind == Kind("v1", "Secret"):
        return (*fields, "type") if settings.secret_mutable else (*fields, "type", "data", "immutable")
    return fields


def deletion_policy(kind: Kind) -> str:
    """Foreground where others hang on the object, so that they are gone too when the delete ends."""
    return "Background" if kind.group in _WITHOUT_DEPENDENTS else "Foreground"
