"""The namespaces that a cluster needs, each once, whoever uses it."""

from model.objects.demo import demo_namespaces
from model.objects.groups import namespace
from model.objects.manifest import Manifest, manifest
from model.plan.types import MeshPlan


def cluster_namespaces(plan: MeshPlan, cluster: str) -> tuple[Manifest, ...]:
    """Namespaces of the groups, the ingresses and the demo in `cluster`, sorted; `istio-system` is not among
    them."""
    needed: dict[str, Manifest] = {}
    for ingress in plan.ingresses.values():
        if ingress.cluster == cluster:
            needed[ingress.namespace] = manifest("v1", "Namespace", ingress.namespace)
    for group in plan.groups.values():
        if cluster in group.service_clusters:
            needed[group.namespace] = namespace(group.namespace)
    if plan.demo is not None:
        needed |= {made["metadata"]["name"]: made for made in demo_namespaces(plan.demo)}
    return tuple(made for _, made in sorted(needed.items()))
