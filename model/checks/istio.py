"""Rules on Istio."""

import re
from collections.abc import Mapping

from hybrid_mesh.model.checks.formats import is_url
from hybrid_mesh.model.checks.registry import group_rule, rule
from hybrid_mesh.model.clouds.types import MachineSetPlan
from hybrid_mesh.model.config.clusters import LocalClusterConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.istio import FolderChartsConfig, OciChartsConfig, RepositoryChartsConfig
from hybrid_mesh.model.config.machines import BundleMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.vm_sets import plan_machine_set
from hybrid_mesh.model.istio_facts import KUBERNETES_MINORS
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value

SUPPORTED_MINORS = tuple(KUBERNETES_MINORS)
"""Supported minor releases of Istio."""

_HUB = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*")


@rule
def the_istio_release_is_supported(mesh: MeshConfig) -> Problems:
    """`version` must belong to a supported minor release."""
    version = mesh.istio.version
    minors = "|".join(re.escape(minor) for minor in SUPPORTED_MINORS)
    if not re.fullmatch(rf"({minors})\.(0|[1-9][0-9]*)", version):
        releases = ", ".join(f"{minor}.x" for minor in SUPPORTED_MINORS)
        remedy = f"Choose a supported one: {releases}, for example {SUPPORTED_MINORS[-1]}.0."
        bare = version.removeprefix("v")
        if bare in SUPPORTED_MINORS:
            remedy = f"Write {bare}.0."
        elif version != bare and bare.startswith(SUPPORTED_MINORS):
            remedy = f"Drop the v: write {bare}."
        yield Problem("istio.version", version, "this release of Istio is not supported", remedy)


@rule
def tetrate_names_its_sources(mesh: MeshConfig) -> Problems:
    """`distribution: tetrate` requires `hub` and `charts`, the registries of your subscription."""
    if mesh.istio.distribution != "tetrate":
        return
    for key in ("hub", "charts"):
        if key not in mesh.istio.model_fields_set:
            yield Problem(
                f"istio.{key}",
                "",
                "required with distribution tetrate: the default is upstream Istio",
                f"Set `{key}` as Tetrate's installation guide says for your subscription.",
            )


@rule
def the_hub_is_a_registry(mesh: MeshConfig) -> Problems:
    """`hub` must be an image registry and folder, without a scheme or tag."""
    if not _HUB.fullmatch(mesh.istio.hub):
        yield Problem(
            "istio.hub",
            mesh.istio.hub,
            "not a valid image registry and folder",
            "Write it without scheme and without a slash at the end: docker.io/istio.",
        )


@rule
def chart_sources_match_their_type(mesh: MeshConfig) -> Problems:
    """`url` must be an http or https URL for `repository` and an oci URL for `oci`; `path` must be a path."""
    charts = mesh.istio.charts
    if isinstance(charts, RepositoryChartsConfig) and not is_url(charts.url, "https", "http"):
        remedy = "Write an https URL" + (", or `type: oci`." if charts.url.startswith("oci:") else ".")
        yield Problem("istio.charts.url", charts.url, "not a valid URL of a Helm repository", remedy)
    if isinstance(charts, OciChartsConfig) and not is_url(charts.url, "oci"):
        yield Problem(
            "istio.charts.url",
            charts.url,
            "not a valid URL of an OCI registry",
            "Begin it with oci://, or write `type: repository`.",
        )
    if isinstance(charts, FolderChartsConfig) and (not charts.path.strip() or "://" in charts.path):
        yield Problem(
            "istio.charts.path",
            charts.path,
            "not a valid path of a folder",
            "Name the folder that holds base, istiod and gateway.",
        )


@rule
def packages_are_downloaded_over_http(mesh: MeshConfig) -> Problems:
    """`packages` must be an http or https URL."""
    if not is_url(mesh.istio.packages, "https", "http"):
        yield Problem(
            "istio.packages",
            mesh.istio.packages,
            "not a valid http or https URL",
            "Write it like https://blob.istio.io/istio-release.",
        )


@group_rule
def packages_without_tls_are_verified(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """If `packages` is an http URL, the checksum of each package in use is required, as VMs install them as
    root. Local VMs are exempt: their packages come from the same host."""
    if not mesh.istio.packages.startswith("http:"):
        return
    machines = plan_machine_set(mesh, "", name, group) or group.machines
    if not isinstance(machines, MachineSetPlan | BundleMachinesConfig):
        return
    form, architecture = machines.package, machines.architecture
    if mesh.istio.package_sha256.of(form, architecture) is None:
        yield Problem(
            f"istio.packageSha256.{architecture}{form.capitalize()}",
            "",
            f"required for the VMs of group {name}: anyone on the network could replace a package over http",
            "Set the package's SHA-256, or use an https URL for `packages`.",
        )


@rule
def pull_secrets_have_one_source(mesh: MeshConfig) -> Problems:
    """`pullSecret` and `values.global.imagePullSecrets` cannot both be set."""
    given = mesh.istio.values.get("global")
    if mesh.istio.pull_secret is not None and isinstance(given, Mapping) and "imagePullSecrets" in given:
        yield Problem(
            "istio.values.global.imagePullSecrets",
            format_value(given["imagePullSecrets"]),
            "this value is set by istio.pullSecret",
            "Leave one of them out.",
        )


@rule
def upstream_envoy_is_local(mesh: MeshConfig) -> Problems:
    """`proxy: envoy` is only allowed on the local site, whose proxies are upstream Envoy."""
    if mesh.istio.proxy == "envoy" and not all(
        isinstance(c, LocalClusterConfig) for c in mesh.clusters.values()
    ):
        yield Problem(
            "istio.proxy",
            "envoy",
            "only local clusters run plain Envoy proxies",
            "Leave `proxy` out, or set it to istio.",
        )
