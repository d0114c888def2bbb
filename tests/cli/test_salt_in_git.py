"""What git sees of a stack file with a salt, in a repository of the test's own."""

from pathlib import Path

import pytest

from hybrid_mesh.cli.salt_in_git import FILTER, hide_salt, show_salt
from tests.commands import run

TEXT = "config:\n  hybrid-mesh:mesh: {id: mesh1}   # kept\n"
SALT = "encryptionsalt: v1:a+b/c=:v1:d:e==\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    (folder / "stacks").mkdir(parents=True)
    for name in ("local", "other"):
        (folder / "stacks" / f"Pulumi.{name}.yaml").write_text(TEXT)
    git(folder, "init", "--quiet", ".")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message=begin")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return run(["git", *arguments], folder=folder).stdout


def add(file: Path, text: str) -> None:
    file.write_text(f"{file.read_text()}{text}")


def test_the_tree_stays_clean_and_nothing_is_committed(clone: Path) -> None:
    file = clone / "stacks" / "Pulumi.local.yaml"
    add(file, SALT)
    hide_salt(file)
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "diff") == ""
    git(clone, "add", "--all")
    assert git(clone, "diff", "--cached") == ""
    assert SALT in file.read_text()


def test_without_the_salt_the_tree_is_as_clean_as_before(clone: Path) -> None:
    file = clone / "stacks" / "Pulumi.local.yaml"
    add(file, SALT)
    hide_salt(file)
    file.write_text(TEXT)
    show_salt(file)
    assert git(clone, "status", "--porcelain") == ""


def test_what_you_changed_is_not_staged(clone: Path) -> None:
    file = clone / "stacks" / "Pulumi.local.yaml"
    add(file, f"{SALT}# mine\n")
    hide_salt(file)
    show_salt(file)
    assert git(clone, "status", "--porcelain") == " M stacks/Pulumi.local.yaml\n"


def test_other_changes_are_seen_without_the_salt(clone: Path) -> None:
    file = clone / "stacks" / "Pulumi.local.yaml"
    hide_salt(file)
    add(file, f"{SALT}# mine\n")
    changed = git(clone, "diff")
    assert "+# mine" in changed
    assert "encryptionsalt" not in changed


def test_a_file_with_secrets_keeps_its_salt(clone: Path) -> None:
    file = clone / "stacks" / "Pulumi.local.yaml"
    hide_salt(file)
    add(file, f"{SALT}  hybrid-mesh:key: {{secure: v1:abc}}\n")
    assert f"+{SALT}" in git(clone, "diff")


def test_other_files_are_not_filtered(clone: Path) -> None:
    hide_salt(clone / "stacks" / "Pulumi.local.yaml")
    add(clone / "stacks" / "Pulumi.other.yaml", SALT)
    assert git(clone, "status", "--porcelain") == " M stacks/Pulumi.other.yaml\n"


def test_nothing_of_it_is_left(clone: Path) -> None:
    before = (clone / ".git" / "config").read_text()
    attributes = clone / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("*.png binary\n")
    local, other = (clone / "stacks" / f"Pulumi.{name}.yaml" for name in ("local", "other"))
    for file in (local, other, local):
        hide_salt(file)
    show_salt(local)
    assert git(clone, "config", f"filter.{FILTER}.clean")
    show_salt(other)
    show_salt(other)
    assert attributes.read_text() == "*.png binary\n"
    assert (clone / ".git" / "config").read_text() == before


def test_where_there_is_no_git_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    file = tmp_path / "Pulumi.local.yaml"
    file.write_text(TEXT)
    hide_salt(file)
    show_salt(file)
    monkeypatch.setenv("PATH", "")
    hide_salt(file)
    assert list(tmp_path.iterdir()) == [file]
