"""`hybrid-mesh bundle GROUP`: what a datacenter VM needs to join the mesh, with a short-lived token."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from hybrid_mesh.cli import complete
from hybrid_mesh.cli.bundle_files import write_bundle
from hybrid_mesh.cli.console import out, step
from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.cli.kubeconfigs import read_kubeconfig
from hybrid_mesh.cli.kubectl import Kubectl
from hybrid_mesh.cli.options import Json, Stack
from hybrid_mesh.cli.plans import stack_plan
from hybrid_mesh.cli.tokens import mint, read_roots
from hybrid_mesh.local.paths import page
from hybrid_mesh.model.config.machines import BundleMachinesConfig
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan
from hybrid_mesh.model.texts.bundle import Bundle, render_bundle

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
    Path | None, typer.Option("--output", "-o", help="The folder to write; <stack>-<group> by default.")
]


def bundle(
    group: Group,
    ttl: Ttl = "1h",
    output: Output = None,
    stack: Stack = "local",
    *,
    json_output: Json = False,
) -> None:
    """Write a folder and a .tar.gz with which VMs in a datacenter join a workload group.

    Both contain a token, so handle them like a password. Any number of VMs can join with it until the
    printed time; VMs that have joined renew their certificates themselves.

    Example:

        hybrid-mesh bundle ledger --stack prod --ttl 30m

    With --json: {"group", "cluster", "folder", "archive", "expires": RFC 3339}.
    """
    seconds = _seconds(ttl)
    plan = stack_plan(stack)
    found = _bundle_group(plan, group)
    folder = output or Path(f"{stack}-{group}")
    with step(f"Reading what the stack {stack} exports"):
        content = _exported(Engine.find(), stack, group)
    with step(f"Asking the cluster {found.cluster} for a token"):
        token, expires, roots = _mint(plan, found, seconds)
    archive = write_bundle(folder, _render(_describe(found, content, roots)), token)
    if json_output:
        written = {"folder": str(folder), "archive": str(archive), "expires": expires}
        out.print_json(json.dumps({"group": group, "cluster": found.cluster, **written}))
        return
    out.print(f"Wrote {folder}/ and {archive}. Their token expires at {expires}.", markup=False)
    out.print(f"On the VM, as root: tar xzf {archive.name} && {folder.name}/install.sh", markup=False)


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


def _exported(engine: Engine, stack: str, group: str) -> dict[str, Any]:
    done = engine.ask("stack", "output", "--stack", stack, "--json", "--show-secrets")
    try:
        content = json.loads(done.stdout)["bundles"][group] if done.returncode == 0 else None
    except (ValueError, KeyError, TypeError):
        content = None
    if not isinstance(content, dict):
        raise CommandError(
            f"The stack {stack} exports no bundle of {group} yet.",
            f"Run `hybrid-mesh up --stack {stack}`, then this command again.",
        )
    return content


def _mint(plan: MeshPlan, group: GroupPlan, seconds: int) -> tuple[str, str, str]:
    """The token, the time at which it expires as the API server says, and the mesh's roots (PEM)."""
    kubectl = Kubectl(read_kubeconfig(plan.clusters[group.cluster], plan.stack))
    token, expires = mint(kubectl, group.namespace, group.service_account, seconds)
    return token, expires, read_roots(kubectl, group.namespace)


def _render(bundle: Bundle) -> dict[str, str]:
    try:
        return render_bundle(bundle)
    except ValueError:
        addresses = ", ".join(bundle.gateway_addresses) or "none"
        raise CommandError(
            f"The gateway of {bundle.cluster} has no IP addresses, which VMs need (got: {addresses}).",
            f"Set `clusters.{bundle.cluster}.gateway.addresses` and run `hybrid-mesh up`.",
        ) from None


def _describe(group: GroupPlan, content: dict[str, Any], roots: str) -> Bundle:
    return Bundle(
        group=group.name,
        namespace=group.namespace,
        service_account=group.service_account,
        cluster=group.cluster,
        root_certificates=roots,
        gateway_addresses=tuple(content["gatewayAddresses"]),
        cluster_env=content["clusterEnv"],
        mesh_yaml=content["meshYaml"],
        package_url=content["packageUrl"],
        package_sha256=content.get("packageSha256", ""),
        network_cidrs=tuple(content.get("networkCidrs", ())),
        http_proxy=content.get("httpProxy", {}),
        application=content.get("application", {}),
    )


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
