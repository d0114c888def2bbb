"""`hybrid-mesh kubeconfig` and `hybrid-mesh kubectl`: the mesh's clusters for your own tools."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer
import yaml

from hybrid_mesh.cli import complete
from hybrid_mesh.cli.console import out, say, warn
from hybrid_mesh.cli.contexts import (
    Document,
    Owner,
    add,
    change,
    context_of,
    forget,
    is_ours,
    read,
)
from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.cli.kubeconfigs import read_kubeconfig
from hybrid_mesh.cli.kubectl import NO_KUBECTL, find_kubectl, in_memory
from hybrid_mesh.cli.options import Json, Stack
from hybrid_mesh.cli.plans import stack_plan
from hybrid_mesh.cli.typed import needing_lab
from hybrid_mesh.model.derive.kubeconfigs import ambient_files, server_of
from hybrid_mesh.model.plan.types import MeshPlan

Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        "-c",
        help="Only this cluster, instead of all.",
        autocompletion=complete.clusters,
        show_default=False,
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help="Write a kubeconfig of its own to this file, `-` for standard output, instead of merging.",
        show_default=False,
    ),
]


def default_file() -> Path:
    """The file that contexts are merged into: the first of KUBECONFIG, else ~/.kube/config."""
    return ambient_files(os.environ, Path.home())[0]


def kubeconfig(
    stack: Stack = "local",
    cluster: Cluster = None,
    output: Output = None,
    *,
    set_current: Annotated[
        bool,
        typer.Option("--set-current", help="Make the (first) cluster's context the current one."),
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the contexts of this stack instead of adding them.")
    ] = False,
    json_output: Json = False,
) -> None:
    """Add the mesh's clusters to your kubeconfig, as contexts named <mesh id>-<cluster>.

    They go into the first file of KUBECONFIG, else ~/.kube/config. Everything else in it stays, and the
    current context changes only when there is none or with --set-current. `hybrid-mesh down` of a local
    stack removes them again.

    Example:

        hybrid-mesh kubeconfig && kubectl --context mesh1-east get pods -A
        hybrid-mesh kubeconfig --stack prod --output prod.kubeconfig

    With --json: {"file", "contexts": [{"name", "cluster", "server"}], "current", "removed": [names]}.
    """
    if remove and (output or set_current):
        raise CommandError("--remove cannot be used with --output or --set-current.", "", WRONG)
    if output == "-" and json_output:
        raise CommandError("--json cannot be used with --output -.", "", WRONG)
    if remove:
        path = default_file()
        removed = forget(path, Owner(stack, cluster))
        _report(path, [], removed, read(path).get("current-context", ""), as_json=json_output)
        return
    contexts = _contexts(stack_plan(stack), cluster)
    if output == "-":
        out.print(yaml.safe_dump(add({}, contexts, current=True), sort_keys=False), markup=False, end="")
        return
    path = Path(output).expanduser() if output else default_file()
    written: list[Document] = []

    def edit(document: Document) -> Document:
        if output and not is_ours(document):
            raise CommandError(
                f"{path} holds contexts that are not from this program.",
                "Name another file, or leave out --output to merge into your kubeconfig.",
                WRONG,
            )
        written.append(add({} if output else document, contexts, current=set_current))
        return written[0]

    change(path, edit)
    _report(path, contexts, [], str(written[0]["current-context"]), as_json=json_output)


CONTEXT_SETTINGS = {"allow_interspersed_args": False}
"""Of `kubectl`: what stands behind the cluster's name is kubectl's."""


def kubectl(
    cluster: Annotated[str, typer.Argument(help="A cluster of the stack.", autocompletion=complete.clusters)],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Arguments of kubectl.", show_default=False)
    ] = None,
    stack: Stack = "local",
) -> None:
    """Run kubectl on one cluster of the mesh.

    It needs no kubeconfig of yours and changes none. Options of this command stand before the cluster's name;
    all that follows it goes to kubectl.

    Example:

        hybrid-mesh kubectl east -- get pods -A
        hybrid-mesh kubectl --stack prod gke-eu -- describe nodes

    Exit codes: those of kubectl; 1 when the cluster cannot be found, 2 when its name is wrong.
    """
    program = find_kubectl()
    if program is None:
        raise CommandError(f"{NO_KUBECTL}.", "")
    (context,) = _contexts(stack_plan(stack), cluster)
    with in_memory(yaml.safe_dump(context)) as (path, descriptor):
        os.set_inheritable(descriptor, True)
        given = arguments or []
        given = given[1:] if given[:1] == ["--"] else given
        os.execve(program, ["kubectl", *given], {**os.environ, "KUBECONFIG": path})  # noqa: S606


def forget_contexts(stack: str) -> None:
    """Removes the contexts of a destroyed stack from your kubeconfig, and says so."""
    path = default_file()
    try:
        if gone := forget(path, Owner(stack)):
            say(f"Removed from {path}: {', '.join(gone)}.")
    except CommandError as error:
        warn(f"warning: the contexts of stack {stack} stay in your kubeconfig: {error.message}")


def _contexts(plan: MeshPlan, only: str | None) -> list[Document]:
    """One for each cluster, or the one named. Raises CommandError, LabNotRunning."""
    if only is not None and only not in plan.clusters:
        known = ", ".join(sorted(plan.clusters)) or "none"
        raise CommandError(f"The stack {plan.stack} has no cluster {only}.", f"Its clusters: {known}.", WRONG)
    chosen = [each for name, each in plan.clusters.items() if name == only or (only is None and each.active)]
    with needing_lab(plan.stack):
        kubeconfigs = [read_kubeconfig(each, plan.stack) for each in chosen]
    return [
        context_of(f"{plan.mesh_id}-{each.name}", plan.stack, each.name, kubeconfig)
        for each, kubeconfig in zip(chosen, kubeconfigs, strict=True)
    ]


def _report(path: Path, added: list[Document], removed: list[str], current: str, *, as_json: bool) -> None:
    contexts = [
        {
            "name": each["current-context"],
            "cluster": each["contexts"][0]["context"]["extensions"][-1]["extension"]["cluster"],
            "server": server_of(each, None),
        }
        for each in added
    ]
    if as_json:
        found = {"file": str(path), "contexts": contexts, "current": current or None, "removed": removed}
        out.print_json(json.dumps(found))
        return
    for context in contexts:
        out.print(f"kubectl --context {context['name']} get pods -A", markup=False)
    names = ", ".join(removed or [str(each["name"]) for each in contexts])
    if removed:
        out.print(f"Removed from {path}: {names}.", markup=False)
    elif not added:
        out.print(f"{path} has no context of this stack.", markup=False)
    else:
        out.print(f"Added to {path}: {names}. Current context: {current}.", markup=False)
