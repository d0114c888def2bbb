"""Requirements as plain data."""

from typing import Any

from hybrid_mesh.model.clouds import prices
from hybrid_mesh.model.plan.requirements.types import Access, CostLine, Costs, Need, Requirements


def describe_requirements(stack: str, found: Requirements) -> dict[str, Any]:
    """In JSON's types, keys in camelCase."""
    return {
        "stack": stack,
        "regions": [
            {
                "cloud": region.cloud,
                "account": region.account,
                "region": region.region,
                "networks": list(region.networks),
                "needs": [_need(need) for need in region.needs],
                "unknown": list(region.unknown),
            }
            for region in found.regions
        ],
        "services": {project: list(names) for project, names in found.services.items()},
        "access": [_access(each) for each in found.access],
        "costs": _costs(found.costs),
    }


def _need(need: Need) -> dict[str, Any]:
    return {
        "what": need.what,
        "minimum": need.amount.minimum,
        "rolling": need.amount.rolling,
        "maximum": need.amount.maximum,
        "rollingMaximum": need.amount.rolling_maximum,
        "quota": {
            "name": need.quota.name,
            "default": need.quota.default,
            "wanted": need.wanted,
            "exceedsDefault": need.exceeds_default,
            "show": need.quota.show,
            "request": need.request,
        },
    }


def _access(each: Access) -> dict[str, Any]:
    return {
        "cloud": each.cloud,
        "account": each.account,
        "purpose": each.purpose,
        "roles": list(each.roles),
        "policy": each.policy,
    }


def _costs(found: Costs) -> dict[str, Any]:
    return {
        "currency": "USD",
        "pricesOf": prices.AS_OF,
        "minimum": round(found.minimum),
        "maximum": round(found.maximum),
        "lines": [_line(line) for line in found.lines],
        "unknown": list(found.unknown),
    }


def _line(line: CostLine) -> dict[str, Any]:
    return {
        "cloud": line.cloud,
        "region": line.region,
        "what": line.what,
        "minimum": line.minimum,
        "maximum": line.maximum,
        "each": round(line.unit, 4),
    }
