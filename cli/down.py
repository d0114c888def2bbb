"""`hybrid-mesh down`: destroys the mesh of a stack; of a local one nothing is left."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hybrid_mesh.cli import declared
from hybrid_mesh.cli.consent import agree, nothing_changed_yet, require_terminal, show
from hybrid_mesh.cli.console import say
from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.environment import FALLBACK
from hybrid_mesh.cli.holdings import Holding, destruction, holdings, in_lab, only_in_lab
from hybrid_mesh.cli.kubeconfig import forget_contexts
from hybrid_mesh.cli.options import PreviewOnly, Stack, Yes
from hybrid_mesh.cli.perform import failure, perform
from hybrid_mesh.cli.plans import is_local, stack_plan
from hybrid_mesh.cli.salt import remove_salt
from hybrid_mesh.cli.salt_in_git import show_salt
from hybrid_mesh.cli.stack import exists, prepare, prepared, remove
from hybrid_mesh.cli.typed import command
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.lab.specs import Owner
from hybrid_mesh.local.ownership import stack_owner
from hybrid_mesh.local.paths import project_folder, project_name
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.stack_file import stack_file

ARGUMENTS = ("destroy", "--yes", "--skip-preview")


def down(stack: Stack = "local", yes: Yes = False, preview_only: PreviewOnly = False) -> None:
    """Destroy all resources of the stack. Nothing of a local mesh remains: no process, mount, network or
    state.

    It prints what will be lost and asks for confirmation; without a terminal, it requires --yes. For a stack
    that is only in the lab, it does not ask, as `up` creates such a mesh again within a minute.

    The stack's file may be wrong or missing, as the stack's state shows what exists. It also works after a
    crash of the lab, if the lab's state is lost, and if nothing exists.

    Example:

    hybrid-mesh down --stack dev --yes

    Local clusters and VMs need root.
    """
    plan = _plan(stack)
    engine = Engine.find()
    owner = stack_owner(project_name(), stack, engine.variables)
    held = holdings(engine, stack)
    local = in_lab(held) or owner in LabClient.stacks() or (plan is not None and is_local(plan))
    if preview_only:
        show(destruction(held), stack)
        return
    if exists(engine, stack):
        if not yes and not only_in_lab(held):
            _ask(stack, held)
        _destroy(engine, stack, held, local=local, readable=plan is not None)
    else:
        say(f"The stack {stack} does not exist; there is nothing to destroy.")
    forget_contexts(stack)
    if local:
        _clear(engine, stack, owner)


def _plan(stack: str) -> MeshPlan | None:
    try:
        return stack_plan(stack)
    except ConfigurationError:
        return None


def _ask(stack: str, held: Sequence[Holding]) -> None:
    """Ends the command unless the answer is yes."""
    require_terminal("down", stack)
    changes = destruction(held)
    with nothing_changed_yet():
        show(changes, stack)
        agree(f"Destroy everything of the stack {stack}?")


def _destroy(engine: Engine, stack: str, held: Sequence[Holding], *, local: bool, readable: bool) -> None:
    """Raises CommandError."""
    urns = [each.urn for each in held if each.real]
    say("==> Destroying the mesh", style="bold")
    started = time.monotonic()
    with _configured(engine, stack, readable=readable) as (configured, options):
        arguments = (*ARGUMENTS, "--stack", stack, *options)
        outcome = perform(configured, *arguments, declared=urns)
        if not outcome.ok and local and not _lab_runs():
            say("    The lab ended meanwhile; destroying what is left, which needs no lab.")
            outcome = perform(configured, *arguments, declared=urns)
    if not outcome.ok:
        raise failure("destroy", stack, outcome, _remedy(local=local))
    say(f"    {outcome.summary} in {time.monotonic() - started:.1f} s")


@contextmanager
def _configured(engine: Engine, stack: str, *, readable: bool) -> Iterator[tuple[Engine, list[str]]]:
    """The engine and the options with which it works on the stack, whose file it may not be able to read.

    Nothing in that file is needed: providers have their configuration from the state, and so has the key of
    the secrets.
    """
    if readable:
        with prepared(engine, stack):
            yield engine, []
        return
    say(f"    The file of the stack {stack} is missing or wrong; destroying what its state has.")
    prepare(engine, stack, create=False)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"Pulumi.{stack}.yaml"
        file.write_text("{}\n")
        yield engine.with_variables({FALLBACK: "true"}), ["--config-file", str(file)]


def _clear(engine: Engine, stack: str, owner: Owner) -> None:
    """Ends the lab when no other stack has members in it, and removes what is recorded about the stack."""
    others = LabClient.end(owner)
    if engine.settings.own_passphrase:
        file = stack_file(project_folder(), stack)
        remove_salt(file, engine.settings.own_passphrase)
        show_salt(file)
    remove(engine, stack)
    declared.forget(stack)
    if others:
        names = ", ".join(sorted(other.stack for other in others))
        say(f"Nothing is left of the stack {stack}. The lab keeps running for: {names}.")
    else:
        say("Nothing is left of the local mesh.")


def _remedy(*, local: bool) -> str:
    text = "Fix the cause and run the same command again."
    return f"{text} `{command('lab down --forget')}` ends the lab at once." if local else text


def _lab_runs() -> bool:
    try:
        LabClient.connect(start=False)
    except LabNotRunning:
        return False
    return True
