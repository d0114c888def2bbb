"""What the pages' blocks say can be run: shell, commands, stack files, JSON."""

import copy
import importlib.util
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import typer
import yaml
from typer.core import TyperGroup
from typer.exceptions import TyperException

from hybrid_mesh.cli.main import app
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.stack_file import read_stack_file, stack_file
from tests.commands import PROJECT, run
from tests.docs.pages import PAGES, Block, blocks, commands, make_targets

BLOCKS = [block for page in PAGES for block in blocks(page)]
MESH = "hybrid-mesh:mesh"
MERGED = re.compile(r"merged into stacks/Pulumi\.(\w+)\.yaml")
GENERATED = "docs/configuration.md"
"""tests/model/test_reference.py runs its examples."""
FLAG = re.compile(r"^ +(?:(-\w), )?(--[\w-]+)?", re.MULTILINE)


def _commands(program: str) -> Iterator[tuple[Block, list[str]]]:
    """The arguments of each use of `program` in a block, with the block."""
    for block in BLOCKS:
        for words in commands(block.script):
            if words[0].rpartition("/")[2] == program:
                yield block, words[1:]


def test_there_are_blocks_of_each_kind() -> None:
    """A page that is written another way would not be checked."""
    assert {"console", "yaml", "json"} <= {block.language for block in BLOCKS}
    assert {block.language for block in BLOCKS} <= {"", "console", "json", "python", "sh", "text", "yaml"}
    assert len(list(_commands("hybrid-mesh"))) > 10


@pytest.mark.parametrize("page", PAGES)
def test_shell_is_valid(page: str) -> None:
    for block in blocks(page):
        if block.script:
            done = run(["sh", "-n", "-c", block.script], check=False)
            assert done.returncode == 0, f"{done.stderr}\n{block.script}"


def test_each_use_of_the_command_is_parsed() -> None:
    for block, arguments in _commands("hybrid-mesh"):
        try:
            _parse(arguments)
        except TyperException as error:
            pytest.fail(f"{block.page}: hybrid-mesh {' '.join(arguments)}: {error}")


def test_a_wrong_use_is_noticed() -> None:
    for arguments in (["laab"], ["lab", "logz"], ["lab", "logs", "--bogus"], ["lab", "shell"], ["up", "x"]):
        with pytest.raises(TyperException):
            _parse(arguments)


def _parse(arguments: list[str]) -> None:
    """Parses without running anything. Raises TyperException."""
    command: Any = typer.main.get_command(app)
    context, rest = None, list(arguments)
    while True:
        try:
            context = command.make_context(command.name, rest, parent=context)
        except typer.Exit:  # --help, --version
            return
        if not isinstance(command, TyperGroup):
            return
        _, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])


def test_each_target_of_make_is_one() -> None:
    targets = make_targets()
    for block, arguments in _commands("make"):
        assert {word for word in arguments if "=" not in word} <= targets, block.page


def test_each_python_module_that_is_run_is_one() -> None:
    for block, arguments in _commands("python"):
        if "-m" in arguments:
            module = arguments[arguments.index("-m") + 1]
            assert importlib.util.find_spec(module) is not None, f"{block.page}: {module}"


@pytest.mark.engine
@pytest.mark.parametrize("program", ["pulumi", "kubectl"])
def test_programs_know_their_commands_and_flags(program: str) -> None:
    asked = list(_commands(program))
    assert asked
    for block, arguments in asked:
        line = f"{block.page}: {program} {' '.join(arguments)}"
        names = [word for word in arguments if re.fullmatch(r"[a-z]+", word)]
        usage = _help(program, *names[:2])
        assert f"{program} {names[0]}" in usage, line
        known = {flag for pair in FLAG.findall(usage) for flag in pair if flag}
        flags = {word.partition("=")[0] for word in arguments if re.match(r"--?[a-z]", word)}
        assert flags <= known, f"{line}: {flags - known}"


@cache
def _help(program: str, *words: str) -> str:
    """What the toolchain's `program` says of a command, with the options of all commands of kubectl."""
    tool = str(PROJECT / ".toolchain" / "bin" / program)
    general = run([tool, "options"]).stdout if program == "kubectl" else ""
    return run([tool, *words, "--help"]).stdout + general


@pytest.mark.parametrize("page", [page for page in PAGES if page != GENERATED])
def test_yaml_passes_plan(page: str) -> None:
    for block in blocks(page):
        if block.language == "yaml":
            _plan(block)


def _plan(block: Block) -> None:
    """A block is a whole stack file, or part of a mesh and says of which stack; objects of Kubernetes' form
    are read only."""
    content = yaml.safe_load(block.text)
    if "apiVersion" in content:
        return
    if "config" in content:
        plan_from(content["config"][MESH], "docs")
        return
    named = MERGED.search(block.note)
    assert named, f"{block.page}: say before the block which stack it is merged into:\n{block.text}"
    base = read_stack_file(stack_file(PROJECT, named[1]))
    plan_from(_merged(copy.deepcopy(dict(base)), content), named[1])


def _merged(base: Any, over: Any) -> Any:
    """Mappings of the same keys one into the other; an explicit null removes a key."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    merged = {**base, **{key: _merged(base.get(key), value) for key, value in over.items()}}
    return {key: value for key, value in merged.items() if value is not None}


def test_json_is_json() -> None:
    for block in BLOCKS:
        if block.language == "json":
            json.loads(block.text)
