"""The `hybrid-mesh` command. One file a command; this one only lists them."""

import typer

from cli.bundle import bundle
from cli.down import down
from cli.env import env
from cli.errors import Commands
from cli.lab import lab
from cli.plan import plan
from cli.up import up
from cli.verify import verify

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
