"""What the double of the kubernetes plug-in knows of kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hybrid_mesh.plugins.framework.values import Path, Properties

RELEASE: Final = "kubernetes:helm.sh/v3:Release"

_CLUSTER_SCOPED: Final = frozenset(
    {
        "Namespace",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "GatewayClass",
        "MutatingWebhookConfiguration",
        "PriorityClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    }
)
_IMMUTABLE: Final[dict[str, tuple[Path, ...]]] = {
    "CustomResourceDefinition": (("spec", "group"), ("spec", "names", "plural"), ("spec", "scope")),
    "ClusterRoleBinding": (("roleRef",),),
    "RoleBinding": (("roleRef",),),
    "ConfigMap": (("data",), ("binaryData",)),
    "Secret": (("type",), ("data",)),
    "Service": (("spec", "clusterIP"),),
    "DaemonSet": (("spec", "selector"),),
    "Deployment": (("spec", "selector"),),
    "StatefulSet": (("spec", "selector"), ("spec", "serviceName"), ("spec", "volumeClaimTemplates")),
    "Job": (("spec", "selector"), ("spec", "template")),
    "StorageClass": (("parameters",), ("provisioner",)),
}
"""Fields whose change is a replacement: `forceNew` of pulumi-kubernetes (provider/pkg/provider/diff.go)."""
_MUTABLE_BY_OPTION: Final = {"ConfigMap": "enableConfigMapMutable", "Secret": "enableSecretMutable"}


@dataclass(frozen=True)
class Kind:
    """A group and version, and a kind: `apps/v1` and `Deployment`; the core group's version is `v1`."""

    api_version: str
    name: str

    @classmethod
    def of_token(cls, token: str) -> Kind:
        """From a resource token: `kubernetes:core/v1:Namespace`, `kubernetes:example.com/v1:Thing`."""
        _, module, name = token.split(":", 2)
        return cls(module.removeprefix("core/"), name)

    @property
    def token(self) -> str:
        module = self.api_version if "/" in self.api_version else f"core/{self.api_version}"
        return f"kubernetes:{module}:{self.name}"

    @property
    def group(self) -> str:
        """The API group, "" for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def namespaced(self) -> bool:
        return self.name not in _CLUSTER_SCOPED

    def replaced_by(self, changed: Path, settings: Properties) -> bool:
        """Whether a change at this path needs a new object, with these settings of the provider."""
        if changed[:2] in {("metadata", "name"), ("metadata", "namespace")}:
            return True
        option = _MUTABLE_BY_OPTION.get(self.name)
        if option and settings.get(option) in {True, "true"}:
            return self.name == "Secret" and changed[0] == "type"
        return any(changed[: len(path)] == path for path in _IMMUTABLE.get(self.name, ()))
