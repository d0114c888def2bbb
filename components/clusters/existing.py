"""A cluster that the program itself has made or found, for the mesh to use."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes


@dataclass(frozen=True, kw_only=True)
class ExistingCluster:
    """How a cluster of type `kubeconfig` is reached, in place of its `path` or `secret`.

    `kubeconfig` is the text of a kubeconfig, kept as a secret; it must work without a file beside it.
    `context` chooses in it, by default its current context. `provider` declares everything that is in the
    cluster; by default the mesh creates one. Yours should have `enable_server_side_apply=True`.
    """

    kubeconfig: pulumi.Input[str]
    context: str | None = None
    provider: kubernetes.Provider | None = None
    peer_endpoint: pulumi.Input[str] | None = None
    """URL of the API server as the other clusters and the VMs reach it; by default the kubeconfig's."""
