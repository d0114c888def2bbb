"""`hybrid-mesh doctor`: what is wrong with a running mesh, and what repairs it."""

import json
import re
import shlex

import typer

from hybrid_mesh.cli.console import out, say
from hybrid_mesh.cli.options import DEFAULT_STACK, Json, Stack
from hybrid_mesh.cli.plans import is_local, stack_plan
from hybrid_mesh.cli.shells import MeshShell
from hybrid_mesh.cli.typed import COMMAND, needing_lab
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.operate.doctor.report import as_json, as_text, summary
from hybrid_mesh.operate.doctor.run import examine

_WORDS = re.compile(r"\bhybrid-mesh ([a-z-]+)")


def doctor(stack: Stack = "local", *, json_output: Json = False) -> None:
    """Say what is wrong with a running mesh, where, since when, and what repairs it.

    It compares the plan of the stack with its clusters and VMs, and changes nothing.

    Example:

        hybrid-mesh doctor --stack prod

    With --json: {"state": "healthy", "warnings" or "broken", "seconds", "taken", "findings": [{"check",
    "severity": "broken" or "warning", "subject", "problem", "since", "remedy": [...], "fixable"}],
    "notChecked": [{"subject", "reason"}]}.

    Exit codes: 0 healthy; 1 warnings only; 2 something is broken, or a wrong command line or configuration.
    """
    plan = stack_plan(stack)
    if is_local(plan):
        with needing_lab(stack):
            LabClient.connect(start=False)
    diagnosis = examine(plan, MeshShell(plan), progress=lambda text: say(f"    {text}"))

    def typed(line: str) -> str:
        return as_typed(line, stack)

    if json_output:
        out.print_json(json.dumps(as_json(diagnosis, typed)))
    else:
        out.print(as_text(diagnosis, typed), end="")
        out.print(summary(diagnosis), markup=False)
    raise typer.Exit(diagnosis.code)


def as_typed(line: str, stack: str) -> str:
    """`line` with its commands of this program as the user can type them, for `stack`."""
    of = "" if stack == DEFAULT_STACK else f" --stack {shlex.quote(stack)}"
    return _WORDS.sub(lambda match: f"{COMMAND} {match[1]}{'' if match[1] == 'lab' else of}", line)
