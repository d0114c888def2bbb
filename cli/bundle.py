"""`hybrid-mesh bundle GROUP`: what a datacenter VM needs to join the mesh, with a short-lived token."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from hybrid_mesh.cli import complete
from hybrid_mesh.cli.bundle_files import write_bundle
from hybrid_mesh.cli.bundle_hosts import Members, hand_over
from hybrid_mesh.cli.bundle_source import BundleSource, read_source
from hybrid_mesh.cli.console import hanging, out, step, warn
from hybrid_mesh.cli.deliveries import Outcome, Result, installing, writing
from hybrid_mesh.cli.errors import FAILED, WRONG, CommandError
from hybrid_mesh.cli.inventory import read_inventory
from hybrid_mesh.cli.options import Json, Stack
from hybrid_mesh.cli.plans import stack_plan
from hybrid_mesh.cli.pods import ClusterPods
from hybrid_mesh.cli.remote_install import SSH
from hybrid_mesh.local.paths import page
from hybrid_mesh.model.config.machines import BundleMachinesConfig
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan

SHORTEST_SECONDS = 600
"""Source: TokenRequestSpec of the Kubernetes API, `expirationSeconds`: at least 10 minutes."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

Group = Annotated[
    str,
    typer.Argument(
        help="The workload group; its VMs have the type `bundle`.", autocompletion=complete.groups
    ),
]
Ttl = Annotated[str, typer.Option(help="How long the token is valid: 10m or more, such as 30m, 1h or 1d.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="The folder to write; <stack>-<group> by default, with --hosts <stack>-<group>-vms.",
    ),
]
Hosts = Annotated[
    Path | None,
    typer.Option(help="A file with one VM a line, NAME ADDRESS [[USER@]HOST]: a bundle for each."),
]
Ssh = Annotated[bool, typer.Option("--ssh", help="With --hosts: install each bundle over ssh.")]
SshCommand = Annotated[
    str | None,
    typer.Option(help="With --ssh: the client and its options, to which HOST and a command are added."),
]
Become = Annotated[bool, typer.Option("--become", help="With --ssh: run the installer by sudo.")]
Parallel = Annotated[
    int, typer.Option(min=1, max=64, help="With --hosts: maximum number of VMs at the same time.")
]
Again = Annotated[bool, typer.Option("--again", help="With --hosts: include VMs that have joined already.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="With --hosts: only print what would be done.")]


def bundle(
    group: Group,
    ttl: Ttl = "1h",
    output: Output = None,
    stack: Stack = "local",
    *,
    hosts: Hosts = None,
    ssh: Ssh = False,
    ssh_command: SshCommand = None,
    become: Become = False,
    parallel: Parallel = 8,
    again: Again = False,
    dry_run: DryRun = False,
    json_output: Json = False,
) -> None:
    """Write a folder and a .tar.gz with which VMs in a datacenter join a workload group.

    Both contain a token, so handle them like a password. Any number of VMs can join with it until the
    printed time; VMs that have joined renew their certificates themselves.

    With --hosts, each VM of the file gets a bundle with a token, a name and an address of its own. With
    --ssh, they are installed, and the command waits until each VM is in service. VMs that have joined are
    skipped, so run the same command again after a failure.

    Examples:

        hybrid-mesh bundle ledger --stack prod --ttl 30m

        hybrid-mesh bundle ledger --stack prod --hosts ledger.txt --ssh --become

    With --json: {"group", "cluster", "folder", "archive", "expires": RFC 3339}; with --hosts: {"group",
    "cluster", "hosts": [{"name", "address", "destination", "result", "detail", "folder", "expires"}]}.
    """
    _check_options(
        {"--ssh": ssh, "--again": again, "--dry-run": dry_run},
        "--hosts",
        given=hosts is not None,
    )
    _check_options({"--ssh-command": ssh_command is not None, "--become": become}, "--ssh", given=ssh)
    if ssh and output is not None:
        raise CommandError("--output has no use with --ssh, which writes no file.", "Leave one out.", WRONG)
    client = _client(SSH if ssh_command is None else ssh_command)
    seconds = _seconds(ttl)
    plan = stack_plan(stack)
    found = _bundle_group(plan, group)
    inventory = read_inventory(hosts, plan, found) if hosts is not None else None
    with step(f"Reading what the stack {stack} exports"):
        source = read_source(plan, found, seconds)
    if inventory is None:
        _write_one(source, output or Path(f"{stack}-{group}"), json_output=json_output)
        return
    folder = output or Path(f"{stack}-{group}-vms")
    outcomes = hand_over(
        inventory,
        Members(ClusterPods(found.cluster, source.kubectl), found),
        installing(source, client, become=become) if ssh else writing(source, folder),
        parallel=parallel,
        again=again,
        dry_run=dry_run,
    )
    if json_output:
        rows = [outcome.as_json() for outcome in outcomes]
        out.print_json(json.dumps({"group": group, "cluster": found.cluster, "hosts": rows}))
    else:
        _print(outcomes)
    if any(outcome.result is Result.FAILED for outcome in outcomes):
        raise typer.Exit(FAILED)


def _check_options(options: Mapping[str, bool], required: str, *, given: bool) -> None:
    for option, used in options.items():
        if used and not given:
            raise CommandError(f"{option} requires {required}.", f"Add {required}, or leave it out.", WRONG)


def _client(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise CommandError(f"--ssh-command {command!r} is not a command.", "Write it as for a shell.", WRONG)
    return words


def _write_one(source: BundleSource, folder: Path, *, json_output: bool) -> None:
    """Writes the bundle that is the same for all VMs of the group."""
    group, cluster = source.group.name, source.group.cluster
    files = source.files()
    with step(f"Asking the cluster {cluster} for a token"):
        token, expires = source.token()
    archive = write_bundle(folder, files, token)
    if json_output:
        written = {"folder": str(folder), "archive": str(archive), "expires": expires}
        out.print_json(json.dumps({"group": group, "cluster": cluster, **written}))
        return
    out.print(f"Wrote {folder}/ and {archive}. Their token expires at {expires}.", markup=False)
    out.print(f"On the VM, as root: tar xzf {archive.name} && {folder.name}/install.sh", markup=False)


def _print(outcomes: Sequence[Outcome]) -> None:
    """A line for each VM, and how many there are of each result."""
    names = max(len(outcome.host.name) for outcome in outcomes)
    for outcome in outcomes:
        prefix = f"{outcome.host.name:<{names}}  {outcome.host.address:<15}  {outcome.result:<14}  "
        out.print(hanging(prefix, outcome.detail).rstrip(), markup=False)
    counts = Counter(outcome.result.value for outcome in outcomes)
    summary = ", ".join(f"{count} {result}" for result, count in counts.items())
    out.print(f"{len(outcomes)} VM{'' if len(outcomes) == 1 else 's'}: {summary}.", markup=False)
    if counts[Result.FAILED]:
        warn("Fix what failed and run the same command again: VMs that have joined are skipped.")


def _bundle_group(plan: MeshPlan, name: str) -> GroupPlan:
    group = plan.groups.get(name)
    bundles = sorted(
        g.name for g in plan.groups.values() if isinstance(g.config.machines, BundleMachinesConfig)
    )
    if group is None or name not in bundles:
        problem = f"The stack {plan.stack} has no group {name} with `machines: {{type: bundle}}`."
        remedy = (
            f"It has: {', '.join(bundles)}." if bundles else f"It has none; see {page('bundle-machines.md')}."
        )
        raise CommandError(problem, remedy, WRONG)
    return group


def _seconds(text: str) -> int:
    """Raises CommandError for what is not a duration, and for one that is too short."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if match is None:
        raise CommandError(f"--ttl {text} is not a duration.", "Use one such as 30m, 1h or 1d.", WRONG)
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds < SHORTEST_SECONDS:
        raise CommandError(
            f"--ttl {text} is too short (minimum 10m).", "Use one such as 30m, 1h or 1d.", WRONG
        )
    return seconds
