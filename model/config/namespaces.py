"""Namespaces of the clusters, as far as they differ from what the program would create."""

from typing import Literal

from pydantic import Field

from hybrid_mesh.model.config.base import Section


class NamespaceConfig(Section):
    """A namespace that every cluster has. One that exists already in an existing cluster gets the labels, and
    a destroy removes them again."""

    injection: Literal["enabled", "disabled"] | None = None
    """Whether pods get a proxy, unless their own label says otherwise. Defaults to `enabled` for namespaces
    of groups and the demo. In others, pods get none by default."""
    labels: dict[str, str] = Field(
        default_factory=dict, examples=[{"pod-security.kubernetes.io/warn": "baseline"}]
    )
    """Additional labels."""
