"""The `hybrid-mesh` command. One file a command; this one only lists them."""

import typer

from hybrid_mesh.cli.bundle import bundle
from hybrid_mesh.cli.down import down
from hybrid_mesh.cli.env import env
from hybrid_mesh.cli.errors import Commands
from hybrid_mesh.cli.lab import lab
from hybrid_mesh.cli.plan import plan
from hybrid_mesh.cli.up import up
from hybrid_mesh.cli.verify import verify

app = typer.Typer(
    name="hybrid-mesh",
    cls=Commands,
    help="An Istio mesh over several clusters and virtual machines, declared by one Pulumi program.\n\n"
    "Exit codes: 0 done; 1 failed; 2 the command line or the configuration is wrong; 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(up)
app.command()(down)
app.command()(verify)
app.command()(env)
app.command()(plan)
app.command()(bundle)
app.add_typer(lab, name="lab")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
