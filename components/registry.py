"""The credentials of the image registry."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi

from hybrid_mesh.model.plan.types import MeshPlan


def registry_credentials(
    plan: MeshPlan, secrets: Mapping[str, pulumi.Input[str]]
) -> pulumi.Output[dict[str, Any]] | None:
    """The data of each Secret with the credentials, secret; None if the mesh has none. It raises RunError if
    they are not a Docker configuration."""
    key = plan.istio.pull_secret
    if key is None:
        return None
    text: pulumi.Output[str] = pulumi.Output.secret(secrets[key])
    return text.apply(lambda known: {".dockerconfigjson": _checked(key, known)})


def _checked(key: str, text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("auths"), dict):
        raise pulumi.RunError(
            f"hybrid-mesh:{key}: not a Docker config.json. It has the form "
            '{"auths": {"registry.example.com": {"auth": "…"}}}'
        )
    return text
