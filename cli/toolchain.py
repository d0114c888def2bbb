"""`hybrid-mesh toolchain`: what the local site runs, fetched or built once per host and kept by content."""

import subprocess
import sys
from typing import Annotated

import typer

from hybrid_mesh.cli.console import say
from hybrid_mesh.cli.question import can_ask, confirmed
from hybrid_mesh.local.paths import project_folder
from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.local.toolchain.profile import Profile

toolchain = typer.Typer(
    help="What the local site runs: Kubernetes, Istio, Pulumi and a Debian root file system."
)


@toolchain.command()
def build() -> None:
    """Fetch or build what is missing, and let this project use it.

    It takes 20 to 28 minutes and 25 GiB of disk the first time on a host, a minute where the release can be
    fetched, and a second for every further project. Run it again after an interruption: it resumes.

    Before it begins it prints what it will build, contact and install. Making the VMs' root file system and
    installing packages need root.

    Example:

        hybrid-mesh toolchain build
    """
    raise typer.Exit(_run("build"))


@toolchain.command()
def check(json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False) -> None:
    """Say what is missing.

    Example:

        hybrid-mesh toolchain check --json

    With --json: {"complete", "missing": [components], "packages": [names], "components": {name: key}}.

    Exit codes: 0 nothing is missing; 1 something is.
    """
    raise typer.Exit(_run("check", *(["--json"] if json else [])))


def offer() -> None:
    """Builds the toolchain where it is missing, if the person at the terminal agrees.

    Raises ToolchainMissing otherwise, also where nobody can be asked.
    """
    try:
        Profile.current()
    except ToolchainMissing:
        if not can_ask():
            raise
        say("The toolchain, which local clusters and VMs run on, is not built on this host.")
        say("Fetching it takes about a minute; building it takes 20 to 28 minutes and 25 GiB of disk.")
        if not confirmed("Do it now?"):
            raise
        if code := _run("build"):
            raise typer.Exit(code) from None


def _run(*arguments: str) -> int:
    """The exit code of the toolchain's own command, to which Ctrl-C goes as well."""
    command = [sys.executable, "-P", "-m", "hybrid_mesh.local.toolchain", *arguments]
    with subprocess.Popen(command, cwd=project_folder()) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
