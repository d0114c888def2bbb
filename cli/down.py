"""`hybrid-mesh down`: destroys the mesh of a stack; of a local one nothing is left."""

from hybrid_mesh.cli.console import say, step
from hybrid_mesh.cli.engine import Engine, ending
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.kubeconfig import forget_contexts
from hybrid_mesh.cli.options import Stack
from hybrid_mesh.cli.salt import remove_salt
from hybrid_mesh.cli.stack import exists, prepared
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.ownership import stack_owner
from hybrid_mesh.local.paths import project_folder, project_name
from hybrid_mesh.model.reading.stack_file import stack_file

ARGUMENTS = ("destroy", "--yes", "--skip-preview", "--suppress-outputs", "--suppress-progress")


def down(stack: Stack = "local") -> None:
    """Destroy everything that the stack declares. Of a local mesh nothing is left: no process, mount,
    network or state.

    It does the same when the lab has crashed, when its state is lost, and when nothing exists.
    """
    engine = Engine.find()
    local = stack == "local"
    if exists(engine, stack):
        with step("Destroying the mesh"), prepared(engine, stack):
            code = engine.stream(*ARGUMENTS, "--stack", stack)
            if code != 0 and local and not _lab_runs():
                say("    The lab ended meanwhile; destroying what is left, which needs no lab.")
                code = engine.stream(*ARGUMENTS, "--stack", stack)
        if code != 0:
            raise CommandError(
                f"`pulumi destroy` {ending(code)}.",
                "Fix the cause and run the same command again."
                + (" `hybrid-mesh lab down --forget` ends the lab at once." if local else ""),
            )
    else:
        say(f"The stack {stack} does not exist; there is nothing to destroy.")
    forget_contexts(stack)
    if local:
        others = LabClient.end(stack_owner(project_name(), stack, engine.variables))
        if engine.settings.own_passphrase:
            remove_salt(stack_file(project_folder(), stack), engine.settings.own_passphrase)
        if others:
            names = ", ".join(sorted(other.stack for other in others))
            say(f"Nothing is left of the stack {stack}. The lab keeps running for: {names}.")
        else:
            say("Nothing is left of the local mesh.")


def _lab_runs() -> bool:
    try:
        LabClient.connect(start=False)
    except LabNotRunning:
        return False
    return True
