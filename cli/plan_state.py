"""`hybrid-mesh plan --state`: the notices of a stack's last state."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.plan_clouds import MakeTable
from hybrid_mesh.cli.stack import last_line
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.notices.notices import notices


def state_notices(plan: MeshPlan) -> dict[str, Any]:
    """The notices as plain data. Secrets of the state stay encrypted. Raises CommandError."""
    found = notices(plan, exported_state(plan.stack), datetime.now(UTC))
    return {
        "stack": plan.stack,
        "notices": [{"level": each.level, "path": each.path, "message": each.message} for each in found],
    }


def has_warnings(found: dict[str, Any]) -> bool:
    return any(notice["level"] == "warning" for notice in found["notices"])


def notice_parts(found: dict[str, Any], table: MakeTable) -> Iterator[Table]:
    made = table(f"Notices of stack {found['stack']}", "", "about", "notice")
    for notice in found["notices"]:
        made.add_row(notice["level"], notice["path"] or "the stack", notice["message"])
    yield made


def exported_state(stack: str) -> dict[str, Any]:
    done = Engine.find().ask("stack", "export", "--stack", stack)
    try:
        state = json.loads(done.stdout) if done.returncode == 0 else None
    except ValueError:
        state = None
    if not isinstance(state, dict):
        reason = last_line(done.stderr).removeprefix("error: ")
        raise CommandError(
            f"The state of the stack {stack} cannot be read: {reason}",
            "Create the stack, or set PULUMI_BACKEND_URL to its backend; `pulumi stack ls` lists its stacks.",
        )
    return state
