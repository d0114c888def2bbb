"""The notices of a stack: what its last state says about what will need somebody."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from hybrid_mesh.model.config.renewal import EXPIRY_WARNING
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.plan.versions import ahead, running_versions
from hybrid_mesh.operate.notices.certificates import Intermediate, authorities, intermediates
from hybrid_mesh.operate.notices.types import Notice, Resource, resources

DAY = timedelta(days=1)


def notices(plan: MeshPlan, state: Mapping[str, Any], now: datetime) -> list[Notice]:
    """Warnings first. `state` is what `pulumi stack export` prints, without secrets; `now` has a time zone.

    Renewals and ends of certificates, clusters that run another Kubernetes than the file says, groups whose
    VMs did not register, and an interrupted run.
    """
    found = resources(state)
    if not found:
        return [Notice("notice", "", "the stack has no resources yet")]
    issued = {each.cluster: each for each in intermediates(found) if each.cluster in plan.clusters}
    made = [
        *_interrupted(state),
        *_registrations(found),
        *(Notice("warning", _path_of(line), line) for line in ahead(plan, running_versions(plan, found))),
        *_renewals(plan, issued, now),
        *_ends(found, issued, now),
    ]
    return sorted(made, key=lambda notice: notice.level != "warning")


def _interrupted(state: Mapping[str, Any]) -> Iterator[Notice]:
    pending = (state.get("deployment") or {}).get("pending_operations") or []
    names = sorted({str(each.get("resource", {}).get("urn", "")).rpartition("::")[2] for each in pending})
    if names:
        yield Notice("warning", "", f"the last run was interrupted while it worked on {', '.join(names)}")


def _registrations(found: list[Resource]) -> Iterator[Notice]:
    for resource in found:
        if resource.get("type") != "hybridmesh:index:MachineRegistration" or not resource.get("initErrors"):
            continue
        group = (resource.get("inputs") or {}).get("group", "")
        reason = str(resource["initErrors"][0]).splitlines()[0]
        yield Notice(
            "warning",
            f"workloadGroups.{group}",
            f"VMs of {group}: registration failed in the last run: {reason}",
        )


def _path_of(line: str) -> str:
    """The path at the beginning of a message."""
    return line.partition(" ")[0].rstrip(":")


def _renewals(plan: MeshPlan, issued: Mapping[str, Intermediate], now: datetime) -> Iterator[Notice]:
    for name in plan.clusters:
        path, each = f"clusters.{name}", issued.get(name)
        if each is None:
            yield Notice(
                "notice", path, f"intermediate of {name}: not in the state; the next `up` records it"
            )
            continue
        ends = f"the certificate ends on {each.ends:%Y-%m-%d}"
        if each.ends <= now:
            message = f"intermediate of {name}: ended on {each.ends:%Y-%m-%d}. Run `pulumi up`"
        elif each.due <= now:
            message = (
                f"intermediate of {name}: renewal due since {each.due:%Y-%m-%d}; {ends}. Run `pulumi up`"
            )
        else:
            due = f"renewal due in {_days(each.due - now)}, on {each.due:%Y-%m-%d}"
            message = f"intermediate of {name}: {due}; {ends}"
        yield Notice("warning" if each.due <= now else "notice", path, message)


def _ends(found: list[Resource], issued: Mapping[str, Intermediate], now: datetime) -> Iterator[Notice]:
    """The ends of the root and of other authorities. One that ends before the next intermediate would is a
    warning as soon as it is near."""
    for authority in authorities(found):
        kind = "root" if authority.root else "authority"
        what = f"{kind} {authority.name}:"
        if authority.ends <= now:
            yield Notice("warning", "trust", f"{what} ended on {authority.ends:%Y-%m-%d}")
            continue
        message = f"{what} ends in {_days(authority.ends - now)}, on {authority.ends:%Y-%m-%d}"
        short = [each for each in issued.values() if authority.ends < each.next_ends]
        first = min(short, key=lambda each: each.due, default=None)
        if first is not None and first.due - now < EXPIRY_WARNING:
            message += (
                f", before an intermediate that {first.cluster} gets on {first.due:%Y-%m-%d}. Renew the "
                "authority, or lower `trust.intermediateValidityDays`"
            )
            yield Notice("warning", "trust", message)
        else:
            near = authority.ends - now < EXPIRY_WARNING
            yield Notice("warning" if near else "notice", "trust", message)


def _days(span: timedelta) -> str:
    number = span // DAY
    return f"{number} day" if number == 1 else f"{number} days"
