"""The objects of a cluster with which Kiali reads the mesh."""

from collections.abc import Iterator, Sequence

from hybrid_mesh.model.config.clusters import CloudClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.objects.kiali import account, clusters_secret, role, role_binding, token_secret
from hybrid_mesh.model.objects.planned import PlannedObject


def kiali_objects(mesh: MeshConfig, name: str, peers: Sequence[str]) -> Iterator[PlannedObject]:
    """In Kiali's own cluster, the Secret with the kubeconfigs of its `peers`; in each other one, the account
    that Kiali uses, in quarantined ones too: otherwise quarantine would delete it there."""
    if mesh.kiali is None:
        return
    owner, system = f"kiali-{name}", f"{name}-istio-namespace"
    if mesh.kiali.cluster == name:
        space = mesh.kiali.namespace
        inside = system if space == SYSTEM_NAMESPACE else f"{name}-namespace-{space}"
        made = clusters_secret(peers, space)
        yield PlannedObject(owner, "clusters", (inside,), ("stringData",), made)
        return
    yield PlannedObject(owner, "account", (system,), (), account())
    yield PlannedObject(owner, "role", (), (), role())
    yield PlannedObject(owner, "role-binding", (f"{owner}-account", f"{owner}-role"), (), role_binding())
    rotates = isinstance(mesh.clusters[name], CloudClusterConfig)
    filled = ("metadata",) if rotates else ()
    yield PlannedObject(owner, "secret", (f"{owner}-role-binding",), filled, token_secret())
