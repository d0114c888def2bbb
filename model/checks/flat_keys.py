"""Rules on the names of the configuration keys `hybrid-mesh:<name>` next to the mesh."""

from hybrid_mesh.model.checks.registry import readable, rule
from hybrid_mesh.model.config.clusters import KubeconfigClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.flat_keys import trust_keys
from hybrid_mesh.model.reading.problems import Problem, Problems

MESH_KEY = "mesh"
"""The flat key `hybrid-mesh:mesh` is the mesh itself."""


@rule
def a_flat_key_has_one_purpose(mesh: MeshConfig) -> Problems:
    """The configuration keys of the root certificate, its private key, the image registry and the kubeconfigs
    must differ, and none can be `mesh`. Clusters may share a kubeconfig."""
    purposes: dict[str, tuple[str, bool]] = {MESH_KEY: ("the mesh itself", False)}
    for path, key in [*trust_keys(mesh).items(), *_registry_keys(mesh), *_kubeconfig_keys(mesh)]:
        is_kubeconfig = path.endswith(".secret")
        owner, shared = purposes.setdefault(key, (path, is_kubeconfig))
        if owner != path and not (shared and is_kubeconfig):
            yield Problem(
                path,
                key,
                f"the configuration key hybrid-mesh:{key} is already used for {owner}",
                f"Use a configuration key of its own, for example {_example(path)}.",
            )


def _registry_keys(mesh: MeshConfig) -> list[tuple[str, str]]:
    return [("istio.pullSecret", mesh.istio.pull_secret)] if mesh.istio.pull_secret is not None else []


def _kubeconfig_keys(mesh: MeshConfig) -> list[tuple[str, str]]:
    secrets = readable(
        mesh.clusters,
        lambda cluster: cluster.secret if isinstance(cluster, KubeconfigClusterConfig) else None,
    )
    return [(f"clusters.{name}.secret", secret) for name, secret in secrets.items() if secret is not None]


def _example(path: str) -> str:
    section, *name, key = path.split(".")
    if section == "istio":
        return "registry"
    return f"{name[0]}-kubeconfig" if section == "clusters" else f"root-{key}"
