"""The release of Kubernetes that the nodes of a GKE cluster are upgraded to."""

from collections.abc import Iterable, Sequence
from typing import Any

import pulumi
import pulumi_gcp as gcp

from hybrid_mesh.model.derive.versions import minor_of


def nodes_version(
    cluster: gcp.container.Cluster, pool: str, declared: str, opts: pulumi.InvokeOutputOptions
) -> pulumi.Output[str | None]:
    """The control plane's version if the nodes of the pool `pool` are of an earlier minor release, else None.

    GKE itself does not upgrade them to another minor release while an exclusion holds that back. It installs
    patches, so that a version that was always given would downgrade them. A preview does not know the version
    that an upgraded control plane will have, and shows the minor release `declared`.
    """
    found = gcp.container.get_cluster_output(
        name=cluster.name, location=cluster.location, project=cluster.project, opts=opts
    )
    return pulumi.Output.all(found, cluster.master_version).apply(
        lambda known: behind(_pools(known[0], pool), max(known[1], declared, key=minor_of))
    )


def behind(versions: Iterable[str], control_plane: str) -> str | None:
    """`control_plane` if one of `versions` is of an earlier minor release."""
    return control_plane if any(minor_of(each) < minor_of(control_plane) for each in versions) else None


def _pools(found: Any, pool: str) -> Sequence[str]:
    """Versions of the pools that were made for the resource `pool`, whose names the engine has completed."""
    pools = found.node_pools or ()
    return [each.version for each in pools if each.name.startswith(f"{pool}-")]
