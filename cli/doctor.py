"""`hybrid-mesh doctor`: what is wrong with a running mesh, and what repairs it."""

import json
import re
import shlex
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import typer

from hybrid_mesh.cli.console import out, say, warn
from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.cli.options import DEFAULT_STACK, Json, Stack, Yes
from hybrid_mesh.cli.plan_state import exported_state
from hybrid_mesh.cli.plans import is_local, stack_plan
from hybrid_mesh.cli.question import can_ask, confirmed
from hybrid_mesh.cli.shells import MeshShell
from hybrid_mesh.cli.stack import running_update
from hybrid_mesh.cli.typed import COMMAND, needing_lab
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.patience import patient
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.repairs import Repair, RepairError, perform
from hybrid_mesh.operate.doctor.report import as_json, as_text, summary
from hybrid_mesh.operate.doctor.run import HEALTHY, Diagnosis, during_update, examine
from hybrid_mesh.operate.notices.types import resources, text

_WORDS = re.compile(r"\bhybrid-mesh ([a-z-]+)")


SETTLE_SECONDS = 90.0
"""How long the mesh may take after repairs."""
PAUSE_SECONDS = 1.0

Fix = Annotated[
    bool, typer.Option("--fix", help="Repair what is safe to repair, after a question for each repair.")
]


def doctor(stack: Stack = "local", fix: Fix = False, yes: Yes = False, *, json_output: Json = False) -> None:
    """Say what is wrong with a running mesh, where, since when, and what repairs it.

    It compares the plan of the stack with its clusters and VMs, and changes nothing unless --fix is given.

    Example:

        hybrid-mesh doctor --stack prod

    With --json: {"state": "healthy", "warnings" or "broken", "seconds", "taken", "findings": [{"check",
    "severity": "broken" or "warning", "subject", "problem", "since", "remedy": [...], "fixable"}],
    "notChecked": [{"subject", "reason"}]}, and with --fix "before": the findings before the repairs, and
    "repairs": [{"question", "done", "error"}].

    Exit codes: 0 healthy; 1 warnings only; 2 something is broken, or a wrong command line or configuration.
    """
    plan = stack_plan(stack)
    if is_local(plan):
        with needing_lab(stack):
            LabClient.connect(start=False)

    def typed(line: str) -> str:
        return as_typed(line, stack)

    if fix and not yes and not can_ask():
        raise CommandError("--fix asks before each repair, and there is no terminal.", "Add --yes.", WRONG)
    shell = MeshShell(plan)
    began = running_update(plan.stack)
    diagnosis = during_update(examine(plan, shell, progress=lambda text: say(f"    {text}")), began)
    repaired: list[dict[str, Any]] = []
    before = diagnosis
    if fix:
        repaired = _repair(shell, plan.stack, diagnosis, yes, typed)
        if any(each["done"] for each in repaired):
            diagnosis = _settled(plan, shell)
    if json_output:
        document = as_json(diagnosis, typed)
        if fix:
            document |= {"repairs": repaired, "before": as_json(before, typed)["findings"]}
        out.print_json(json.dumps(document))
    else:
        out.print(as_text(diagnosis, typed), end="")
        out.print(summary(diagnosis), markup=False)
    raise typer.Exit(diagnosis.code)


def _repair(
    shell: MeshShell, stack: str, diagnosis: Diagnosis, yes: bool, typed: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Asks, repairs, and says what was done: `{question, done, error}` of each repair that was wanted."""
    manager_of = _Managers(stack)
    made: list[dict[str, Any]] = []
    for repair in _different(each.repair for each in diagnosis.findings):
        if not yes and not confirmed(repair.question):
            continue
        say(f"==> {repair.question.removesuffix('?')}", style="bold")
        reason = ""
        try:
            perform(repair, shell, manager_of)
        except RepairError as error:
            reason = typed(str(error))
            warn(f"    failed: {reason}", style="red")
        made.append({"question": repair.question, "done": not reason, "error": reason})
    return made


def _different(repairs: Iterable[Repair | None]) -> list[Repair]:
    """Each once: several findings may have one repair."""
    found: list[Repair] = []
    for each in repairs:
        if each is not None and each not in found:
            found.append(each)
    return found


def _settled(plan: MeshPlan, shell: MeshShell) -> Diagnosis:
    """What is left once the mesh has taken the repairs in."""
    say("    waiting for the mesh")
    deadline = time.monotonic() + patient(SETTLE_SECONDS)
    diagnosis = examine(plan, shell)
    while diagnosis.code != HEALTHY and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
        diagnosis = examine(plan, shell)
    return diagnosis


class _Managers:
    """The managers of fields in the stack's state, read when the first is needed."""

    def __init__(self, stack: str) -> None:
        self._stack = stack
        self._known: Mapping[str, str] | None = None

    def __call__(self, resource: str) -> str | None:
        if self._known is None:
            self._known = {
                str(each["urn"]).rpartition("::")[2]: manager
                for each in resources(exported_state(self._stack))
                if (manager := text((each.get("outputs") or {}).get("__fieldManager")))
            }
        found = (manager for name, manager in self._known.items() if name.endswith(f"-{resource}"))
        return next(found, None)


def as_typed(line: str, stack: str) -> str:
    """`line` with its commands of this program as the user can type them, for `stack`."""
    of = "" if stack == DEFAULT_STACK else f" --stack {shlex.quote(stack)}"
    return _WORDS.sub(lambda match: f"{COMMAND} {match[1]}{'' if match[1] == 'lab' else of}", line)
