from pathlib import Path

import pytest

from hybrid_mesh.cli import salt
from hybrid_mesh.cli.salt import ensure_salt, new_salt, remove_salt
from tests.commands import run

TEXT = """# a comment
config:
  # another
  pulumi:disable-default-providers: [kubernetes]   # at the end of a line
  hybrid-mesh:mesh: {id: mesh1}
"""


@pytest.fixture(autouse=True)
def _few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salt, "ROUNDS", 1000)


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text("correct horse battery staple")
    return path


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "Pulumi.local.yaml"
    path.write_text(TEXT)
    return path


def test_up_and_down_leave_the_stack_file_as_it_was(stack: Path, passphrase: Path) -> None:
    assert ensure_salt(stack, passphrase) is None
    text = stack.read_text()
    assert text.startswith(TEXT)
    assert text.count("encryptionsalt: v1:") == 1
    ensure_salt(stack, passphrase)
    assert stack.read_text() == text
    remove_salt(stack, passphrase)
    assert stack.read_text() == TEXT


def test_the_salt_of_a_lost_passphrase_gives_way(stack: Path, passphrase: Path) -> None:
    stack.write_text(TEXT + "encryptionsalt: v1:of:another\n")
    assert ensure_salt(stack, passphrase) == "v1:of:another"
    assert "another" not in stack.read_text().splitlines()[-1]


@pytest.mark.parametrize(
    "secret", ["  hybrid-mesh:key:\n    secure: v1:abc\n", "  hybrid-mesh:key: {secure: v1:abc}\n"]
)
def test_a_file_with_secrets_keeps_the_salt_that_they_need(
    stack: Path, passphrase: Path, secret: str
) -> None:
    text = TEXT + secret + "encryptionsalt: v1:of:another\n"
    stack.write_text(text)
    assert ensure_salt(stack, passphrase) is None
    remove_salt(stack, passphrase)
    assert stack.read_text() == text


def test_the_salt_of_somebody_else_is_not_taken_out(stack: Path, passphrase: Path) -> None:
    ensure_salt(stack, passphrase)
    stack.write_text(TEXT + "encryptionsalt: v1:of:another\n")
    remove_salt(stack, passphrase)
    assert "v1:of:another" in stack.read_text()


def test_the_salt_does_not_hold_the_passphrase() -> None:
    assert "secret words" not in new_salt("secret words")
    assert new_salt("secret words") != new_salt("secret words")


def test_no_salt_of_the_local_stack_is_committed() -> None:
    """It belongs to one computer's passphrase: in another checkout it is an incorrect one."""
    words = ["git", "grep", "--files-with-matches", "^encryptionsalt:", "HEAD", "--"]
    done = run([*words, "stacks/Pulumi.local.yaml"], check=False)
    if done.returncode == 128:
        pytest.skip("this is not a git checkout")
    assert done.stdout == ""
