"""Access to a cluster that the program itself has created or found."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes


@dataclass(frozen=True, kw_only=True)
class ExistingCluster:
    """Access to a cluster of type `kubeconfig`, instead of its `path` or `secret`.

    `kubeconfig` is the text of a kubeconfig, kept as a secret; it must not refer to other files. `context`
    selects one of its contexts; it defaults to the current one. `provider` declares all objects of the
    cluster; by default, the mesh creates one. Yours should have `enable_server_side_apply=True`.
    """

    kubeconfig: pulumi.Input[str]
    context: str | None = None
    provider: kubernetes.Provider | None = None
    peer_endpoint: pulumi.Input[str] | None = None
    """URL of the API server as other clusters and VMs reach it. Defaults to the kubeconfig's server URL."""
