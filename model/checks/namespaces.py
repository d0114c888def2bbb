"""Rules on namespaces, and on which of them istiod reads."""

from collections.abc import Mapping

from hybrid_mesh.model.checks.labels import label_problems
from hybrid_mesh.model.checks.names import is_reserved
from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.discovery import NAME_LABEL, all_selectors, is_selector, selected, selectors
from hybrid_mesh.model.derive.namespaces import namespace_labels, outside_namespace
from hybrid_mesh.model.istio_facts import INJECTION_LABEL, NETWORK_LABEL
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value

_OWNED_LABELS = {
    INJECTION_LABEL: "`injection` sets this label",
    NAME_LABEL: "Kubernetes sets this label",
    NETWORK_LABEL: "the network of a cluster is its key `network`",
    "istio.io/dataplane-mode": "the mesh has no ambient dataplane",
    "istio.io/rev": "the control planes have no revision",
}

_POD_SECURITY = "pod-security.kubernetes.io/enforce"
_GATEWAYS = "the program sets this label in namespaces of gateways"


@rule
def configured_namespaces_are_not_reserved(mesh: MeshConfig) -> Problems:
    """The name must not be that of a namespace of Istio or Kubernetes, nor `default`."""
    for name in mesh.namespaces:
        if is_reserved(name):
            yield Problem(
                f"namespaces.{name}",
                name,
                "this namespace is not for workloads of the mesh",
                "Leave it out, and choose a namespace of your own.",
            )


@rule
def injection_suits_the_demo(mesh: MeshConfig) -> Problems:
    """`injection` must not be `disabled` for the demo's namespace, whose pods are in the mesh, nor `enabled`
    for `<demo namespace>-outside`, whose pod is not."""
    if mesh.demo is None:
        return
    expected = {mesh.demo.namespace: "enabled", outside_namespace(mesh.demo): "disabled"}
    for name, policy in expected.items():
        config = mesh.namespaces.get(name)
        if config is not None and config.injection not in {None, policy}:
            yield Problem(
                f"namespaces.{name}.injection",
                str(config.injection),
                f"the demo requires pods {'with' if policy == 'enabled' else 'without'} a proxy here",
                f"Leave `injection` out, or set it to {policy}.",
            )


@rule
def pod_security_allows_the_pods_of_the_mesh(mesh: MeshConfig) -> Problems:
    """The label `pod-security.kubernetes.io/enforce` must allow what runs in the namespace: the init
    container of the demo's proxies requires `privileged` unless Istio's CNI plugin does its work, and the
    pods of ingress gateways require `baseline`."""
    demo = mesh.demo
    proxies = {demo.namespace} if demo is not None and not _has_cni(mesh) else set()
    plain = {outside_namespace(demo), demo.namespace} if demo is not None else set()
    gateways = {each.namespace for each in mesh.ingress.values()}
    for name, config in mesh.namespaces.items():
        level = config.labels.get(_POD_SECURITY)
        refused = {"baseline", "restricted"} if name in proxies else set()
        if name in plain | gateways:
            refused |= {"restricted"}
        if level in refused:
            wanted = "privileged" if name in proxies else "baseline"
            yield Problem(
                f"namespaces.{name}.labels.{_POD_SECURITY}",
                level,
                "pods of the program in this namespace would be refused",
                f"Set it to {wanted}, or choose another namespace.",
            )


def _has_cni(mesh: MeshConfig) -> bool:
    for values in (mesh.istio.values, mesh.istio.values.get("pilot")):
        cni = values.get("cni") if isinstance(values, Mapping) else None
        if isinstance(cni, Mapping) and cni.get("enabled") is True:
            return True
    return False


@rule
def labels_of_namespaces_are_yours(mesh: MeshConfig) -> Problems:
    """`labels` must be valid labels, and not those that Istio, Kubernetes or the program set."""
    clouds = [cloud for cluster in mesh.clusters.values() if (cloud := cloud_of(cluster))]
    gateways = {each.namespace for each in mesh.ingress.values()}
    planned = {key for cloud in clouds for key in cloud.gateway_namespace_labels}
    for name, config in mesh.namespaces.items():
        of_gateways = dict.fromkeys(planned if name in gateways else (), _GATEWAYS)
        yield from label_problems(
            f"namespaces.{name}.labels", config.labels, {**_OWNED_LABELS, **of_gateways}
        )


@rule
def discovery_selectors_are_valid(mesh: MeshConfig) -> Problems:
    """`values.meshConfig.discoverySelectors` must be a list of label selectors of Kubernetes."""
    for name in sorted(mesh.clusters):
        path, given = selectors(mesh, name) or ("", None)
        if given is None:
            continue
        if not isinstance(given, list):
            yield Problem(path, format_value(given), "not a list of label selectors", "Write a list.")
            continue
        for index, each in enumerate(given):
            if not is_selector(each):
                yield Problem(
                    f"{path}.{index}",
                    format_value(each),
                    "not a valid label selector",
                    "Write it like {matchLabels: {example.com/mesh: enabled}}.",
                )


@rule
def istiod_reads_every_namespace_of_the_mesh(mesh: MeshConfig) -> Problems:
    """`values.meshConfig.discoverySelectors` must select every namespace that the program declares in any
    cluster, `istio-system` included: istiod would not find VMs, gateways and peers otherwise. The program
    adds the labels that a selector requires, except those with a meaning for Istio or Kubernetes."""
    if not (given := all_selectors(mesh)):
        return
    outside = {outside_namespace(mesh.demo)} if mesh.demo is not None else set()
    spaces = {
        (space, tuple(sorted(labels.items())))
        for name in mesh.clusters
        for space, labels in namespace_labels(mesh, name).items()
        if space not in outside
    }
    for path, each in given.items():
        left = sorted(
            {space for space, labels in spaces if not selected(each, {**dict(labels), NAME_LABEL: space})}
        )
        if left:
            yield Problem(
                path,
                format_value(each),
                f"istiod would not read these namespaces of the mesh: {', '.join(left)}",
                "Select by a label of your own, which the program adds; or set `namespaces.<name>.labels`.",
            )
