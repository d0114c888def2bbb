"""`hybrid-mesh up`: raises the mesh of the local stack and proves that it works."""

import typer

from hybrid_mesh.cli.console import say, step
from hybrid_mesh.cli.engine import Engine, ending
from hybrid_mesh.cli.errors import FAILED, CommandError
from hybrid_mesh.cli.obtain import obtain_plugins
from hybrid_mesh.cli.options import Stack
from hybrid_mesh.cli.plans import is_local, stack_plan
from hybrid_mesh.cli.stack import prepared
from hybrid_mesh.cli.touch import how_to_touch
from hybrid_mesh.cli.verify import check, show
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.toolchain.profile import Profile

PATIENCE = 90.0
"""Seconds for which a mesh that was just raised, or came back from a power cut, may not yet be as it must."""

ARGUMENTS = (
    "up",
    "--yes",
    "--skip-preview",
    "--skip-plugin-pre-install",
    "--suppress-outputs",
    "--suppress-progress",
)
REFRESH = "--refresh"
"""Compares with what is there and not with what was remembered: what was changed by hand is put right too."""


def up(stack: Stack = "local") -> None:
    """Raise the mesh, check it with real requests, and say what exists and how to touch it.

    Run it again at any time: after an interruption, a crash or a power cut it goes on from where things are,
    and what was changed by hand in a mesh that is up becomes as declared.
    """
    plan = stack_plan(stack)
    engine = Engine.find()
    refresh = [REFRESH]
    if is_local(plan):
        with step("Looking at this machine"):
            refresh = [REFRESH] if _is_running() else []
    engine = obtain_plugins(engine)
    if notice := engine.settings.notice():
        say(f"    {notice}")
    with step("Raising the mesh"), prepared(engine, stack, plan):
        code = engine.stream(*ARGUMENTS, *refresh, "--stack", stack)
    if code != 0:
        raise CommandError(
            f"`pulumi up` {ending(code)}.",
            "Fix the cause and run the same command again: it resumes where it stopped."
            + (" `hybrid-mesh lab export DIR` copies the lab's logs." if is_local(plan) else ""),
        )
    if plan.demo is not None:
        with step("Checking the mesh with real requests"):
            report = check(plan, PATIENCE)
        show(report)
        if not report.holds:
            say("error: The mesh is there but does not work as declared.", style="red")
            say("       docs/troubleshooting.md; `hybrid-mesh lab logs`; then `hybrid-mesh verify` again.")
            raise typer.Exit(FAILED)
    how_to_touch(plan)


def _is_running() -> bool:
    """Whether the lab was running. Sees that all is there before anything is changed; a lab that is off but
    has a past is powered on.

    Raises ToolchainMissing, PreflightError or LabError.
    """
    Profile.current()
    try:
        LabClient.connect(start=False)
    except LabNotRunning:
        LabClient.check_host()
        if LabClient.has_state():
            say("    The lab is off but has a past: powering it on again.")
            LabClient.connect(start=True)
        return False
    return True
