"""The `hybrid-mesh` command: which commands there are, and the options that all of them have.

A command's module is imported when that command is run: `--version` and `--help` need none of them.
"""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from hybrid_mesh.cli.commands import Commands, Table
from hybrid_mesh.local.toolchain.pins import ISTIO_VERSION, KUBERNETES_VERSION

COMMANDS: Table = {
    "Project": {
        "init": "hybrid_mesh.cli.init:init",
        "adopt": "hybrid_mesh.cli.adopt:adopt",
        "upgrade-project": "hybrid_mesh.cli.upgrade_project:upgrade_project",
        "toolchain": "hybrid_mesh.cli.toolchain:toolchain",
        "clean": "hybrid_mesh.cli.clean:clean",
    },
    "Mesh": {
        "plan": "hybrid_mesh.cli.plan:plan",
        "explain": "hybrid_mesh.cli.explain:explain",
        "check": "hybrid_mesh.cli.check:check",
        "up": "hybrid_mesh.cli.up:up",
        "verify": "hybrid_mesh.cli.verify:verify",
        "doctor": "hybrid_mesh.cli.doctor:doctor",
        "topology": "hybrid_mesh.cli.topology:topology",
        "targets": "hybrid_mesh.cli.targets:targets",
        "down": "hybrid_mesh.cli.down:down",
    },
    "Access": {
        "kubeconfig": "hybrid_mesh.cli.kubeconfig:kubeconfig",
        "kubectl": "hybrid_mesh.cli.kubeconfig:kubectl",
        "env": "hybrid_mesh.cli.env:env",
        "bundle": "hybrid_mesh.cli.bundle:bundle",
        "lab": "hybrid_mesh.cli.lab:lab",
    },
}
"""Heading of the help -> command -> `<module>:<function or typer.Typer>`."""

EXIT_CODES = (
    "Exit codes: 0 success; 1 failure; 2 wrong command line or configuration; 130 interrupted with Ctrl-C."
)

app = typer.Typer(
    name="hybrid-mesh",
    cls=Commands.of(COMMANDS, EXIT_CODES),
    help="One Istio service mesh across several Kubernetes clusters and VMs, declared by one Pulumi program.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _versions(wanted: bool) -> None:
    if wanted:
        python = ".".join(map(str, sys.version_info[:3]))
        typer.echo(f"hybrid-mesh {version('hybrid-mesh')}")
        typer.echo(f"Pulumi SDK {version('pulumi')}, Python {python}")
        typer.echo(f"Istio {ISTIO_VERSION}, Kubernetes {KUBERNETES_VERSION} (local site)")
        raise typer.Exit


def _quiet(wanted: bool) -> None:
    if wanted:
        from hybrid_mesh.cli.console import Verbosity, set_verbosity  # noqa: PLC0415 - as any command's module

        set_verbosity(Verbosity.QUIET)


def _verbose(wanted: bool) -> None:
    if wanted:
        from hybrid_mesh.cli.console import Verbosity, set_verbosity  # noqa: PLC0415 - as any command's module

        set_verbosity(Verbosity.VERBOSE)


@app.callback()
def options(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the versions of this program, Pulumi and Istio.",
            callback=_versions,
            is_eager=True,
        ),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            "-q",
            help="Print results and errors only, no progress.",
            callback=_quiet,
            expose_value=False,
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Print all details of the progress.",
            callback=_verbose,
            expose_value=False,
        ),
    ] = False,
) -> None:
    """The options that stand before a command; -q and -v may stand behind it, too."""


def main() -> None:
    app(prog_name="hybrid-mesh")


if __name__ == "__main__":
    main()
