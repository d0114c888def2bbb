"""Load balancers: load balancers outside a cluster, and who deletes them.

Kubernetes deletes a Service of type LoadBalancer only after a controller deleted its load balancer
("Garbage collecting load balancers"); on EKS that controller is a release of our own. The Service that istiod
makes for a Gateway is owned by it: Kubernetes collects it some time after the Gateway (ownerReferences in
pilot/pkg/config/kube/gateway of Istio).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import Any, Final

from hybrid_mesh.plugins.framework.errors import ResourceError
from tests.engine.doubles.store import Thing, World

SERVICE: Final = "kubernetes:core/v1:Service"
RELEASE: Final = "kubernetes:helm.sh/v3:Release"
LETTING_GO_SECONDS: Final = 1.5
_CONTROLLER: Final = "aws-load-balancer-controller"


def cloud(world: World, server: str) -> str:
    """Whose cluster it is: "gcp", "aws" or "kubeconfig"."""
    for thing in world.things("aws"):
        if thing.type == "aws:eks/cluster:Cluster" and thing.outputs.get("endpoint") == server:
            return "aws"
    for thing in world.things("gcp"):
        if thing.type == "gcp:container/cluster:Cluster" and server.endswith(
            str(thing.outputs.get("endpoint"))
        ):
            return "gcp"
    return "kubeconfig"


def address(world: World, server: str, identity: str, asked: str | None = None) -> str:
    """What the load balancer is reached by: an address, on Amazon a host name."""
    digest = hashlib.sha256(f"{server} {identity}".encode()).digest()
    if cloud(world, server) == "aws":
        return f"k8s-{digest.hex()[:10]}.elb.us-east-1.amazonaws.com"
    return asked or f"198.19.{digest[0]}.{digest[1]}"


def status(world: World, server: str, identity: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A Service's status."""
    if spec.get("type") != "LoadBalancer":
        return {"loadBalancer": {}}
    where = address(world, server, identity, spec.get("loadBalancerIP"))
    return {"loadBalancer": {"ingress": [{"ip" if where[0].isdigit() else "hostname": where}]}}


def add_service(
    world: World, server: str, identity: str, spec: dict[str, Any], reserved: Sequence[str] = ()
) -> None:
    """The Service that a chart or istiod makes, and its load balancer if it is of that type."""
    namespace, _, name = identity.partition("/")
    inputs = {"metadata": {"namespace": namespace, "name": name}, "spec": spec}
    outputs = {**inputs, "status": status(world, server, identity, spec)}
    world.put(Thing("kubernetes", SERVICE, identity, "", inputs, outputs, server))
    if spec["type"] == "LoadBalancer":
        add(world, server, identity, reserved)


def add(world: World, server: str, identity: str, reserved: Sequence[str] = ()) -> None:
    demand_controller(world, server)
    where = {
        "cloud": cloud(world, server),
        "address": address(world, server, identity),
        "reserved": list(reserved),
    }
    world.put(Thing("balancer", "LoadBalancer", f"{server} {identity}", identity, {}, where, server))


def demand_free(world: World, reserved: Sequence[str]) -> None:
    """A reserved address serves one load balancer at a time. Raises ResourceError."""
    for other in world.balancers():
        if taken := sorted(set(reserved) & set(other.outputs.get("reserved", ()))):
            raise ResourceError(
                f"{', '.join(taken)}: in use by {other.identity}; the Service never gets its address"
            )


def demand_controller(world: World, server: str) -> None:
    """On EKS a load balancer needs its controller. Raises ResourceError."""
    if cloud(world, server) == "aws" and not _controlled(world, server):
        raise ResourceError(
            f"no {_CONTROLLER} runs in {server}: a LoadBalancer Service never gets an address"
        )


def remove_service(world: World, server: str, identity: str) -> None:
    """Deletes a Service now."""
    remove(world, server, identity)
    world.drop("kubernetes", SERVICE, identity, server)


def remove(world: World, server: str, identity: str) -> None:
    """Deletes a Service's load balancer. Raises ResourceError without a controller."""
    key = f"{server} {identity}"
    if world.find("balancer", "LoadBalancer", key, server) is None:
        return
    if cloud(world, server) == "aws" and not _controlled(world, server):
        raise ResourceError(f"Service {identity} keeps its finalizer: no {_CONTROLLER} runs any more")
    world.drop("balancer", "LoadBalancer", key, server)


def let_go(world: World, server: str, identity: str) -> None:
    """The garbage collector will delete the Service soon."""
    thing = world.find("kubernetes", SERVICE, identity, server)
    if thing is not None:
        goes = {**thing.outputs, "goesAt": time.time() + LETTING_GO_SECONDS}
        world.put(Thing(**{**thing.__dict__, "outputs": goes}))


def settle(world: World) -> None:
    """Lets go what the garbage collector has had the time to delete."""
    for thing in world.things("kubernetes"):
        if time.time() < thing.outputs.get("goesAt", float("inf")) or world.dead(thing.owner):
            continue
        if cloud(world, thing.owner) != "aws" or _controlled(world, thing.owner):
            remove_service(world, thing.owner, thing.identity)


def empty_namespace(world: World, server: str, namespace: str) -> None:
    """Deletes everything in a namespace, which takes the load balancers along. Raises ResourceError."""
    for thing in world.things("kubernetes", server):
        if not thing.identity.startswith(f"{namespace}/"):
            continue
        if thing.type == SERVICE:
            remove(world, server, thing.identity)
        world.drop("kubernetes", thing.type, thing.identity, server)


def _controlled(world: World, server: str) -> bool:
    return any(
        thing.type == RELEASE and _CONTROLLER in str(thing.inputs.get("chart"))
        for thing in world.things("kubernetes", server)
    )
