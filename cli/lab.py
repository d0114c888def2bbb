"""`hybrid-mesh lab …`: looks into the lab of this machine."""

import contextlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hybrid_mesh.cli.console import out, say, step
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.options import Json
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.lab.specs import LabStatus

lab = typer.Typer(
    help="Look into the lab that the local clusters and machines live in.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="Name of a cluster or machine.", show_default=False)]
Subject = Annotated[str, typer.Argument(help="`lab`, a machine, a cluster, or `<cluster>/<daemon>`.")]
Lines = Annotated[int, typer.Option("--lines", "-n", help="How many lines from the end.", min=1)]


@lab.command()
def status(json_output: Json = False) -> None:
    """Say what runs in the lab, and how much memory it takes."""
    found = _status()
    if json_output:
        out.print_json(json.dumps(asdict(found)))
        return
    if not found.running:
        past = LabClient.has_state()
        out.print(
            "The lab is off" + (" but has a past: `hybrid-mesh up` powers it on again." if past else ".")
        )
        return
    out.print(f"The lab runs (process {found.process_id}) and takes {found.memory_bytes / 2**20:.0f} MiB.")
    out.print(_table(found), soft_wrap=False)


@lab.command()
def logs(subject: Subject = "lab", lines: Lines = 100) -> None:
    """Print the last lines of a log."""
    out.print(LabClient.connect(start=False).logs(subject, lines), markup=False)


@lab.command()
def kubeconfig(name: Name) -> None:
    """Print the admin's kubeconfig of a cluster: kubectl --kubeconfig <(hybrid-mesh lab kubeconfig NAME) …"""
    info = LabClient.connect(start=False).cluster(name)
    if info is None:
        raise _unknown(name)
    out.print(info.kubeconfig, markup=False)


@lab.command()
def export(folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Copy all logs of the lab, running or not, into a folder."""
    copies = LabClient.export_logs(folder)
    (folder / "status.json").write_text(json.dumps(asdict(_status()), indent=2))
    out.print(f"{len(copies)} logs are in {folder}.")


@lab.command()
def delete(name: Name) -> None:
    """Delete one cluster or VM, with its disk. The next `hybrid-mesh up` creates it again."""
    client = LabClient.connect(start=False)
    if client.cluster(name) is None and client.machine(name) is None:
        raise _unknown(name)
    with step(f"Deleting {name}"):
        client.delete_cluster(name)
        with contextlib.suppress(LabNotRunning):  # it ended with its last member
            client.delete_machine(name)


@lab.command(context_settings={"ignore_unknown_options": True})
def shell(
    name: Name,
    command: Annotated[
        list[str] | None, typer.Argument(help="Run this and end; without it, a shell.")
    ] = None,
) -> None:
    """Open a shell as root in a machine, or run a command in it."""
    client = LabClient.connect(start=False)
    if client.machine(name) is None:
        raise _unknown(name)
    if command:
        done = client.machine_shell(name, command, timeout=600)
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
        raise typer.Exit(done.returncode)
    client.terminal(name)


@lab.command()
def down(
    forget: Annotated[bool, typer.Option("--forget", help="Remove the lab's state on disk, too.")] = False,
) -> None:
    """Power the lab off. Its state stays, and `hybrid-mesh up` brings it back as after a power cut."""
    if forget:
        with step("Ending the lab and removing its state"):
            LabClient.end()
        return
    try:
        client = LabClient.connect(start=False)
    except LabNotRunning:
        say("The lab is off already.")
        return
    with step("Powering the lab off"):
        client.shutdown()


def _status() -> LabStatus:
    try:
        return LabClient.connect(start=False).status()
    except LabNotRunning:
        return LabStatus(running=False, process_id=0, memory_bytes=0, clusters=[], machines=[], forwards=[])


def _unknown(name: str) -> CommandError:
    found = LabClient.connect(start=False).status()
    names = ", ".join(sorted([c.name for c in found.clusters] + [m.name for m in found.machines]))
    return CommandError(f"The lab has no {name}.", f"It has: {names or 'nothing'}.")


def _table(status: LabStatus) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("member", "network", "state", "address", "from this machine"):
        table.add_column(heading, overflow="fold")
    for cluster in status.clusters:
        state = _state(cluster.state, cluster.detail)
        table.add_row(
            f"cluster {cluster.name}", cluster.network, state, cluster.gateway_address, cluster.endpoint
        )
    for machine in status.machines:
        state = _state(machine.state, machine.detail)
        way_in = f"hybrid-mesh lab shell {machine.name}"
        table.add_row(f"machine {machine.name}", machine.network, state, machine.address, way_in)
    for forward in status.forwards:
        if forward.subject != "api":
            way_in = f"127.0.0.1:{forward.port}"
            table.add_row(f"{forward.subject} of {forward.cluster}", "", "", forward.target, way_in)
    return table


def _state(state: str, detail: str) -> str:
    return f"{state}: {detail}" if detail else state
