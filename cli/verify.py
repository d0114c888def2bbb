"""`hybrid-mesh verify`: proves with real requests that the mesh works."""

import json
from typing import Annotated

import typer

from hybrid_mesh.cli.console import out, say
from hybrid_mesh.cli.errors import FAILED, WRONG, CommandError
from hybrid_mesh.cli.options import Json, Stack
from hybrid_mesh.cli.plans import stack_plan
from hybrid_mesh.cli.shells import MeshShell
from hybrid_mesh.local.patience import patient
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.verify.report import as_json, as_table, summary
from hybrid_mesh.operate.verify.run import Report
from hybrid_mesh.operate.verify.run import verify as run_verify

Patience = Annotated[
    float, typer.Option(help="Seconds for which a mesh that is not yet as it must be is checked anew.", min=0)
]


def verify(stack: Stack = "local", json_output: Json = False, patience: Patience = 0.0) -> None:
    """Check with real requests that the mesh works, and that what must fail fails.

    From a pod in each cluster and from each machine to each service, through the ingress from outside, and
    from pods without a proxy. Exit code 0 only when all of it holds.
    """
    report = check(stack_plan(stack), patience)
    if json_output:
        out.print_json(json.dumps(as_json(report)))
    else:
        show(report)
    if not report.holds:
        raise typer.Exit(FAILED)


def check(plan: MeshPlan, patience: float) -> Report:
    """Raises CommandError when the mesh has nothing to be probed with."""
    if plan.demo is None:
        raise CommandError(
            f"The stack {plan.stack} declares no `demo`, and verify sends its requests to it.",
            "Add `demo: {}` to hybrid-mesh:mesh and run `pulumi up`.",
            WRONG,
        )
    shell = MeshShell(plan)
    return run_verify(
        plan, shell, patience=patience, slowness=patient(1), progress=lambda text: say(f"    {text}")
    )


def show(report: Report) -> None:
    out.print(as_table(report), soft_wrap=False)
    out.print(summary(report), markup=False)
