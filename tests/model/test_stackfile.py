"""Reading stack files: what is no mesh is refused with its place."""

from pathlib import Path

import pytest

from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.stack_file import read_stack_file, stack_file


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
    assert "no such file" in _refusal(tmp_path / "Pulumi.nowhere.yaml")


def test_says_that_a_file_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in _refusal(path)
