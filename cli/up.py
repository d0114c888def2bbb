"""`hybrid-mesh up`: creates or updates the mesh of a stack and proves that it works."""

import typer

from hybrid_mesh.cli.console import say, step, warn
from hybrid_mesh.cli.engine import Engine, ending
from hybrid_mesh.cli.errors import FAILED, CommandError
from hybrid_mesh.cli.obtain import obtain_plugins
from hybrid_mesh.cli.options import Stack
from hybrid_mesh.cli.plans import is_local, stack_plan
from hybrid_mesh.cli.stack import prepared
from hybrid_mesh.cli.touch import command, next_steps
from hybrid_mesh.cli.verify import check, complain, show
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.paths import page
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
"""Compares with what exists, not with what was recorded: changes made by hand are undone."""


def up(stack: Stack = "local") -> None:
    """Create or update the mesh, check it with real requests, and print the next steps.

    Run it again at any time: after an interruption, a crash or a power cut it resumes where it
    stopped, and what was changed by hand in a running mesh becomes as declared again.
    """
    plan = stack_plan(stack)
    engine = Engine.find()
    refresh = [REFRESH]
    if is_local(plan):
        with step("Checking this host"):
            refresh = [REFRESH] if _is_running() else []
    engine = obtain_plugins(engine)
    if notice := engine.settings.notice():
        say(f"    {notice}")
    with step("Creating the mesh"), prepared(engine, stack, plan):
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
            complain(report)
            warn(f"       {page('troubleshooting.md')} explains each check.")
            warn(f"       Then run `{command('verify', stack)}`.")
            raise typer.Exit(FAILED)
    next_steps(plan)


def _is_running() -> bool:
    """Whether the lab was running. Checks the host before anything is changed; a lab that is
    stopped is restarted from its saved state.

    Raises ToolchainMissing, PreflightError or LabError.
    """
    Profile.current()
    try:
        LabClient.connect(start=False)
    except LabNotRunning:
        LabClient.check_host()
        if LabClient.has_state():
            say("    The lab is stopped; restarting it from its saved state.")
            LabClient.connect(start=True)
        return False
    return True
