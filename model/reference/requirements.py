"""The blocks of docs/clouds.md that say what the shipped stacks need of their accounts.

A block begins with a line `<!-- requirements of <stack>: <part> -->` and ends with `<!-- end -->`; the parts
are those of `PARTS`. `python -m hybrid_mesh.model.reference.requirements` renews every block of the page.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.requirements.describe import describe_requirements
from hybrid_mesh.model.plan.requirements.regions import requirements
from hybrid_mesh.model.reading.stack_file import read_stack_file, stack_file

PROJECT = Path(__file__).resolve().parents[2]
PAGE_PATH = PROJECT / "docs" / "clouds.md"
BLOCK = re.compile(
    r"(?P<start><!-- requirements of (?P<stack>\w+): (?P<part>\w+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)

Found = Mapping[str, Any]


def renewed(page: str) -> str:
    """`page` with its blocks as the stacks need them. Raises KeyError for an unknown part."""

    def block(found: re.Match[str]) -> str:
        text = PARTS[found["part"]](_requirements(found["stack"]))
        return f"{found['start']}\n{text}\n\n{found['end']}"

    return BLOCK.sub(block, page)


@cache
def _requirements(stack: str) -> Found:
    plan = plan_from(read_stack_file(stack_file(PROJECT, stack)), stack)
    return describe_requirements(stack, requirements(plan))


def _quotas(found: Found) -> str:
    """A table of each region, and the commands for what exceeds a default quota."""
    parts = []
    for region in found["regions"]:
        rows = [
            (
                need["what"],
                *(need[size] for size in ("minimum", "rolling", "maximum", "rollingMaximum")),
                need["quota"]["name"],
                "" if need["quota"]["default"] is None else need["quota"]["default"],
            )
            for need in region["needs"]
        ]
        place = f"{region['cloud']}, {region['region']}"
        heads = (place, "minimum", "rolling", "maximum", "rolling at maximum", "quota", "default")
        parts.append(_table(heads, rows))
        parts += [_console(commands) for commands in [list(_raised(region))] if commands]
    return "\n\n".join(parts)


def _raised(region: Found) -> Iterator[str]:
    quotas = [need["quota"] for need in region["needs"]]
    yield from dict.fromkeys(each["show"] for each in quotas if each["default"] is None)
    yield from dict.fromkeys(each["request"] for each in quotas if each["exceedsDefault"])


def _services(found: Found) -> str:
    commands = [
        f"gcloud services enable --project {project} {' '.join(names)}"
        for project, names in found["services"].items()
    ]
    return _console(commands)


def _roles(found: Found) -> str:
    rows = [
        (
            f"{each['cloud']}: {each['purpose']}",
            "<br>".join([*map(_code, each["roles"]), *(["the policy below"] if each["policy"] else [])]),
        )
        for each in found["access"]
    ]
    return _table(("who runs", "roles and policies"), rows)


def _policy(found: Found) -> str:
    policies = [each["policy"] for each in found["access"] if each["policy"]]
    return "\n\n".join(f"```json\n{json.dumps(policy, indent=2)}\n```" for policy in policies)


def _costs(found: Found) -> str:
    """A month of each part, and the sums."""
    costs = found["costs"]
    rows = [
        (
            f"{line['cloud']}: {line['what']}",
            line["minimum"],
            line["maximum"],
            f"{line['each']:.2f}",
            *(f"{line[size] * line['each']:.0f}" for size in ("minimum", "maximum")),
        )
        for line in costs["lines"]
    ]
    sums = (
        f"**a month of `{found['stack']}`**",
        "",
        "",
        "",
        f"**{costs['minimum']}**",
        f"**{costs['maximum']}**",
    )
    heads = ("what", "minimum", "maximum", "each", "cost at minimum", "cost at maximum")
    return "\n".join([_table(heads, [*rows, sums]), *costs["unknown"]])


PARTS: Mapping[str, Callable[[Found], str]] = {
    "quotas": _quotas,
    "services": _services,
    "roles": _roles,
    "policy": _policy,
    "costs": _costs,
}


def _code(role: str) -> str:
    """The name of a role and its condition as code."""
    name, comma, rest = role.partition(", ")
    if "/" not in name and not name.isalnum():
        return role
    limit, word, condition = rest.partition("condition ")
    return f"`{name}`{comma}{limit}{word}" + (f"`{condition}`" if condition else "")


def _table(heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _console(commands: list[str]) -> str:
    return "\n".join(["```console", *(f"$ {command}" for command in commands), "```"])


if __name__ == "__main__":
    PAGE_PATH.write_text(renewed(PAGE_PATH.read_text(encoding="utf-8")), encoding="utf-8")
