"""What `hybrid-mesh check` finds out about clusters that exist already, and about access to clouds."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hybrid_mesh.cli.contexts import context_of
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.findings import Finding, State
from hybrid_mesh.cli.kubeconfigs import read_kubeconfig
from hybrid_mesh.cli.kubectl import Kubectl, KubectlError
from hybrid_mesh.local.patience import patient
from hybrid_mesh.model.clouds.kinds import AWS, GOOGLE
from hybrid_mesh.model.config.clusters import KubeconfigClusterConfig
from hybrid_mesh.model.derive.kubeconfigs import server_of
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan

_ASKING_SECONDS = 30.0


@dataclass(frozen=True)
class CloudAccess:
    """How a cloud's own programs find credentials: variables and files, in the order in which they are looked
    at. `command` gets tokens for the API servers of its clusters, `question` says who one is."""

    name: str
    variables: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    """Variable that names the file, and the path below the home folder without it."""
    command: str
    question: tuple[str, ...]
    login: str


_ACCESS = {
    # pulumi.com/registry/packages/gcp/installation-configuration; google-auth, `default`
    GOOGLE.network: CloudAccess(
        "Google Cloud",
        ("GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN"),
        (("GOOGLE_APPLICATION_CREDENTIALS", ".config/gcloud/application_default_credentials.json"),),
        "gke-gcloud-auth-plugin",
        ("gcloud", "auth", "application-default", "print-access-token", "--quiet"),
        "gcloud auth application-default login",
    ),
    # docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
    AWS.network: CloudAccess(
        "AWS",
        (
            "AWS_ACCESS_KEY_ID",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_PROFILE",
        ),
        (
            ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
            ("AWS_CONFIG_FILE", ".aws/config"),
        ),
        "aws",
        ("aws", "sts", "get-caller-identity", "--output", "json"),
        "aws sso login",
    ),
}


def examine_clusters(plan: MeshPlan) -> Iterator[Finding]:
    """Asks every cluster of the type `kubeconfig` for its version, all at once."""
    clusters = [
        each
        for each in plan.clusters.values()
        if isinstance(each.config, KubeconfigClusterConfig) and each.active
    ]
    with ThreadPoolExecutor(max_workers=8) as pool:
        yield from pool.map(lambda cluster: _examine(cluster, plan.stack), clusters)


def examine_clouds(plan: MeshPlan, *, online: bool) -> Iterator[Finding]:
    """Credentials and programs of each cloud of the plan; the cloud itself is asked only if `online`."""
    networks = {network.config.type for network in plan.networks.values()}
    clusters = {cluster.config.type for cluster in plan.clusters.values()}
    for kinds in (GOOGLE, AWS):
        if kinds.network in networks:
            yield from _examine_cloud(_ACCESS[kinds.network], kinds.cluster in clusters, online=online)


def _examine(cluster: ClusterPlan, stack: str) -> Finding:
    section = "Clusters"
    try:
        kubeconfig = read_kubeconfig(cluster, stack)
        context = context_of(cluster.name, stack, cluster.name, kubeconfig)
    except CommandError as error:
        return Finding(section, cluster.name, State.FAILED, error.message, error.remedy)
    server = server_of(context, None)
    try:
        version = Kubectl(kubeconfig).get("/version")["gitVersion"]
    except KubectlError as error:
        remedy = "Start the cluster, or fix its context in your kubeconfig."
        return Finding(section, cluster.name, State.FAILED, f"{server} does not answer: {error}", remedy)
    return Finding(section, cluster.name, State.OK, f"Kubernetes {version} at {server}")


def _examine_cloud(access: CloudAccess, has_clusters: bool, *, online: bool) -> Iterator[Finding]:
    source = _credentials(access)
    if source:
        yield Finding(access.name, "credentials", State.OK, source)
    else:
        detail = "none in the environment or in files; those of a VM or runner may still be found"
        yield Finding(access.name, "credentials", State.NOTE, detail, f"Run `{access.login}`.")
    if has_clusters:
        yield _program(access)
    if online:
        yield _ask(access)


def _credentials(access: CloudAccess) -> str:
    """Where credentials are found first, without reading any; empty for nowhere."""
    for variable in access.variables:
        if os.environ.get(variable):
            return f"from the variable {variable}"
    for variable, usual in access.files:
        path = Path(os.environ.get(variable) or Path.home() / usual)
        if path.exists():
            return f"from {path}"
    return ""


def _program(access: CloudAccess) -> Finding:
    found = shutil.which(access.command)
    if found:
        return Finding(access.name, access.command, State.OK, found)
    remedy = f"Install {access.command}: the kubeconfigs of {access.name}'s clusters run it."
    return Finding(access.name, access.command, State.FAILED, "not found on PATH", remedy)


def _ask(access: CloudAccess) -> Finding:
    """Whether the cloud accepts the credentials; nothing that its program prints is shown."""
    name, program = "login", access.question[0]
    if shutil.which(program) is None:
        return Finding(access.name, name, State.NOTE, f"not asked: {program} is not installed")
    done = _answer(access.question)
    if done == 0:
        return Finding(access.name, name, State.OK, "the cloud accepts the credentials")
    detail = "no answer in time" if done is None else f"`{program}` ended with exit code {done}"
    return Finding(access.name, name, State.FAILED, detail, f"Run `{access.login}`.")


def _answer(command: Sequence[str]) -> int | None:
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=patient(_ASKING_SECONDS),
        ).returncode
    except subprocess.TimeoutExpired:
        return None
