"""Reading stack files: a file without a valid mesh is refused with its place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hybrid_mesh.model.reading import document
from hybrid_mesh.model.reading.nodes import Node
from hybrid_mesh.model.reading.problems import ConfigurationError, Problem
from hybrid_mesh.model.reading.stack_file import load_stack_file, read_stack_file, stack_file
from tests.commands import PROJECT


def _refusal(path: Path) -> str:
    with pytest.raises(ConfigurationError) as raised:
        read_stack_file(path)
    return str(raised.value)


def _written(folder: Path, text: str) -> Path:
    path = folder / "Pulumi.test.yaml"
    path.write_text(text)
    return path


def test_gives_the_mesh_as_it_stands(tmp_path: Path) -> None:
    path = _written(tmp_path, "config:\n  other:key: 1\n  hybrid-mesh:mesh: {id: a, clusters: {east: {}}}\n")
    assert read_stack_file(path) == {"id": "a", "clusters": {"east": {}}}


def test_knows_where_stack_files_are(tmp_path: Path) -> None:
    assert stack_file(tmp_path, "dev") == tmp_path / "stacks" / "Pulumi.dev.yaml"


def test_refuses_two_clusters_of_one_name(tmp_path: Path) -> None:
    text = "config:\n  hybrid-mesh:mesh:\n    clusters:\n      east: {}\n      west: {}\n      east: {}\n"
    refusal = _refusal(_written(tmp_path, text))
    assert "Pulumi.test.yaml:6:7: clusters.east: duplicate key (first defined on line 4)" in refusal
    assert "Rename one" in refusal


def test_refuses_every_duplicate_at_once(tmp_path: Path) -> None:
    text = "config:\n  hybrid-mesh:mesh: {a: {b: 1, b: 2}, c: 1, c: 2}\n"
    path = _written(tmp_path, text)
    with pytest.raises(ConfigurationError) as raised:
        read_stack_file(path)
    assert sorted(problem.path for problem in raised.value.problems) == ["a.b", "c"]


def test_keeps_what_merge_keys_bring(tmp_path: Path) -> None:
    text = "config:\n  hybrid-mesh:mesh: {a: &a {b: 1, c: 2}, d: {<<: *a, c: 3}}\n"
    assert read_stack_file(_written(tmp_path, text))["d"] == {"b": 1, "c": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("config: [", "not valid YAML: the text ends before a bracket is closed"),
        ("config: {a: 1\n", "Pulumi.test.yaml:1:9: not valid YAML: this `{` is not closed"),
        ("config: 'a\n", "Pulumi.test.yaml:1:9: not valid YAML: this `'` is not closed"),
        ("config:\n\t- a", ":2:1: YAML does not allow tabs"),
        ("", "config"),
        ("config: 1", "config (1)"),
        ("config: {}", "hybrid-mesh:mesh"),
        ("config: {'hybrid-mesh:mesh': text}", "hybrid-mesh:mesh (text)"),
        ("config: !!python/object/apply:os.system [true]", "tags are not supported"),
        ("- config", "config"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    refusal = _refusal(_written(tmp_path, text))
    assert said in refusal
    assert len(refusal.splitlines()) == 2


def test_says_that_a_file_is_missing(tmp_path: Path) -> None:
    assert "the stack file does not exist" in _refusal(tmp_path / "Pulumi.nowhere.yaml")


def test_says_that_a_file_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in _refusal(path)


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "prod"])
@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
def test_knows_the_place_of_every_value(stack: str, parser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_LOADER", getattr(yaml, parser))
    path = stack_file(PROJECT, stack)
    lines = path.read_text().splitlines()
    file = load_stack_file(path)
    seen = 0
    for keys, node in _nodes(file.root.entries["config"].entries["hybrid-mesh:mesh"], []):
        [problem] = file.located([Problem(".".join(keys), "", "", "")])
        assert (problem.line, problem.column) == node.place
        at = lines[node.place.line - 1][node.place.column - 1 :]
        expected = keys[-1] if node.entries and node.key else node.text or ""
        assert at.lstrip("\"'").startswith(expected), (keys, at)
        seen += 1
    assert seen > 30


def _nodes(node: Node, keys: list[str]) -> Iterator[tuple[list[str], Node]]:
    for key, entry in node.entries.items():
        yield [*keys, key], entry
        yield from _nodes(entry, [*keys, key])


def test_a_missing_key_has_the_place_of_its_section(tmp_path: Path) -> None:
    text = "config:\n  hybrid-mesh:mesh:\n    id: a\n    clusters:\n      east: {type: local}\n"
    file = load_stack_file(_written(tmp_path, text))
    problems = [
        Problem(path, "", "", "") for path in ("clusters.east.network", "networks", "clusters.west.a")
    ]
    places = [(problem.line, problem.column) for problem in file.located(problems)]
    assert places == [(2, 3), (4, 5), (5, 7)]


def test_an_alias_has_its_own_place_and_what_is_below_it_the_anchors(tmp_path: Path) -> None:
    text = "config:\n  hybrid-mesh:mesh:\n    a: &a {b: [1, 2]}\n    c: *a\n    d: {<<: *a, e: 1}\n"
    file = load_stack_file(_written(tmp_path, text))
    problems = [Problem(path, "", "", "") for path in ("c", "c.b.1", "d.b.0", "d.e")]
    places = {problem.path: (problem.line, problem.column) for problem in file.located(problems)}
    assert places == {"c": (4, 5), "c.b.1": (3, 19), "d.b.0": (3, 16), "d.e": (5, 20)}


def test_keys_with_dots_are_found(tmp_path: Path) -> None:
    text = "config:\n  hybrid-mesh:mesh: {labels: {a.b/c: {d.e: 1}, a: {b: 2}}}\n"
    file = load_stack_file(_written(tmp_path, text))
    [problem] = file.located([Problem("labels.a.b/c.d.e", "", "", "")])
    assert (problem.line, problem.column) == (2, 44)


def test_a_path_is_relative_to_the_current_folder_where_it_is_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _written(tmp_path, "config: [")
    assert str(path) in _refusal(path)
    monkeypatch.chdir(tmp_path)
    assert _refusal(path).startswith("Pulumi.test.yaml:")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert "../Pulumi.test.yaml:" in _refusal(Path("../Pulumi.test.yaml"))


def test_refuses_a_file_of_too_many_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_NODES", 30)
    few, many = (f"config: {{hybrid-mesh:mesh: {{a: [{'x, ' * count}]}}}}\n" for count in (10, 30))
    assert read_stack_file(_written(tmp_path, few)) == {"a": ["x"] * 10}
    assert "each alias counted as what it stands for" in _refusal(_written(tmp_path, many))


def test_refuses_a_file_of_too_many_bytes_without_reading_them(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.test.yaml"
    with path.open("wb") as file:
        file.truncate(2**40)
    assert "larger than 1024 KiB" in _refusal(path)
