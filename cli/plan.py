"""`hybrid-mesh plan`: what a stack file's mesh will be, without a cloud, an engine or a cluster."""

import json as json_text
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer
from rich.table import Table

from hybrid_mesh.cli import complete
from hybrid_mesh.cli.console import out
from hybrid_mesh.cli.errors import FAILED
from hybrid_mesh.cli.options import DEFAULT_STACK, STACK_HELP, Json
from hybrid_mesh.cli.plan_clouds import cloud_tables
from hybrid_mesh.cli.plan_requirements import requirement_parts
from hybrid_mesh.cli.plan_state import has_warnings, notice_parts, state_notices
from hybrid_mesh.cli.plans import plan_of
from hybrid_mesh.model.derive.labels import lift_protection
from hybrid_mesh.model.plan.describe import describe
from hybrid_mesh.model.plan.manifests import render_manifests
from hybrid_mesh.model.plan.requirements.describe import describe_requirements
from hybrid_mesh.model.plan.requirements.regions import requirements as find_requirements


def plan(
    stack: Annotated[
        str | None,
        typer.Option(
            "--stack", "-s", help=STACK_HELP, show_default=DEFAULT_STACK, autocompletion=complete.stacks
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "-f", help="A stack file anywhere, instead of the stack's own; `--stack` then names it."
        ),
    ] = None,
    *,
    json: Json = False,
    manifests: Annotated[
        bool,
        typer.Option("--manifests", help="Print the clusters' Kubernetes objects and Helm values as YAML."),
    ] = False,
    requirements: Annotated[
        bool,
        typer.Option(
            "--requirements", help="Print what the accounts need: quotas, services, permissions, money."
        ),
    ] = False,
    state: Annotated[
        bool,
        typer.Option(
            "--state",
            help="Print notices about the stack's last state: renewals, versions, failed registrations.",
        ),
    ] = False,
) -> None:
    """Print what a stack will create: networks, clusters, gateways, VMs, files and required paths.

    It changes nothing and contacts nothing; with --state, it reads the stack's state from its backend. When
    the file is wrong, it prints its problems instead. Warnings go to standard error: `up` refuses an
    example's placeholders, and probes that nothing can answer.

    Example:

        hybrid-mesh plan --stack prod
        hybrid-mesh plan --stack prod --manifests > manifests.yaml
        hybrid-mesh plan --stack prod --requirements
        hybrid-mesh plan --stack prod --state

    docs/json.md describes what --json prints. For a wrong file it is {"problems": [{"path", "value",
    "message", "remedy", "file", "line", "column"}]}.

    Exit codes: 0 the stack file is valid; 1 with --state, a notice is a warning or the state cannot be read;
    2 the stack file or the command line is wrong.
    """
    mesh = plan_of(stack, file)
    if manifests:
        typer.echo(render_manifests(mesh), nl=False)
        return
    if requirements:
        needs = describe_requirements(mesh.stack, find_requirements(mesh))
        _print(needs, requirement_parts(needs, _table), json=json)
        return
    if state:
        notices = state_notices(mesh)
        _print(notices, notice_parts(notices, _table), json=json)
        if has_warnings(notices):
            raise typer.Exit(FAILED)
        return
    description = describe(mesh)
    _print(description, _tables(description), json=json)


def _print(description: dict[str, Any], parts: Iterable[Table | str], *, json: bool) -> None:
    """Prints a description as JSON, or its parts for people."""
    if json:
        typer.echo(json_text.dumps(description, indent=2))
        return
    for part in parts:
        if isinstance(part, Table):
            _keep_words(part)
            out.print(part)
        else:
            out.print(part, markup=False, highlight=False, soft_wrap=True)
        out.print()


def _tables(plan: dict[str, Any]) -> list[Table]:
    tables = [_mesh(plan), _networks(plan), _clusters(plan)]
    tables += cloud_tables(plan, _table)
    if plan["groups"]:
        tables += [_groups(plan), _files(plan)]
    if plan["ingresses"]:
        tables.append(_ingresses(plan))
    if plan["paths"]:
        tables.append(_paths(plan))
    return tables


def _mesh(plan: dict[str, Any]) -> Table:
    mesh, istio = plan["mesh"], plan["mesh"]["istio"]
    charts = istio["charts"]
    table = _table(f"Mesh {mesh['id']} of stack {plan['stack']}", "", "")
    table.show_header = False
    table.add_row("trust domain", mesh["trustDomain"])
    table.add_row("trust", mesh["trust"])
    table.add_row(
        "Istio", f"{istio['version']} ({istio['distribution']}), images {istio['hub']}:{istio['tag']}"
    )
    table.add_row("charts", f"{charts['type']} {charts.get('url') or charts.get('path')}")
    table.add_row(
        "remote secrets", ", ".join(f"{e['holder']} → {e['peer']}" for e in plan["peers"]) or "none"
    )
    table.add_row("labels", ", ".join(f"{key}={value}" for key, value in mesh["labels"].items()))
    table.add_row("protected", lift_protection(plan["stack"]) if mesh["protected"] else "no")
    if plan["telemetry"]:
        table.add_row("telemetry", _reports(plan["telemetry"]))
    if plan["kiali"]:
        table.add_row("Kiali", f"cluster {plan['kiali']['cluster']}, namespace {plan['kiali']['namespace']}")
    table.add_row(
        "demo", f"{plan['demo']['service']}.{plan['demo']['namespace']}" if plan["demo"] else "none"
    )
    table.add_row("secrets to set", ", ".join(plan["secrets"]) or "none")
    return table


def _reports(telemetry: dict[str, Any]) -> str:
    logs, traces = telemetry["accessLogs"], telemetry["traces"]
    parts = []
    if logs:
        stdout = f"standard output ({logs['stdout']})" if logs["stdout"] else None
        parts.append(f"access logs to {' and '.join(filter(None, (stdout, logs['otlp'])))}")
    if traces:
        parts.append(f"{traces['sampling']:g} % of traces to {traces['otlp']}")
    parts.append("Istio's metrics" if telemetry["metrics"] else "no metrics of Istio")
    return f"{', '.join(parts)}; in {', '.join(telemetry['clusters'])}"


def _networks(plan: dict[str, Any]) -> Table:
    table = _table("Networks", "name", "type", "CIDR", "clusters", "groups", "entry point")
    for network in plan["networks"]:
        table.add_row(
            network["name"],
            network["type"],
            network["cidr"],
            ", ".join(network["clusters"]),
            ", ".join(network["groups"]),
            ", ".join(network["entryPoints"]),
        )
    return table


def _clusters(plan: dict[str, Any]) -> Table:
    table = _table(
        "Clusters", "name", "type", "network", "state", "peers", "pod CIDR", "service CIDR", "gateway"
    )
    for cluster in plan["clusters"]:
        gateway = cluster["gateway"]
        table.add_row(
            cluster["name"],
            cluster["type"],
            cluster["network"],
            cluster["state"],
            ", ".join(cluster["peers"]),
            cluster["podCidr"] or "the cluster's own",
            cluster["serviceCidr"] or "the cluster's own",
            f"{gateway['serviceType']} {', '.join(gateway['addresses'])}".strip() if gateway else "none",
        )
    return table


def _groups(plan: dict[str, Any]) -> Table:
    table = _table(
        "Workload groups",
        "name",
        "VMs",
        "network",
        "registers with",
        "service account",
        "hosts and ports",
        "probe",
    )
    for group in plan["groups"]:
        names = [machine["name"] for machine in plan["machines"] if machine["group"] == group["name"]]
        machines = ", ".join(names) or _counted(group["machines"])
        ports = ", ".join(f"{number} ({name})" for name, number in group["ports"].items())
        table.add_row(
            group["name"],
            machines,
            group["network"],
            group["cluster"],
            f"{group['namespace']}/{group['serviceAccount']}",
            f"{', '.join(group['hosts'])} at {ports}",
            group["probe"] or "none",
        )
    return table


def _counted(machines: dict[str, Any]) -> str:
    """How many VMs of a group whose names the plan does not know."""
    cloud = machines["cloud"]
    if cloud is None:
        return f"{machines['type']}, {machines['minimum']} or more"
    fixed = cloud["minimum"] == cloud["maximum"]
    return f"{machines['type']}, {cloud['minimum'] if fixed else '{minimum} to {maximum}'.format(**cloud)}"


def _files(plan: dict[str, Any]) -> Table:
    """Files by their folder: those that make a VM a member of the mesh, and those of the application."""
    table = _table("Files on each VM", "group", "folder", "files")
    for group in plan["groups"]:
        folders: dict[str, list[str]] = {}
        for path in map(PurePosixPath, group["files"]):
            folders.setdefault(str(path.parent), []).append(path.name)
        rows = [*((folder, names) for folder, names in folders.items()), ("systemd units", group["units"])]
        for index, (folder, names) in enumerate(rows):
            table.add_row("" if index else group["name"], folder, ", ".join(names))
    return table


def _ingresses(plan: dict[str, Any]) -> Table:
    table = _table("Ingresses", "name", "cluster", "class", "listeners", "path", "backends")
    for ingress in plan["ingresses"]:
        listeners = ", ".join(f"{entry['protocol']} {entry['port']}" for entry in ingress["listeners"])
        for route in ingress["routes"] or [{"pathPrefix": "", "backends": []}]:
            table.add_row(
                f"{ingress['namespace']}/{ingress['name']}",
                ingress["cluster"],
                ingress["gatewayClass"],
                listeners,
                _matched(route),
                "\n".join(_backend(backend) for backend in route["backends"]) or "redirect",
            )
    return table


def _matched(route: dict[str, Any]) -> str:
    """What a route matches: host names, and paths or the conditions in their place."""
    hosts = route.get("hostnames") or [""]
    if route.get("kind", "HTTP") in ("TLS", "TCP"):
        return ", ".join(filter(None, hosts)) or "every connection"
    if not route.get("matches"):
        return ", ".join(f"{host}{_path(route)}" for host in hosts)
    return "\n".join(f"{host} {match}".strip() for host in hosts for match in route["matches"])


def _path(route: dict[str, Any]) -> str:
    replaced = f" → {route['replacePrefix']}" if "replacePrefix" in route else ""
    return f"{route['pathPrefix']}{replaced}"


def _backend(backend: dict[str, Any]) -> str:
    name = (
        f"group {backend['group']}" if "group" in backend else f"{backend['service']}.{backend['namespace']}"
    )
    return f"{backend['weight']} % {name}:{backend['port']}"


def _paths(plan: dict[str, Any]) -> Table:
    table = _table("Required network paths (TCP)", "from", "to", "ports", "route", "opened by", "for")
    for path in plan["paths"]:
        table.add_row(
            path["source"],
            path["destination"],
            ", ".join(map(str, path["ports"])) or "all",
            "required" if path["route"] else "",
            "you" if path["openedBy"] == "you" else "the program",
            path["purpose"],
        )
    return table


def _keep_words(table: Table) -> None:
    """Lets no column be narrower than its longest word, so that no name or address is broken."""
    for column in table.columns:
        column.min_width = max((len(word) for cell in column.cells for word in str(cell).split()), default=0)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
