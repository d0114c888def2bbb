"""The inputs of a `kubernetes.Provider` resource, as they come over the wire.

The SDK sends everything but text as JSON text (`"true"`, `"{...}"`). Names and defaults are those of the
schema of pulumi-kubernetes (provider/pkg/gen/schema.go).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

from plugins.framework.errors import ResourceError
from plugins.framework.values import Properties


@dataclass(frozen=True)
class Settings:
    """What a provider resource was told. `kubeconfig` may be text or a path and is a secret."""

    kubeconfig: str = field(default="", repr=False)
    context: str = ""
    cluster: str = ""
    namespace: str = "default"
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False
    upsert_existing_objects: bool = False
    patch_force: bool = False
    config_map_mutable: bool = False
    secret_mutable: bool = False
    helm: Properties = field(default_factory=dict)

    @classmethod
    def of(cls, inputs: Properties) -> Settings:
        """From the provider's inputs and, as the official plug-in does, the environment."""
        return cls(
            kubeconfig=_text(inputs.get("kubeconfig")),
            context=_text(inputs.get("context")),
            cluster=_text(inputs.get("cluster")),
            namespace=_text(inputs.get("namespace")) or "default",
            delete_unreachable=_flag(inputs, "deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
            skip_update_unreachable=_flag(
                inputs, "skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"
            ),
            upsert_existing_objects=_flag(
                inputs, "upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"
            ),
            patch_force=_flag(inputs, "enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
            config_map_mutable=_flag(inputs, "enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
            secret_mutable=_flag(inputs, "enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
            helm=_structure(inputs.get("helmReleaseSettings")),
        )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, dict) else ""


def _flag(inputs: Properties, name: str, variable: str) -> bool:
    value = inputs.get(name)
    if isinstance(value, bool):
        return value
    text = value if isinstance(value, str) else os.environ.get(variable, "")
    return text.strip().lower() in {"true", "1"}


def _structure(value: Any) -> Properties:
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise ResourceError("helmReleaseSettings is not valid JSON") from None
    return value if isinstance(value, dict) else {}
