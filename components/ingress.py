"""Ingress gateways, by the Kubernetes Gateway API."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from hybrid_mesh.components.certificates import listener_certificate
from hybrid_mesh.components.member import ClusterMember
from hybrid_mesh.model.derive.object_names import certificate_keys
from hybrid_mesh.model.plan.types import IngressPlan


class Ingress(pulumi.ComponentResource):
    """A Gateway of the configured class, its certificates and its routes. It is ready when its controller has
    programmed it.

    `secrets` has the values of the configuration keys with certificates. A certificate that does not fit its
    listener ends the run.
    """

    address: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        plan: IngressPlan,
        member: ClusterMember,
        secrets: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:Ingress", name, None, opts)
        filled = _with_annotations(plan, member.cluster.load_balancer_annotations)
        filled |= _certificates(plan, secrets)
        gateway = member.declare(f"ingress-{plan.name}", self, filled=filled)["gateway"]
        self.address = gateway.status.apply(_address)
        self.register_outputs({"address": self.address})


def _with_annotations(
    plan: IngressPlan, annotations: Mapping[str, pulumi.Input[str]]
) -> dict[str, dict[str, Any]]:
    """The Gateway's `spec` with `annotations` of its load balancer."""
    if not annotations or plan.config.service_type != "LoadBalancer":
        return {}
    spec = plan.gateway["spec"]
    infrastructure = {"annotations": {**spec["infrastructure"]["annotations"], **annotations}}
    return {"gateway": {"spec": {**spec, "infrastructure": infrastructure}}}


def _certificates(plan: IngressPlan, secrets: Mapping[str, pulumi.Input[str]]) -> dict[str, dict[str, Any]]:
    """The data of the Secrets of listeners, by the keys of their objects."""
    filled: dict[str, dict[str, Any]] = {}
    for index, listener in enumerate(plan.config.listeners):
        keys = certificate_keys(listener)
        if keys:
            path = f"ingress.{plan.name}.listeners.{index}.certificate"
            texts = pulumi.Output.all(*(secrets[key] for key in keys))
            data = texts.apply(_checked(path, listener.hostname))
            filled[f"certificate.{listener.name}"] = {"stringData": pulumi.Output.secret(data)}
    return filled


def _checked(path: str, host: str | None) -> Callable[[Sequence[str]], dict[str, str]]:
    return lambda texts: listener_certificate(path, host, *texts)


def _address(status: Any) -> str:
    addresses = (status or {}).get("addresses") or [{"value": ""}]
    return str(addresses[0]["value"])
