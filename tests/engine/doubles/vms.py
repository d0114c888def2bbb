"""The VMs of managed groups: booted from the template of their group, and replaced as the cloud does it.

Nothing happens automatically: each `advance` is one step, as somebody looks at what there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from hybrid_mesh.model.istio_facts import AGENT_PORT
from tests.engine.doubles.boots import Boot, boot_of
from tests.engine.doubles.google_shared import MANAGER, TEMPLATE, ZONES
from tests.engine.doubles.store import Thing, World

PLUGIN: Final = "vm"
AUTOSCALER: Final = "gcp:compute/regionAutoscaler:RegionAutoscaler"
HEALTH_CHECK: Final = "gcp:compute/healthCheck:HealthCheck"
AMAZON_GROUP: Final = "aws:autoscaling/group:Group"
AMAZON_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
LIFECYCLE_HOOK: Final = "aws:autoscaling/lifecycleHook:LifecycleHook"


@dataclass(frozen=True)
class ManagedGroup:
    """A managed instance group or an Auto Scaling group. `surge` is how many VMs more it runs while it
    replaces some. Unless it `asks` whether an application answers, a new VM counts as soon as it runs.
    """

    identity: str
    template: str
    image: str
    user_data: str
    size: int
    surge: int
    asks: bool

    @property
    def boot(self) -> Boot:
        return boot_of(self.image, self.user_data)

    def misses(self, vm: Vm) -> bool:
        """Whether the group sees that a VM is not in service."""
        return self.asks and (bool(vm.message) or not vm.boot.joins())


@dataclass(frozen=True)
class Vm:
    """One VM."""

    thing: Thing

    @property
    def template(self) -> str:
        return str(self.thing.outputs["template"])

    @property
    def address(self) -> str:
        return str(self.thing.outputs["address"])

    @property
    def connected_at(self) -> str:
        return str(self.thing.outputs["connectedAt"])

    @property
    def settled(self) -> bool:
        """Whether its agent has probed the application."""
        return bool(self.thing.outputs["settled"])

    @property
    def boot(self) -> Boot:
        return boot_of(self.thing.inputs["image"], self.thing.inputs["userData"])

    @property
    def message(self) -> str:
        """Why its application does not answer, empty if it does."""
        return self.boot.unhealthy(self.address)


def vms(world: World, owner: str | None = None) -> list[Vm]:
    """All, or those of one managed group, the oldest first."""
    return sorted(
        (Vm(each) for each in world.things(PLUGIN, owner)), key=lambda vm: vm.thing.outputs["number"]
    )


def stop(world: World, owner: str) -> None:
    """With their group all its VMs go."""
    for vm in vms(world, owner):
        world.drop(PLUGIN, PLUGIN, vm.thing.identity, owner)


def advance(world: World) -> None:
    """One step of every managed group."""
    for group in managed_groups(world):
        _step(world, group)


def _step(world: World, group: ManagedGroup) -> None:
    """New VMs come up to the size and the surge; once all of them count, as many old ones go. What fails of
    an older template goes first."""
    known = vms(world, group.identity)
    for vm in (each for each in known if not each.settled):
        world.put(replace(vm.thing, outputs={**vm.thing.outputs, "settled": True}))
    new = [vm for vm in known if vm.template == group.template]
    old = [vm for vm in known if vm.template != group.template]
    waiting = [vm for vm in new if not vm.settled or group.misses(vm)]
    gone = [*new[group.size :], *(vm for vm in old if group.misses(vm))]
    if old and waiting:
        missing = 0
    else:
        serving = [vm for vm in old if not group.misses(vm)]
        gone += serving[: max(len(new) + len(serving) - group.size, 0)]
        left = len(old) + len(new) - len(gone)
        missing = min(group.size - len(new), group.size + (group.surge if known else 0) - left)
    for vm in gone:
        world.drop(PLUGIN, PLUGIN, vm.thing.identity, group.identity)
    for _ in range(missing):
        _start(world, group, settled=not known)


def _start(world: World, group: ManagedGroup, *, settled: bool) -> None:
    """The VMs of a new group are there at once: nobody would see the difference."""
    counter = world.folder / "vms"
    number = int(counter.read_text()) + 1 if counter.exists() else 1
    counter.write_text(str(number))
    outputs = {
        "number": number,
        "template": group.template,
        "address": f"10.98.{number >> 8}.{number & 255}",
        "connectedAt": datetime.now(UTC).isoformat(),
        "settled": settled,
    }
    inputs = {"image": group.image, "userData": group.user_data}
    world.put(Thing(PLUGIN, PLUGIN, f"vm-{number}", "", inputs, outputs, group.identity))


def managed_groups(world: World) -> Iterator[ManagedGroup]:
    yield from _of_google(world)
    yield from _of_amazon(world)


def _of_google(world: World) -> Iterator[ManagedGroup]:
    templates = {each.outputs["selfLink"]: each for each in world.of_type(TEMPLATE)}
    replicas = {each.inputs["target"]: each.inputs["autoscalingPolicy"] for each in world.of_type(AUTOSCALER)}
    checks = {each.outputs["selfLink"]: each.inputs for each in world.of_type(HEALTH_CHECK)}
    for group in world.of_type(MANAGER):
        link = group.inputs["versions"][0]["instanceTemplate"]
        template = templates.get(link)
        sizes = replicas.get(group.identity, {})
        policy = group.inputs.get("updatePolicy", {})
        check = checks.get(group.inputs.get("autoHealingPolicies", {}).get("healthCheck", ""), {})
        asked = [each["port"] for each in check.values() if isinstance(each, dict) and "port" in each]
        if template is not None:
            yield ManagedGroup(
                group.identity,
                link,
                template.inputs["disks"][0]["sourceImage"],
                template.inputs["metadata"]["user-data"],
                sizes.get("minReplicas", group.inputs.get("targetSize", 0)),
                policy.get("maxSurgeFixed", ZONES),
                bool(asked) and AGENT_PORT not in asked,
            )


def _of_amazon(world: World) -> Iterator[ManagedGroup]:
    templates = {each.identity: each for each in world.of_type(AMAZON_TEMPLATE)}
    hooked = {each.inputs["autoscalingGroupName"] for each in world.of_type(LIFECYCLE_HOOK)}
    for group in world.of_type(AMAZON_GROUP):
        used = group.inputs["launchTemplate"]
        template = templates.get(used["id"])
        size = group.inputs.get("desiredCapacity", group.inputs["minSize"])
        preferences = group.inputs.get("instanceRefresh", {}).get("preferences", {})
        most = preferences.get("maxHealthyPercentage", 110)
        if template is not None:
            yield ManagedGroup(
                group.identity,
                f"{used['id']}/{used['version']}",
                str(template.inputs.get("imageId", "")),
                template.inputs["userData"],
                size,
                max(size * (most - 100) // 100, 1),
                bool({group.identity, group.inputs.get("name")} & hooked)
                or bool(group.inputs.get("initialLifecycleHooks")),
            )
