"""Rules on the names of the configuration keys `hybrid-mesh:<name>` next to the mesh."""

from hybrid_mesh.model.checks.registry import readable, rule
from hybrid_mesh.model.config.clusters import KubeconfigClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.flat_keys import trust_keys
from hybrid_mesh.model.derive.object_names import certificate_keys
from hybrid_mesh.model.reading.problems import Problem, Problems

MESH_KEY = "mesh"
"""The flat key `hybrid-mesh:mesh` is the mesh itself."""


@rule
def a_flat_key_has_one_purpose(mesh: MeshConfig) -> Problems:
    """The configuration keys of the root certificate, its private key, the image registry, the kubeconfigs
    and the listeners' certificates must differ, and none can be `mesh`. Clusters may share a kubeconfig,
    listeners a certificate."""
    purposes: dict[str, tuple[str, str]] = {MESH_KEY: ("the mesh itself", "")}
    found = [
        *trust_keys(mesh).items(),
        *_registry_keys(mesh),
        *_kubeconfig_keys(mesh),
        *_certificate_keys(mesh),
    ]
    for path, key in found:
        kind = "kubeconfig" if path.endswith(".secret") else path.partition(".")[0]
        owner, shared = purposes.setdefault(key, (path, kind if kind in ("kubeconfig", "ingress") else ""))
        if owner != path and (not shared or shared != kind):
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


def _certificate_keys(mesh: MeshConfig) -> list[tuple[str, str]]:
    ingresses = readable(mesh.ingress, lambda ingress: ingress.listeners)
    return [
        (f"ingress.{name}.listeners.{index}.certificate", key)
        for name, listeners in ingresses.items()
        for index, listener in enumerate(listeners)
        for key in certificate_keys(listener)
    ]


def _example(path: str) -> str:
    section, *name, key = path.split(".")
    if section in ("istio", "ingress"):
        return "registry" if section == "istio" else f"{name[0]}-tls"
    return f"{name[0]}-kubeconfig" if section == "clusters" else f"root-{key}"
