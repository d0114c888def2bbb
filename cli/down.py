"""`hybrid-mesh down`: takes the mesh of a stack away, and of the local one leaves nothing."""

from hybrid_mesh.cli.console import say, step
from hybrid_mesh.cli.engine import Engine, ending
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.options import Stack
from hybrid_mesh.cli.salt import remove_salt
from hybrid_mesh.cli.stack import exists, prepared
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.paths import project_folder
from hybrid_mesh.model.reading.stack_file import stack_file

ARGUMENTS = ("destroy", "--yes", "--skip-preview", "--suppress-outputs", "--suppress-progress")


def down(stack: Stack = "local") -> None:
    """Destroy all that the stack declares. Of the local stack nothing stays: no process, mount, network or
    state.

    It does the same when the lab is dead, when its state is gone, and when there is nothing at all.
    """
    engine = Engine.find()
    local = stack == "local"
    if exists(engine, stack):
        with step("Taking the mesh away"), prepared(engine, stack):
            code = engine.stream(*ARGUMENTS, "--stack", stack)
            if code != 0 and local and not _lab_runs():
                say("    The lab is gone meanwhile: what is left needs no lab, so once more.")
                code = engine.stream(*ARGUMENTS, "--stack", stack)
        if code != 0:
            raise CommandError(
                f"`pulumi destroy` {ending(code)}.",
                "Mend the cause and run the same command again."
                + (" `hybrid-mesh lab down --forget` ends the lab at once." if local else ""),
            )
    else:
        say(f"The stack {stack} does not exist: nothing to destroy.")
    if local:
        LabClient.end()
        if engine.settings.own_passphrase:
            remove_salt(stack_file(project_folder(), stack), engine.settings.own_passphrase)
        say("Nothing is left of the local mesh.")


def _lab_runs() -> bool:
    try:
        LabClient.connect(start=False)
    except LabNotRunning:
        return False
    return True
