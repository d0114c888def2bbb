"""What a stack was last brought up with, as the engine's backend remembers it."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.stack import last_line
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.sections import NAMESPACE

_SECONDS: Final = 10.0
_UPDATES: Final = ("update", "destroy")
"""Entries of the history that change what exists. Source: UpdateKind in pulumi/sdk/v3/go/common/apitype."""


@dataclass(frozen=True)
class Deployed:
    """The mesh of the last update; `plan` is None where nothing is deployed. `complete`: the update did not
    fail, so all of it exists."""

    plan: MeshPlan | None
    complete: bool = True


def deployed(stack: str) -> Deployed:
    """The configuration of the stack's last update, planned by this version of the program. The backend keeps
    it with the update: `pulumi config refresh` reads the same. Its secrets stay encrypted.

    Raises CommandError when the history cannot be read, or this version cannot read that configuration.
    """
    for update in _history(stack):
        if update.get("kind") not in _UPDATES:
            continue
        complete = update.get("result") == "succeeded"
        if update["kind"] == "destroy" and complete:
            return Deployed(None)
        try:
            return Deployed(plan_from(_mesh(update), stack), complete)
        except (ConfigurationError, LookupError, TypeError, ValueError) as error:
            raise CommandError(
                f"The last update of the stack {stack} has a configuration that this version cannot read: "
                f"{str(error).splitlines()[0] if str(error) else type(error).__name__}",
                "Compare with the stack file of that time instead: --diff FILE.",
            ) from None
    return Deployed(None)


def _mesh(update: Mapping[str, Any]) -> Any:
    """Raises LookupError or ValueError when the update has no readable mesh."""
    entry = update["config"][f"{NAMESPACE}:mesh"]
    return json.loads(entry["value"])


def _history(stack: str) -> list[dict[str, Any]]:
    """The stack's updates, the newest first."""
    question = ("stack", "history", "--json", "--page-size", "50", "--stack", stack)
    try:
        done = Engine.find().ask(*question, timeout=_SECONDS)
        found = json.loads(done.stdout or "[]") if done.returncode == 0 else None
        reason = last_line(done.stderr).removeprefix("error: ")
    except ValueError:
        found, reason = None, "the answer is not JSON"
    except subprocess.TimeoutExpired:
        found, reason = None, "its backend does not answer"
    if not isinstance(found, list):
        raise CommandError(
            f"The history of the stack {stack} cannot be read: {reason}",
            "Create the stack, or set PULUMI_BACKEND_URL to its backend; `pulumi stack ls` lists its stacks.",
        )
    return found
