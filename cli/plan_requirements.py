"""`hybrid-mesh plan --requirements`: what a stack needs of its accounts, for people."""

import json
from collections.abc import Iterator
from typing import Any

from rich.table import Table

from hybrid_mesh.cli.plan_clouds import MakeTable

NOTHING = "The stack creates nothing in a cloud, so it needs nothing of an account."


def requirement_parts(found: dict[str, Any], table: MakeTable) -> Iterator[Table | str]:
    """The tables and lines of described requirements (`model.plan.requirements.describe`)."""
    if not found["regions"] and not found["access"]:
        yield NOTHING
        return
    for region in found["regions"]:
        yield _needs(region, table)
        yield from _commands(region)
    yield from _services(found["services"])
    yield _access(found["access"], table)
    yield from _policies(found["access"])
    if found["costs"]["lines"] or found["costs"]["unknown"]:
        yield _costs(found["costs"], table)
        yield "\n".join([*found["costs"]["unknown"], _total(found["costs"])])


def _place(entry: dict[str, Any]) -> str:
    return f"{entry['cloud']} {entry['account']}".strip()


def _needs(region: dict[str, Any], table: MakeTable) -> Table:
    made = table(
        f"Needed in {region['region']} of {_place(region)}",
        "what",
        "minimum",
        "rolling",
        "maximum",
        "rolling at maximum",
        "quota",
        "default",
    )
    for need in region["needs"]:
        quota = need["quota"]
        sizes = [need[key] for key in ("minimum", "rolling", "maximum", "rollingMaximum")]
        default = "" if quota["default"] is None else str(quota["default"])
        made.add_row(need["what"], *map(str, sizes), quota["name"], default)
    return made


def _commands(region: dict[str, Any]) -> Iterator[str]:
    """How to look at the quotas, and which of them have to be raised."""
    quotas = [need["quota"] for need in region["needs"]]
    open_ = list(dict.fromkeys(each["show"] for each in quotas if each["default"] is None))
    raised = list(dict.fromkeys(each["request"] for each in quotas if each["exceedsDefault"]))
    lines = list(region["unknown"])
    if open_:
        pages = dict.fromkeys(each["request"] for each in quotas if each["default"] is None)
        lines += ["Compare with the project's quotas:", *(f"  {each}" for each in open_)]
        lines += [f"Raise them at {page}" for page in pages]
    if raised:
        lines += ["Above the default quota; raise it unless the account's is larger:"]
        lines += [f"  {each}" for each in raised]
    if lines:
        yield "\n".join(lines)


def _services(services: dict[str, list[str]]) -> Iterator[str]:
    for project, names in services.items():
        yield f"Services to enable:\n  gcloud services enable --project {project} {' '.join(names)}"


def _access(access: list[dict[str, Any]], table: MakeTable) -> Table:
    made = table("Permissions", "account", "for", "roles and policies")
    for each in access:
        policies = [*each["roles"], *(["the policy below"] if each["policy"] else [])]
        made.add_row(_place(each), each["purpose"], "\n".join(policies))
    return made


def _policies(access: list[dict[str, Any]]) -> Iterator[str]:
    for each in access:
        if each["policy"]:
            yield f"Policy of {_place(each)} for {each['purpose']}:\n{json.dumps(each['policy'], indent=2)}"


def _costs(costs: dict[str, Any], table: MakeTable) -> Table:
    made = table(
        f"Estimate for a month in US dollars, from list prices of {costs['pricesOf']}",
        "region",
        "what",
        "minimum",
        "maximum",
        "each",
        "cost at minimum",
        "cost at maximum",
    )
    for line in costs["lines"]:
        sums = [f"{line[size] * line['each']:.0f}" for size in ("minimum", "maximum")]
        numbers = [str(line["minimum"]), str(line["maximum"]), f"{line['each']:.2f}", *sums]
        made.add_row(f"{line['cloud']} {line['region']}", line["what"], *numbers)
    return made


def _total(costs: dict[str, Any]) -> str:
    start = "Known parts of a month" if costs["unknown"] else "A month"
    return (
        f"{start}: {costs['minimum']} at the minimum size, {costs['maximum']} at the maximum. "
        "Traffic, logs and requests are extra."
    )
