"""`hybrid-mesh up`: creates or updates the mesh of a stack and proves that it works."""

import time
from collections.abc import Sequence

import typer

from hybrid_mesh.cli import declared, durations
from hybrid_mesh.cli.changes import Changes
from hybrid_mesh.cli.consent import agree, nothing_changed_yet, require_terminal, show, show_losses
from hybrid_mesh.cli.console import Verbosity, out, say, step, verbosity, warn
from hybrid_mesh.cli.context_checks import check_contexts
from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.errors import FAILED, CommandError
from hybrid_mesh.cli.findings import intention
from hybrid_mesh.cli.holdings import Holding, holdings
from hybrid_mesh.cli.kubectl import NO_KUBECTL, find_kubectl
from hybrid_mesh.cli.obtain import obtain_plugins
from hybrid_mesh.cli.options import PreviewOnly, Stack, Yes
from hybrid_mesh.cli.perform import failure, perform, preview
from hybrid_mesh.cli.plans import is_local, is_only_local, stack_plan
from hybrid_mesh.cli.question import can_ask
from hybrid_mesh.cli.stack import prepared
from hybrid_mesh.cli.toolchain import offer as offer_toolchain
from hybrid_mesh.cli.touch import next_steps
from hybrid_mesh.cli.typed import command
from hybrid_mesh.cli.verify import check, complain
from hybrid_mesh.cli.verify import show as show_report
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.toolchain.profile import Profile
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.operate.verify.report import summary

PATIENCE = 90.0
"""Seconds for which a mesh that was just created, or came back from a power cut, may still be settling."""

ARGUMENTS = ("up", "--yes", "--skip-preview", "--skip-plugin-pre-install")
REFRESH = "--refresh"
"""Compares with what exists, not with what was recorded: changes made by hand are undone."""


def up(stack: Stack = "local", yes: Yes = False, preview_only: PreviewOnly = False) -> None:
    """Create or update the mesh, check it with real requests, and print the next steps.

    Before it changes a stack, it prints the changes and asks for confirmation; without a terminal, it
    requires --yes. For a stack that is only in the lab, it asks only on a terminal, and only if a cluster, a
    VM or another resource would be lost.

    Run it again at any time: after an interruption, a crash or a power failure, it resumes where it stopped.
    It also reverts manual changes of a running mesh.

    Example:

    hybrid-mesh up --stack prod --preview-only

    Local clusters and VMs need root.
    """
    plan = stack_plan(stack)
    if plan.warnings:
        raise ConfigurationError(plan.warnings)
    if not (yes or preview_only or is_only_local(plan)):
        require_terminal("up", stack)
    if is_local(plan):
        offer_toolchain()
    engine = Engine.find()
    refresh = [REFRESH]
    if is_local(plan):
        with step("Checking this host"):
            refresh = [REFRESH] if _is_running(restart=not preview_only) else []
            if not refresh:
                say(f"    {intention(plan)}")
    engine = obtain_plugins(engine)
    if notice := engine.settings.notice():
        say(f"    {notice}")
    with prepared(engine, stack, plan):
        with nothing_changed_yet():
            check_contexts(plan)
            held = holdings(engine, stack)
            if preview_only:
                changes = _previewed(engine, stack, *refresh)
                show(changes, stack)
                return
            if not yes:
                _ask(engine, plan, held, refresh)
        changed = _create(engine, plan, held, refresh)
    _prove(plan, each=changed or verbosity() is Verbosity.VERBOSE)
    next_steps(plan)


def _ask(engine: Engine, plan: MeshPlan, held: Sequence[Holding], refresh: Sequence[str]) -> None:
    """Ends the command unless there is nothing to ask or the answer is yes."""
    stack = plan.stack
    if not is_only_local(plan):
        changes = _previewed(engine, stack, *refresh)
        show(changes, stack)
        if changes.all:
            agree(f"Make these changes to the stack {stack}?")
    elif can_ask() and any(each.real for each in held) and not declared.is_as_last(stack):
        try:
            losses = _previewed(engine, stack).losses
        except CommandError as error:
            losses = [f"what would be lost is unknown. {error.message}"]
        show_losses(losses)
        if losses:
            agree("Continue?")


def _previewed(engine: Engine, stack: str, *options: str) -> Changes:
    with step("Previewing the changes"):
        return preview(engine, stack, *options)


def _create(engine: Engine, plan: MeshPlan, held: Sequence[Holding], refresh: Sequence[str]) -> bool:
    """Whether anything was changed. Raises CommandError."""
    stack, new = plan.stack, not any(each.real for each in held)
    expected = durations.recorded(f"create {stack}") if new else None
    title = "Creating the mesh" if new else "Updating the mesh"
    say(f"==> {title} (about {expected:.0f} s)" if expected else f"==> {title}", style="bold")
    started = time.monotonic()
    outcome = perform(engine, *ARGUMENTS, *refresh, "--stack", stack, seconds=expected)
    took = time.monotonic() - started
    if not outcome.ok:
        remedy = "Fix the cause and run the same command again: it resumes where it stopped."
        if is_local(plan):
            remedy += f" `{command('lab export DIR')}` copies the lab's logs."
        raise failure("up", stack, outcome, remedy)
    say(f"    {outcome.summary} in {took:.1f} s")
    declared.remember(stack)
    if new:
        durations.record(f"create {stack}", took)
    return outcome.changed


def _prove(plan: MeshPlan, *, each: bool) -> None:
    """Prints the checks, `each` or only how many passed. Ends the command when one failed."""
    if not any(cluster.active for cluster in plan.clusters.values()):
        return
    if find_kubectl() is None:
        warn(f"The mesh was not checked: {NO_KUBECTL}, and then run `{command('verify', plan.stack)}`.")
        return
    with step("Checking the mesh with real requests"):
        report = check(plan, PATIENCE)
    if each or not report.holds:
        show_report(report)
    else:
        out.print(summary(report), markup=False)
    if not report.holds:
        complain(report)
        warn(f"       Then run `{command('verify', plan.stack)}`.")
        raise typer.Exit(FAILED)


def _is_running(*, restart: bool) -> bool:
    """Whether the lab was running. Checks the host before anything is changed; with `restart`, a lab that is
    stopped is restarted from its saved state.

    Raises ToolchainMissing, PreflightError or LabError.
    """
    Profile.current()
    try:
        LabClient.connect(start=False)
    except LabNotRunning:
        LabClient.check_host()
        if restart and LabClient.has_state():
            say("    The lab is stopped; restarting it from its saved state.")
            LabClient.connect(start=True)
        return False
    return True
