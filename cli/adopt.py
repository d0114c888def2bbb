"""`hybrid-mesh adopt`: a stack file for a mesh that was made by hand."""

import json as json_text
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hybrid_mesh.cli.console import out, say, step, warn
from hybrid_mesh.cli.errors import FAILED, WRONG, CommandError
from hybrid_mesh.cli.init_questions import check_stack
from hybrid_mesh.cli.kubeconfigs import Kubeconfig, external_kubeconfig
from hybrid_mesh.cli.kubectl import Kubectl, KubectlError
from hybrid_mesh.cli.options import Json
from hybrid_mesh.cli.typed import command
from hybrid_mesh.local.paths import project_folder
from hybrid_mesh.model.config.base import DNS_LABEL_PATTERN
from hybrid_mesh.model.config.clusters import KubeconfigClusterConfig
from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.reading.stack_file import stack_file
from hybrid_mesh.operate.adopt.found import Find, Finding, FoundCluster
from hybrid_mesh.operate.adopt.read import NotAdoptableError, read_cluster
from hybrid_mesh.operate.adopt.write import (
    fingerprint,
    kept_secret,
    problems,
    stack_mesh,
    stack_text,
    strangers,
    superfluous,
)

_NOT_FOUND = "(NotFound)"
"""In kubectl's message about an object, or a kind, that the API server does not have."""


def adopt(
    contexts: Annotated[
        list[str],
        typer.Option("--context", "-c", help="Context of a cluster of the mesh. Repeat it for each cluster."),
    ],
    stack: Annotated[
        str, typer.Option("--stack", "-s", help="Name of the new stack, whose file is written.")
    ] = "adopted",
    kubeconfig: Annotated[
        Path | None, typer.Option("--kubeconfig", help="Kubeconfig file; default: as kubectl's.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Write a stack file for a mesh that was made by hand with Istio's pages, and say how to go on.

    It reads the clusters and changes nothing in them. The stack uses their istiod, certificates and east-west
    gateways as they are: `up` restarts nothing. What the stack file does not express is listed.

    Example:

        hybrid-mesh adopt --context east --context west --stack prod

    docs/adopt.md describes what is read, and how to go on. docs/json.md describes what --json prints.
    """
    target = stack_file(project_folder(), _name(stack))
    _check_new(target)
    if len(set(contexts)) < len(contexts):
        raise CommandError("--context names a context twice.", "Name each cluster once.", WRONG)
    file = kubeconfig.expanduser().resolve() if kubeconfig else None
    found, refused = _read(contexts, file)
    refused += problems(found) if not refused else ()
    if refused:
        _end(refused, json=json)
    text = stack_text(found, _written(file) if file else None)
    check_stack(text, stack)
    try:
        with target.open("x", encoding="utf-8") as created:
            created.write(text)
    except FileExistsError:
        _check_new(target)
    if json:
        typer.echo(json_text.dumps(_document(stack, found, []), indent=2))
    else:
        _report(stack, found)


def _name(stack: str) -> str:
    if not re.fullmatch(DNS_LABEL_PATTERN, stack):
        raise CommandError(
            f"{stack} is not a valid name of a stack.", "Use lower-case letters, digits and dashes.", WRONG
        )
    return stack


def _check_new(target: Path) -> None:
    if target.exists():
        raise CommandError(
            f"stacks/{target.name} exists already.", "Choose another name with --stack, or move it.", WRONG
        )


def _written(path: Path) -> str:
    """The path for the stack file: relative to the project or to the home folder if it is below it."""
    if path.is_relative_to(project_folder()):
        return str(path.relative_to(project_folder()))
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)


def _config(context: str, file: Path | None) -> KubeconfigClusterConfig:
    path = str(file) if file else None
    return KubeconfigClusterConfig(type="kubeconfig", network="any", context=context, path=path)


def _names(content: Mapping[str, Any], section: str) -> list[str]:
    return [str(each.get("name")) for each in content.get(section) or () if isinstance(each, dict)]


def _read(contexts: Sequence[str], file: Path | None) -> tuple[list[FoundCluster], list[Finding]]:
    """What is in each context of the kubeconfig `file`, and what refuses to be adopted. Raises
    CommandError."""
    found, refused = [], []
    opened = {context: _open(context, file) for context in contexts}
    for context, access in opened.items():
        with step(f"Reading {context}"):
            try:
                found.append(read_cluster(context, _finder(access)))
            except NotAdoptableError as error:
                refused.append(error.finding)
            except KubectlError as error:
                raise CommandError(
                    f"Context {context} cannot be read: {error}.", "Check it with kubectl, and try again."
                ) from None
    return found, refused


def _open(context: str, file: Path | None) -> Kubeconfig:
    access = external_kubeconfig(context, _config(context, file), "")
    known = _names(access.content, "contexts")
    if context not in known:
        raise CommandError(
            f"The kubeconfig has no context {context}.", f"It has: {', '.join(known) or 'none'}.", WRONG
        )
    return access


def _finder(access: Kubeconfig) -> Find:
    kubectl = Kubectl(access)

    def find(path: str) -> Any | None:
        try:
            return kubectl.get(path)
        except KubectlError as error:
            if _NOT_FOUND in str(error):
                return None
            raise

    return find


def _end(refused: Sequence[Finding], *, json: bool) -> None:
    if json:
        typer.echo(json_text.dumps(_document(None, [], refused), indent=2))
        raise typer.Exit(FAILED)
    for each in refused:
        warn(f"error: {each.place}: {each.message}.", style="red")
        warn(f"       {each.remedy}.")
    warn("Nothing was written.")
    raise typer.Exit(FAILED)


def _document(stack: str | None, found: Sequence[FoundCluster], refused: Sequence[Finding]) -> dict[str, Any]:
    return {
        "stack": stack,
        "clusters": [_cluster(each) for each in found],
        "left": [_finding(each) for each in _left(found)],
        "refused": [_finding(each) for each in refused],
        "cleanUp": list(_clean_up(found)),
    }


def _left(found: Sequence[FoundCluster]) -> list[Finding]:
    groups = stack_mesh(found, None)[1] if found else []
    return [*groups, *(finding for each in found for finding in each.left), *strangers(found)]


def _cluster(found: FoundCluster) -> dict[str, Any]:
    return {
        "name": found.name,
        "context": found.context,
        "network": found.network,
        "meshId": found.mesh_id,
        "trustDomain": found.trust_domain,
        "istio": found.version,
        "root": fingerprint(found.root),
        "podCidr": found.pod_cidr,
        "gatewayAddresses": list(found.gateway.addresses) if found.gateway else [],
        "remoteSecrets": {name: sorted(peers) for name, peers in sorted(found.remote.items())},
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {"place": finding.place, "message": finding.message, "remedy": finding.remedy}


def _report(stack: str, found: Sequence[FoundCluster]) -> None:
    table = Table(title="Clusters of the mesh", title_justify="left")
    for title in ("cluster", "context", "network", "Istio", "gateway", "pods", "peers"):
        table.add_column(title)
    for each in found:
        peers = sorted({peer for secret in each.remote.values() for peer in secret})
        gateway = ", ".join(each.gateway.addresses) or each.gateway.type if each.gateway else "none"
        pods = each.pod_cidr or ""
        table.add_row(
            each.name, each.context, each.network, each.version, gateway, pods, ", ".join(peers) or "none"
        )
    out.print(table)
    left = _left(found)
    if left:
        out.print("Left as it is, not in the stack file:")
    for finding in left:
        out.print(f"  {finding.place}: {finding.message}. {finding.remedy}.", markup=False)
    out.print(f"Wrote stacks/Pulumi.{stack}.yaml. Next steps:", markup=False)
    out.print(f"  {command('up', stack)}", markup=False)
    commands = list(_clean_up(found))
    if commands:
        out.print("Then remove what the stack replaces:")
    for line in commands:
        out.print(f"  {line}", markup=False)
    say("CIDRs of networks are those of the nodes or pods that exist: enlarge them if yours are larger.")


def _clean_up(found: Sequence[FoundCluster]) -> Iterator[str]:
    """Commands for after `up`. istiod reads a peer from one Secret only: when that is deleted, a change of
    the other one makes istiod look at it again."""
    for each in found:
        kubectl = f"kubectl --context {shlex.quote(each.context)} -n {SYSTEM_NAMESPACE}"
        if each.replaced:
            yield f"{kubectl} delete {' '.join(each.replaced)}"
        gone, kept = superfluous(found, each), kept_secret(found, each)
        if gone:
            touch = f"annotate --overwrite secret {kept} hybrid-mesh/merged=$(date +%s)"
            yield f"{kubectl} delete secret {' '.join(gone)} && {kubectl} {touch}"
