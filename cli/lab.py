"""`hybrid-mesh lab …`: looks into the lab of this host."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hybrid_mesh.cli import complete
from hybrid_mesh.cli.console import out, say, step
from hybrid_mesh.cli.errors import FAILED, WRONG, CommandError
from hybrid_mesh.cli.lab_logs import logs
from hybrid_mesh.cli.lab_names import CLUSTER, MEMBER, VM, lab_status, refusal
from hybrid_mesh.cli.lab_status import status_document, status_lines
from hybrid_mesh.cli.options import DEFAULT_STACK, Json
from hybrid_mesh.cli.typed import command as printed
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.lab.specs import Owner

lab = typer.Typer(help="Inspect the lab, where local clusters and VMs run.", no_args_is_help=True)

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Name of a cluster or VM.", show_default=False, autocompletion=complete.members
    ),
]
Cluster = Annotated[
    str,
    typer.Argument(
        metavar="CLUSTER", help="Name of a cluster.", show_default=False, autocompletion=complete.lab_clusters
    ),
]
Vm = Annotated[
    str,
    typer.Argument(metavar="VM", help="Name of a VM.", show_default=False, autocompletion=complete.machines),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@lab.command()
def status(json_output: Json = False) -> None:
    """List clusters and VMs with their stacks, states and addresses.

    Also prints how much memory the lab uses. Of a stopped lab, it lists what is in the saved state.

    Example:

        hybrid-mesh lab status --json | jq -r '.clusters[].endpoint'
    """
    found = lab_status()
    if json_output:
        out.print_json(json.dumps(status_document(found)))
        return
    for line in status_lines(found):
        out.print(line, markup=False)


lab.command()(logs)


@lab.command()
def kubeconfig(cluster: Cluster) -> None:
    """Print the administrator's kubeconfig of a cluster.

    Example:

        hybrid-mesh lab kubeconfig east > east.kubeconfig
    """
    info = LabClient.connect(start=False).cluster(cluster)
    if info is None:
        raise refusal(CLUSTER, cluster, lab_status())
    out.print(info.kubeconfig, markup=False)


@lab.command()
def export(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A new or empty folder.", show_default=False)
    ],
) -> None:
    """Write a support bundle of the lab into a folder.

    It has the logs of all members, the lab's status, Kubernetes and Istio objects of each cluster, the
    configuration of each proxy, the plan of each stack, and versions. It holds no secrets. Of a stopped lab,
    it has what is on disk.

    Example:

        hybrid-mesh lab export support && tar -czf support.tar.gz support
    """
    from hybrid_mesh.cli.support_bundle import write_bundle  # noqa: PLC0415 - what it asks for takes long to load

    write_bundle(folder)


@lab.command()
def delete(name: Name, yes: Yes = False) -> None:
    """Delete one cluster or VM with its disk. The next `hybrid-mesh up` creates it again.

    Asks on a terminal; elsewhere it requires --yes.

    Example:

        hybrid-mesh lab delete legacy-0
    """
    client = LabClient.connect(start=False)
    cluster, machine = client.cluster(name), client.machine(name)
    found = cluster or machine
    if found is None:
        raise refusal(MEMBER, name, lab_status())
    what = f"{CLUSTER if cluster else VM} {name}"
    again = f"`{printed('up', found.owner.stack if found.owner else DEFAULT_STACK)}` creates it again."
    _confirm_delete(what, found.owner, again, yes)
    with step(f"Deleting {what}"):
        if cluster:
            client.delete_cluster(name)
        else:
            client.delete_machine(name)
    say(f"{what[0].upper()}{what[1:]} is deleted. {again}")


@lab.command(context_settings={"ignore_unknown_options": True})
def shell(
    vm: Vm,
    command: Annotated[
        list[str] | None, typer.Argument(help="Command to run instead of a shell.", show_default=False)
    ] = None,
) -> None:
    """Open a root shell in a VM, or run a command in it.

    The exit code is that of the shell or the command.

    Example:

        hybrid-mesh lab shell legacy-0 -- systemctl status istio
    """
    client = LabClient.connect(start=False)
    if client.machine(vm) is None:
        raise refusal(VM, vm, lab_status())
    if command:
        done = client.machine_shell(vm, command, timeout=600)
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
        raise typer.Exit(done.returncode)
    client.terminal(vm)


@lab.command()
def down(
    forget: Annotated[
        bool,
        typer.Option("--forget", help="Also end a lab that does not answer, and remove its saved state."),
    ] = False,
) -> None:
    """Stop the lab and keep its state on disk. The next `hybrid-mesh up` restarts it from there.

    Example:

        hybrid-mesh lab down
    """
    if forget:
        with step("Ending the lab and removing its state"):
            LabClient.end()
        return
    try:
        client = LabClient.connect(start=False)
    except LabNotRunning:
        say("The lab is already stopped." if LabClient.has_state() else "No lab is running.")
        return
    with step("Stopping the lab"):
        client.shutdown()


def _on_a_terminal() -> bool:
    return sys.stdin.isatty()


def _confirm_delete(what: str, owner: Owner | None, again: str, yes: bool) -> None:
    """Asks on a terminal. Raises CommandError when nobody can be asked, typer.Exit at a no."""
    if yes:
        return
    of = f" of stack {owner.stack}" if owner else ""
    if not _on_a_terminal():
        raise CommandError(
            f"{what}{of} would be deleted with its disk; without a terminal this requires --yes.",
            f"Nothing was changed. After a delete, {again}",
            WRONG,
        )
    if not typer.confirm(f"Delete {what}{of} with its disk? {again}"):
        say("Nothing was changed.")
        raise typer.Exit(FAILED)
