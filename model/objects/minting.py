"""The permissions with which a VM may mint its own `istio-ca` token, and do nothing else.

RBAC cannot limit the audience or the lifetime of a token, so an admission policy does.
"""

from typing import Literal

from hybrid_mesh.model.derive.object_names import minting_name
from hybrid_mesh.model.istio_facts import ROOT_CONFIG_MAP
from hybrid_mesh.model.objects.manifest import Manifest, manifest

IdentityKind = Literal["User", "Group"]
"""Whether Kubernetes knows the VMs of a group as a user or as a group."""

TOKEN_AUDIENCE = "istio-ca"  # noqa: S105 - an audience, not a secret
TOKEN_SECONDS = 3600
_RBAC = "rbac.authorization.k8s.io/v1"
_ADMISSION = "admissionregistration.k8s.io/v1"


def minting_role(group: str, namespace: str, account: str) -> Manifest:
    """The Role that may create tokens of one service account and read the mesh's root certificates."""
    rules = [
        {
            "apiGroups": [""],
            "resources": ["serviceaccounts/token"],
            "resourceNames": [account],
            "verbs": ["create"],
        },
        {
            "apiGroups": [""],
            "resources": ["configmaps"],
            "resourceNames": [ROOT_CONFIG_MAP],
            "verbs": ["get"],
        },
    ]
    return manifest(_RBAC, "Role", minting_name(group), namespace, rules=rules)


def minting_role_binding(group: str, namespace: str, identity: str, kind: IdentityKind = "User") -> Manifest:
    """Binds `minting_role` to the identity of the group's VMs at the API server."""
    return manifest(
        _RBAC,
        "RoleBinding",
        minting_name(group),
        namespace,
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": minting_name(group)},
        subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": identity}],
    )


def minting_policy(group: str, identity: str, kind: IdentityKind = "User") -> Manifest:
    """Refuses token requests of `identity` for another audience than Istio's CA or for more than an hour."""
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["serviceaccounts/token"],
                }
            ]
        },
        "matchConditions": [{"name": "machine-of-the-group", "expression": _is_machine(identity, kind)}],
        "validations": [
            {
                "expression": f"has(object.spec.audiences) && object.spec.audiences == ['{TOKEN_AUDIENCE}']",
                "message": f"VMs of {group} may only mint tokens for the audience {TOKEN_AUDIENCE}",
            },
            {
                "expression": "has(object.spec.expirationSeconds) && "
                f"object.spec.expirationSeconds <= {TOKEN_SECONDS}",
                "message": f"tokens of VMs of {group} must not be valid longer than {TOKEN_SECONDS} seconds",
            },
        ],
    }
    return manifest(_ADMISSION, "ValidatingAdmissionPolicy", minting_name(group), spec=spec)


def _is_machine(identity: str, kind: IdentityKind) -> str:
    """CEL expression that matches requests of the VMs. A user without groups has no field `groups`."""
    if kind == "User":
        return f"request.userInfo.username == '{identity}'"
    return f"has(request.userInfo.groups) && '{identity}' in request.userInfo.groups"


def minting_policy_binding(group: str) -> Manifest:
    """Binds `minting_policy`, so that it takes effect."""
    spec = {"policyName": minting_name(group), "validationActions": ["Deny"]}
    return manifest(_ADMISSION, "ValidatingAdmissionPolicyBinding", minting_name(group), spec=spec)
