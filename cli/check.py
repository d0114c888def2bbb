"""`hybrid-mesh check`: whether `up` can work here, and what it will do to this host."""

import json
from typing import Annotated

import typer

from hybrid_mesh.cli.console import hanging, out, warn
from hybrid_mesh.cli.errors import FAILED
from hybrid_mesh.cli.findings import (
    Finding,
    Listener,
    State,
    examine_engine,
    examine_lab,
    examine_stack,
    listeners,
    packages_to_install,
)
from hybrid_mesh.cli.findings_clusters import examine_clouds, examine_clusters
from hybrid_mesh.cli.options import Json, Stack
from hybrid_mesh.cli.plans import is_local, stack_plan
from hybrid_mesh.cli.typed import command
from hybrid_mesh.local.paths import cache_folder, state_folder

_MARKS = {State.OK: ("✓", "green"), State.FAILED: ("✗", "red"), State.NOTE: ("-", "dim")}


def check(
    stack: Stack = "local",
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the clouds whether they accept your credentials.")
    ] = False,
    *,
    json_output: Json = False,
) -> None:
    """Check that this host, Pulumi, the stack file and your clusters are ready for `up`.

    It changes nothing, and lists what `up` will listen on, write and install. Clusters of the type
    kubeconfig are asked for their version; clouds are asked with --online only.

    Example:

        hybrid-mesh check --stack prod --online

    With --json: {"stack", "ready", "checks": [{"section", "name", "state": "ok", "failed" or "note",
    "detail", "remedy"}], "listens": [{"address", "port", "what"}], "writes": [paths], "installs":
    [packages]}.

    Exit codes: 0 ready; 1 something is missing; 2 wrong command line or stack file.
    """
    plan = stack_plan(stack)
    local = is_local(plan)
    findings = [*examine_stack(plan), *(examine_lab() if local else ()), *examine_engine()]
    findings += [*examine_clusters(plan), *examine_clouds(plan, online=online)]
    listens = listeners(plan) if local else []
    installs = packages_to_install() if local else []
    writes = [str(state_folder()), str(cache_folder())]
    failed = [finding for finding in findings if finding.state is State.FAILED]
    if json_output:
        checks = [
            {
                "section": f.section,
                "name": f.name,
                "state": f.state.value,
                "detail": f.detail,
                "remedy": f.remedy,
            }
            for f in findings
        ]
        listening = [{"address": one.address, "port": one.port, "what": one.what} for one in listens]
        found = {"stack": stack, "ready": not failed, "checks": checks, "listens": listening}
        out.print_json(json.dumps({**found, "writes": writes, "installs": installs}))
    else:
        _print(findings, listens, writes, installs)
    if failed:
        warn(f"error: {len(failed)} of {len(findings)} checks failed.", style="red")
        raise typer.Exit(FAILED)
    if not json_output:
        out.print(f"\nReady. Create the mesh with `{command('up', stack)}`.", markup=False)


def _print(findings: list[Finding], listens: list[Listener], writes: list[str], installs: list[str]) -> None:
    width = max(len(finding.name) for finding in findings)
    section = ""
    for finding in findings:
        if finding.section != section:
            section = finding.section
            out.print(section, style="bold")
        mark, style = _MARKS[finding.state]
        out.print(f"  {mark} ", style=style, end="")
        out.print(
            hanging(f"    {finding.name:<{width}}  ", finding.detail).removeprefix("    "), markup=False
        )
        if finding.remedy:
            out.print(hanging(" " * (width + 6), finding.remedy), markup=False)
    out.print("`hybrid-mesh up` will", style="bold")
    for one in listens:
        out.print(hanging(f"  listen on {one.address}:{one.port}  ", one.what), markup=False)
    if listens:
        out.print("  use the next free port where another program holds one of these")
    else:
        out.print("  listen on nothing")
    out.print(hanging("  write below ", " and ".join(writes)), markup=False)
    if installs:
        out.print(hanging("  need the toolchain, whose build installs by apt-get: ", ", ".join(installs)))
    else:
        out.print("  install no package")
