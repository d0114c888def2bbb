"""What Compute Engine refuses although its schemas take it: a function for each rule, with its source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Final

from tests.engine.doubles.google_shared import (
    MANAGER,
    TEMPLATE,
    ZONES,
    GoogleRule,
    disk_fits_machine,
    well_formed_tags,
)
from tests.engine.doubles.rules import CloudCall

_PUBLIC_IMAGES: Final[Mapping[str, re.Pattern[str]]] = {
    "ubuntu-os-cloud": re.compile(r"(ubuntu-)?(minimal-)?(2204|2404|2510|2604)(-lts)?(-amd64|-arm64)?"),
    "ubuntu-os-pro-cloud": re.compile(
        r"ubuntu-(minimal-)?pro-(1604|1804|2004|2204|2404|2604)-lts(-amd64|-arm64)?"
    ),
    "debian-cloud": re.compile(r"debian-1[123](-arm64)?"),
    "rocky-linux-cloud": re.compile(r"rocky-linux-(8|9|10)(-optimized-gcp)?(-arm64)?"),
    "cos-cloud": re.compile(r"cos-(stable|beta|dev|lts|arm64-stable|\d+-lts)"),
}
"""Image families of Google's public projects, as of November 2026 (Compute Engine, "Operating system
details")."""


def _template_disk(call: CloudCall) -> Iterator[str]:
    for disk in call.inputs.get("disks", ()):
        yield from disk_fits_machine(
            call.inputs["machineType"], disk.get("diskType", ""), disk.get("diskSizeGb")
        )


def _template_image(call: CloudCall) -> Iterator[str]:
    """A public project has the families of the list only; what other projects have, nobody knows here."""
    for disk in call.inputs.get("disks", ()):
        parts = str(disk.get("sourceImage", "")).removeprefix("projects/").split("/")
        known = _PUBLIC_IMAGES.get(parts[0])
        if known and not known.fullmatch(parts[-1]) and not re.search(r"-v\d{8}", parts[-1]):
            yield f"Could not find image or family {parts[0]}/{parts[-1]}"


def _group_policy(call: CloudCall) -> Iterator[str]:
    """Compute Engine, "Automatically apply VM configuration updates in a MIG": in a regional group, fixed
    numbers are 0 or at least the number of zones; RECREATE takes no surge. Initial delay: the API's page on
    `autoHealingPolicies[].initialDelaySec`."""
    policy, zones = (
        call.inputs.get("updatePolicy", {}),
        len(call.inputs.get("distributionPolicyZones") or ()) or ZONES,
    )
    surge, missing = policy.get("maxSurgeFixed"), policy.get("maxUnavailableFixed")
    for name, number in (("maxSurge", surge), ("maxUnavailable", missing)):
        if number is not None and 0 < number < zones:
            yield (
                f"Invalid value for field 'resource.updatePolicy.{name}.fixed': '{number}'. Fixed "
                f"updatePolicy.{name} for regional managed instance group has to be either 0 or at least "
                f"equal to the number of zones ({zones})."
            )
    if surge == 0 and missing == 0:
        yield "At least one of maxSurge and maxUnavailable must be greater than 0"
    if policy.get("replacementMethod") == "RECREATE" and surge:
        yield "maxSurge must be 0 with replacement method RECREATE"
    delay = call.inputs.get("autoHealingPolicies", {}).get("initialDelaySec", 0)
    if not 0 <= delay <= 3600:
        yield f"Invalid value for field 'initialDelaySec': '{delay}'. Must be between 0 and 3600"
    region = call.inputs.get("region", call.facts.region)
    for zone in call.inputs.get("distributionPolicyZones") or ():
        if not zone.startswith(f"{region}-"):
            yield f"Zone {zone} is not in region {region}"


def _group_template(call: CloudCall) -> Iterator[str]:
    known = {each.outputs["selfLink"] for each in call.facts.world.of_type(TEMPLATE)}
    for version in call.inputs.get("versions", ()):
        if version["instanceTemplate"] not in known:
            yield f"The resource '{version['instanceTemplate']}' was not found"


def _replicas(call: CloudCall) -> Iterator[str]:
    policy = call.inputs["autoscalingPolicy"]
    if policy["minReplicas"] > policy["maxReplicas"]:
        yield "minNumReplicas must not be greater than maxNumReplicas"
    if not 0 < policy.get("cpuUtilization", {}).get("target", 0.6) <= 1:
        yield "utilizationTarget must be greater than 0 and at most 1"


def _probe_times(call: CloudCall) -> Iterator[str]:
    """Compute Engine API, `healthChecks`: a timeout is at most the interval; thresholds are 1 to 10."""
    interval, timeout = call.inputs.get("checkIntervalSec", 5), call.inputs.get("timeoutSec", 5)
    if not 1 <= timeout <= interval <= 300:
        yield f"timeoutSec {timeout} and checkIntervalSec {interval} are not 1 to 300 in this order"
    for name in ("healthyThreshold", "unhealthyThreshold"):
        if not 1 <= call.inputs.get(name, 2) <= 10:
            yield f"{name} must be from 1 to 10"


def _ports_of_protocols(call: CloudCall) -> Iterator[str]:
    """VPC, "Protocols and ports": ports go with TCP, UDP and SCTP only."""
    for allowed in call.inputs.get("allows", ()):
        if allowed.get("ports") and allowed["protocol"] not in ("tcp", "udp", "sctp", "6", "17", "132"):
            yield f"Ports may only be specified on rules whose protocol is TCP, UDP or SCTP, not {allowed}"
    for text in [*call.inputs.get("sourceRanges", ()), *call.inputs.get("destinationRanges", ())]:
        IPv4Network(text)


def _nat_ports(call: CloudCall) -> Iterator[str]:
    """Cloud NAT, "Dynamic port allocation": not together with endpoint-independent mapping."""
    if call.inputs.get("enableDynamicPortAllocation") and call.inputs.get("enableEndpointIndependentMapping"):
        yield "Endpoint-Independent Mapping cannot be enabled with Dynamic Port Allocation"
    if call.inputs.get("natIpAllocateOption") == "MANUAL_ONLY" and not call.inputs.get("natIps"):
        yield "natIps must be given with MANUAL_ONLY"


RULES: Final[Mapping[str, tuple[GoogleRule, ...]]] = {
    TEMPLATE: (
        _template_disk,
        _template_image,
        lambda call: well_formed_tags(call.inputs.get("tags", ())),
    ),
    MANAGER: (_group_policy, _group_template),
    "gcp:compute/regionAutoscaler:RegionAutoscaler": (_replicas,),
    "gcp:compute/healthCheck:HealthCheck": (_probe_times,),
    "gcp:compute/firewall:Firewall": (
        _ports_of_protocols,
        lambda call: well_formed_tags(call.inputs.get("targetTags", ())),
    ),
    "gcp:compute/routerNat:RouterNat": (_nat_ports,),
}
