"""Rules on the releases of Kubernetes that clusters in a cloud run, and on when the cloud may change them."""

import re
from datetime import date

from hybrid_mesh.model.checks.in_clouds import cloud_cluster_rule
from hybrid_mesh.model.checks.registry import cluster_rule
from hybrid_mesh.model.clouds.base import AnyCloud
from hybrid_mesh.model.clouds.gke_maintenance import MINOR_UPGRADES
from hybrid_mesh.model.config.clusters import CloudClusterConfig, ClusterConfig, GkeClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.versions import kubernetes_minors
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value

HOURS_OF_MAINTENANCE = 12
"""Hours of a week that GKE needs for maintenance: 48 in 32 days (GKE, "Maintenance windows and exclusions"),
of which a weekly window has four weeks at least."""

MAX_EXCLUSIONS = 20
"""GKE, "Maintenance windows and exclusions"; one of them holds minor upgrades back."""


@cloud_cluster_rule
def istio_supports_the_version(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Problems:
    """`version` must be a minor release of Kubernetes that the Istio release supports."""
    del cloud
    supported = kubernetes_minors(mesh.istio.version)
    if cluster.version is None or supported is None:
        return
    path, (oldest, newest) = f"clusters.{name}.version", supported
    minor = re.fullmatch(r"1\.([1-9][0-9]{0,2})", cluster.version)
    if minor is None:
        yield Problem(
            path,
            cluster.version,
            "not a minor release of Kubernetes",
            f'Write it in quotes, without a patch version: "1.{newest - 1}".',
        )
    elif not oldest <= int(minor[1]) <= newest:
        nearest = oldest if int(minor[1]) < oldest else newest
        yield Problem(
            path,
            cluster.version,
            f"Istio {mesh.istio.version} supports Kubernetes 1.{oldest} to 1.{newest}",
            f'Choose "1.{nearest}", or another of these releases that the cloud offers.',
        )


@cluster_rule
def gke_has_time_for_maintenance(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`maintenance.window` must have at least 12 hours a week, and list each day once."""
    window = cluster.maintenance.window if isinstance(cluster, GkeClusterConfig) else None
    if window is None:
        return
    path, days = f"clusters.{name}.maintenance.window", window.days or window.WEEK
    if len(set(days)) < len(days):
        yield Problem(f"{path}.days", format_value(days), "a day is listed twice", "List each day once.")
    elif len(days) * window.hours < HOURS_OF_MAINTENANCE:
        yield Problem(
            f"{path}.hours",
            str(window.hours),
            f"GKE requires {HOURS_OF_MAINTENANCE} hours a week; this window has {len(days) * window.hours}",
            f"Set `hours: {-(-HOURS_OF_MAINTENANCE // len(days))}` or more, or list more `days`.",
        )


@cluster_rule
def maintenance_exclusions_are_valid(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """Each exclusion must have its own name, and end after it starts. There may be 19 of them."""
    if not isinstance(cluster, GkeClusterConfig):
        return
    names = {MINOR_UPGRADES}
    path = f"clusters.{name}.maintenance.exclusions"
    for index, exclusion in enumerate(cluster.maintenance.exclusions):
        if exclusion.name in names:
            yield Problem(
                f"{path}.{index}.name",
                exclusion.name,
                "another exclusion has this name",
                "Give each exclusion its own name.",
            )
        names.add(exclusion.name)
        wrong = [key for key in ("start", "end") if not _is_date(getattr(exclusion, key))]
        for key in wrong:
            value = getattr(exclusion, key)
            yield Problem(f"{path}.{index}.{key}", value, "this date does not exist", "Correct the day.")
        if not wrong and exclusion.end <= exclusion.start:
            yield Problem(
                f"{path}.{index}.end",
                exclusion.end,
                f"the exclusion must end after its start, {exclusion.start}",
                "Write the first day on which upgrades are allowed again.",
            )
    if len(cluster.maintenance.exclusions) >= MAX_EXCLUSIONS:
        yield Problem(
            path,
            f"{len(cluster.maintenance.exclusions)} exclusions",
            f"GKE allows {MAX_EXCLUSIONS - 1} besides the one for minor releases",
            "Remove those that are over.",
        )


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
