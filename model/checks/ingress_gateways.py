"""Rules on the gateways of ingresses: their load balancer, and the objects that Istio creates."""

from collections.abc import Mapping
from typing import Any, Final

from hybrid_mesh.model.checks.formats import is_ipv4_address, is_label_key
from hybrid_mesh.model.checks.labels import label_problems
from hybrid_mesh.model.checks.registry import ingress_rule
from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.ingress import IngressConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.istio_facts import GATEWAY_CLASS
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value

_OWNED_PARAMETERS: Final[Mapping[str, str]] = {
    "apiVersion": "Istio's controller sets it",
    "kind": "Istio's controller sets it",
    "metadata.name": "the Gateway's name decides it",
    "metadata.namespace": "it is the Gateway's",
    "spec.selector": "it connects the Service with the gateway's pods",
    "spec.ports": "`listeners` decide it",
    "spec.type": "`serviceType` decides it",
    "spec.loadBalancerIP": "`addresses` decides it",
    "spec.loadBalancerSourceRanges": "`sourceRanges` decides it",
    "spec.template.metadata.labels": "they connect the pods with the Service; use `labels`",
}
"""Paths in a patch that the mesh relies on or has keys for, and why."""
_OWNED_LABELS: Final = ("gateway.networking.k8s.io/", "gateway.istio.io/", "istio.io/", "topology.istio.io/")


@ingress_rule
def load_balancer_settings_have_a_load_balancer(
    mesh: MeshConfig, name: str, ingress: IngressConfig
) -> Problems:
    """`addresses` and `sourceRanges` require `serviceType: LoadBalancer`. `addresses` takes one IPv4 address,
    as Istio creates no Service for several. In a local cluster, the load balancer assigns the address."""
    path = f"ingress.{name}"
    for key, values in (("addresses", ingress.addresses), ("sourceRanges", ingress.source_ranges)):
        if values and ingress.service_type != "LoadBalancer":
            yield Problem(
                f"{path}.{key}",
                "",
                f"a Service of type {ingress.service_type} has no load balancer",
                "Set `serviceType: LoadBalancer`, or leave it out.",
            )
    for index, address in enumerate(ingress.addresses):
        if not is_ipv4_address(address):
            yield Problem(
                f"{path}.addresses.{index}",
                format_value(address),
                "not a valid IPv4 address",
                "Write it like 10.40.0.9.",
            )
        elif index:
            yield Problem(
                f"{path}.addresses.{index}",
                address,
                "Istio creates a Service for one address only",
                "Keep one, or declare another ingress.",
            )
    if ingress.addresses and mesh.clusters[ingress.cluster].type == "local":
        yield Problem(
            f"{path}.addresses",
            ", ".join(ingress.addresses),
            "the local site assigns the address of a load balancer",
            "Leave it out.",
        )


@ingress_rule
def infrastructure_is_not_the_programs(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`annotations` and `labels` must be valid, and must not include those that the program or Istio sets."""
    cloud = cloud_of(mesh.clusters[ingress.cluster])
    owned = cloud.load_balancer_annotations({}) if cloud else {}
    for key, value in ingress.annotations.items():
        path = f"ingress.{name}.annotations.{key}"
        if not is_label_key(key):
            remedy = "Write it like metallb.io/address-pool."
            yield Problem(path, key, "not a valid name of an annotation", remedy)
        elif key in owned:
            yield Problem(path, value, "the program sets this annotation", "Leave it out.")
    istios = [key for key in ingress.labels if key.startswith(_OWNED_LABELS)]
    reasons = dict.fromkeys(istios, "Istio sets labels of this domain")
    yield from label_problems(f"ingress.{name}.labels", ingress.labels, reasons)


@ingress_rule
def parameters_keep_what_the_mesh_relies_on(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`parameters` requires Istio's own gateway class, and can neither change nor remove (by `null`) what
    connects the gateway's objects or has a key of its own."""
    patches = ingress.parameters.model_dump(by_alias=True)
    for kind, patch in patches.items():
        path = f"ingress.{name}.parameters.{kind}"
        if patch and ingress.gateway_class != GATEWAY_CLASS:
            yield Problem(
                path,
                "",
                f"gateways of class {ingress.gateway_class} do not read Istio's parameters",
                f"Set `gatewayClass: {GATEWAY_CLASS}`, or leave it out.",
            )
        for key, reason in _OWNED_PARAMETERS.items():
            found, value = _at(patch, key)
            if found:
                yield Problem(
                    f"{path}.{key}", format_value(value), f"this is not yours: {reason}", "Leave it out."
                )
    if ingress.source_ranges and ingress.gateway_class != GATEWAY_CLASS:
        yield Problem(
            f"ingress.{name}.sourceRanges",
            "",
            f"gateways of class {ingress.gateway_class} do not read Istio's parameters",
            "Set the ranges by `annotations`, or leave it out.",
        )


def _at(patch: Mapping[str, Any], key: str) -> tuple[bool, Any]:
    """Whether a patch sets or removes the value at `key`, and that value."""
    value: Any = patch
    for step in key.split("."):
        if value is None:
            return True, None
        if not isinstance(value, Mapping):
            return value is not patch, value
        if step not in value:
            return False, None
        value = value[step]
    return True, value
