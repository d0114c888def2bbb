"""How commands are found, imported when they are needed, and explained."""

import ast
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import typer
import typer.core
import typer.main
from typer._click.shell_completion import CompletionItem

Table = Mapping[str, Mapping[str, str]]
EVERYWHERE = ("quiet", "verbose")
"""Options of the whole program that every command knows, too."""


class Commands(typer.core.TyperGroup):
    """A group of commands, each imported when it is used. Every foreseen failure of one ends with one or two
    lines and its exit code; what nobody foresaw keeps its traceback."""

    table: ClassVar[Table] = {}
    exit_codes: ClassVar[str] = ""

    @classmethod
    def of(cls, table: Table, exit_codes: str) -> "type[Commands]":
        """`exit_codes` ends the help of every command that does not name its own."""
        return type("Commands", (cls,), {"table": table, "exit_codes": exit_codes})

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        places = {name: place for section in self.table.values() for name, place in section.items()}
        self.places = places
        self.commands = dict.fromkeys(places)  # type: ignore[assignment] # what `Did you mean` looks at

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.places)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        place = self.places.get(cmd_name)
        return self._load(cmd_name, place) if place else None

    def invoke(self, ctx: Any) -> Any:
        from hybrid_mesh.cli.errors import reporting  # noqa: PLC0415 - `--help` does not need it

        return reporting(lambda: super(Commands, self).invoke(ctx), ctx.meta)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click's signature
        for heading, section in self.table.items():
            with formatter.section(heading):
                formatter.write_dl([(name, summary(place)) for name, place in section.items()])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click's signature
        formatter.write_paragraph()
        formatter.write_text(self.exit_codes)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        found = [name for name in self.places if name.startswith(incomplete)]
        options = super(typer.core.TyperGroup, self).shell_complete(ctx, incomplete)
        return [*(CompletionItem(name, help=summary(self.places[name])) for name in found), *options]

    def _load(self, name: str, place: str) -> Any:
        module, _, attribute = place.partition(":")
        imported = import_module(module)
        found = getattr(imported, attribute)
        if not isinstance(found, typer.Typer):
            function, found = found, typer.Typer()
            found.command(name, context_settings=getattr(imported, "CONTEXT_SETTINGS", None))(function)
        found.rich_markup_mode = None
        found._add_completion = False
        command = typer.main.get_command(found)
        self._complete(command)
        return command

    def _complete(self, command: Any) -> None:
        """Adds to a command and those below it what all have."""
        command.params.extend(each for each in self.params if each.name in EVERYWHERE)
        below = getattr(command, "commands", {})
        if not below and "Exit codes:" not in (command.help or ""):
            command.help = f"{command.help or ''}\n\n{self.exit_codes}"
        command.help = flowing(command.help or "")
        for each in below.values():
            self._complete(each)


def summary(place: str) -> str:
    """The first sentence of what a command says of itself, read from its source: importing it takes long."""
    module, _, attribute = place.partition(":")
    spec = find_spec(module)
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else "")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == attribute:
            return _first_sentence(ast.get_docstring(node) or "")
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == attribute:
            made = node.value
            texts = [each.value for each in getattr(made, "keywords", ()) if each.arg == "help"]
            return _first_sentence(str(ast.literal_eval(texts[0])) if texts else "")
    raise LookupError(f"{module} has no {attribute}")


def flowing(text: str) -> str:
    """`text` with its indented paragraphs, which are examples, kept as they are when click wraps the rest."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(f"\b\n{part}" if part.startswith("    ") else part for part in paragraphs)


def _first_sentence(text: str) -> str:
    first = " ".join(text.partition("\n\n")[0].split())
    return first.partition(". ")[0].removesuffix(".")
