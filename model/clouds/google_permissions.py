"""APIs and roles that a stack needs in a Google Cloud project.

Source: Google Cloud, "IAM basic and predefined roles reference"; for the condition, "Setting limits on
granting roles".
"""

from typing import Final

NETWORK_SERVICES: Final = ("compute.googleapis.com", "iam.googleapis.com")
CLUSTER_SERVICES: Final = ("cloudresourcemanager.googleapis.com", "container.googleapis.com")
REPOSITORY_SERVICES: Final = ("artifactregistry.googleapis.com",)
KEY_SERVICES: Final = ("cloudkms.googleapis.com",)
AUTHORITY_SERVICES: Final = ("privateca.googleapis.com",)

NODE_ROLE: Final = "roles/container.defaultNodeServiceAccount"
CONDITION: Final = f"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['{NODE_ROLE}'])"
"""Limits the granting of roles to the one that nodes have."""

NETWORK_ROLES: Final = ("roles/compute.admin",)
IDENTITY_ROLES: Final = ("roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountUser")
CLUSTER_ROLES: Final = (
    "roles/container.admin",
    f"roles/resourcemanager.projectIamAdmin, with the condition {CONDITION}",
)
REPOSITORY_ROLE: Final = "roles/artifactregistry.admin"
"""On a repository, to let nodes pull from it."""
KEY_ROLE: Final = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
"""On a key, for GKE's service agent."""
AUTHORITY_ROLES: Final = ("roles/privateca.admin",)

NETWORK_VIEWERS: Final = ("roles/compute.viewer", "roles/iam.securityReviewer")
CLUSTER_VIEWERS: Final = (
    "roles/container.viewer",
    "a custom role with container.secrets.get and container.secrets.list",
)
"""A refresh reads the mesh's Secrets, and Helm lists those in which it keeps its releases."""
AUTHORITY_VIEWERS: Final = ("roles/privateca.auditor",)
