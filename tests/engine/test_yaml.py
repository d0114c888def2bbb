"""A stack file is read alike by `plan` and by Pulumi's engine, or `plan` refuses it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading import document
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.stack_file import load_stack_file
from tests.engine.site import site
from tests.engine.yaml_corpus import BOMBS, FILES, KEYS, LONG, SCALARS, STRUCTURES, TEXTS
from tests.plugins.engine import Pulumi, pulumi_environment

pytestmark = pytest.mark.engine

KEY = "hybrid-mesh:mesh"
LONG_KEY = '"' + "k" * 200 + '"'


def texts() -> Iterator[str]:
    """Bodies of a mesh's key `v`, each a text on its own."""
    yield from SCALARS
    yield from (*TEXTS, *LONG)
    yield from ("{" + key + ": 1}" for key in (*KEYS, LONG_KEY))
    yield from (f"{key}: 1" for key in (*KEYS, LONG_KEY))
    yield from STRUCTURES


def alone(body: str) -> str:
    return f"config:\n  {KEY}:\n    o: &one 1\n    v: {_indented(body, 6)}\n"


def together(bodies: dict[str, str]) -> str:
    """One file with each of `bodies` below a flat key of its own."""
    entries = (f"  x:{name}:\n    o: &one 1\n    v: {_indented(body, 6)}\n" for name, body in bodies.items())
    return f"config:\n{''.join(entries)}"


def _indented(body: str, columns: int) -> str:
    block = ("\n" in body and body[0] not in "|>\"'") or body[-3:] == ": 1"
    text = f"\n{body}" if block else body
    return text.replace("\n", "\n" + " " * columns)


def read(folder: Path, text: str) -> dict[str, Any] | None:
    """What the project reads; None when it refuses the file."""
    path = folder / "Pulumi.read.yaml"
    path.write_bytes(text.encode())
    try:
        return dict(load_stack_file(path).config)
    except ConfigurationError as error:
        for problem in error.problems:
            assert problem.message
            assert problem.remedy
            assert problem.line is not None or problem.file
        return None


class Reader(Pulumi):
    """The real `pulumi` with a stack `read` of a project without a program."""

    def config(self, text: str) -> dict[str, Any] | None:
        """The values that a program gets for the keys of the stack file `text`; None when it is refused."""
        (self.folder / "Pulumi.read.yaml").write_bytes(text.encode())
        done = self.run("config", "--json", "--show-secrets", "--stack", "read", check=False)
        if done.returncode != 0:
            return None
        return {
            key: json.loads(value["value"]) if "objectValue" in value else value["value"]
            for key, value in json.loads(done.stdout).items()
        }


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, engine: None) -> Reader:
    del engine
    folder = tmp_path_factory.mktemp("yaml")
    (folder / "Pulumi.yaml").write_text("name: hybrid-mesh\nruntime: python\n")
    made = Reader(folder, pulumi_environment(folder))
    made.pulumi("stack", "init", "read")
    return made


def differences(reader: Reader, folder: Path, bodies: dict[str, str]) -> Iterator[str]:
    """Each of `bodies`, all of which the project reads, that the engine refuses or reads otherwise."""
    text = together(bodies)
    ours, theirs = read(folder, f"{text}  {KEY}: {{}}\n"), reader.config(text)
    assert ours is not None
    if theirs is None and len(bodies) > 1:
        names = list(bodies)
        for half in (names[: len(names) // 2], names[len(names) // 2 :]):
            yield from differences(reader, folder, {name: bodies[name] for name in half})
        return
    for name, body in bodies.items():
        if theirs is None:
            yield f"{body!a}: refused by the engine"
        elif not same(ours[f"x:{name}"]["v"], theirs[f"x:{name}"]["v"]):
            yield f"{body!a}: {ours[f'x:{name}']['v']!a}, but {theirs[f'x:{name}']['v']!a} in the engine"


def same(one: Any, other: Any) -> bool:
    """Equal, where true differs from 1, and 1 from 1.0."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
def test_a_value_is_read_alike_or_refused(
    reader: Reader, tmp_path: Path, parser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "_LOADER", getattr(yaml, parser))
    accepted = [body for body in texts() if read(tmp_path, alone(body)) is not None]
    assert len(accepted) > 200
    assert list(differences(reader, tmp_path, {f"k{n}": body for n, body in enumerate(accepted)})) == []


@pytest.mark.parametrize("text", [*FILES, *BOMBS], ids=lambda text: ascii(text)[:60])
def test_a_file_is_read_alike_or_refused(reader: Reader, tmp_path: Path, text: str) -> None:
    ours = read(tmp_path, text)
    if ours is None:
        return
    theirs = reader.config(text)
    assert theirs is not None
    assert same(ours[KEY], theirs[KEY])


@pytest.mark.usefixtures("engine")
def test_a_preview_prints_the_problems_of_plan(tmp_path: Path) -> None:
    with site(tmp_path, "dev") as stack:
        mesh = stack.mesh
        mesh["clusters"]["one"]["network"] = "nowhere"
        mesh["protected"] = "no"
        stack.configure(mesh)
        printed = stack.pulumi("preview", fails=True)
        file = load_stack_file(stack.stack_file)
    with pytest.raises(ConfigurationError) as raised:
        plan_from(file.mesh, "dev", file=file)
    problems = [replace(problem, file="stacks/Pulumi.dev.yaml") for problem in raised.value.problems]
    assert {problem.path for problem in problems} == {"clusters.one.network", "protected"}
    for problem in problems:
        assert str(problem).splitlines()[0] in printed
    assert "Traceback" not in printed
