"""The locks of the Python packages."""

import re
import tomllib

import pytest

from tests.commands import PROJECT

_LOCKS = ["requirements.txt", "requirements-dev.txt", "local/toolchain/packages.txt"]


def _blocks(name: str) -> list[str]:
    lines = (PROJECT / name).read_text().splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return re.split(r"\n(?=\S)", text)


def _pins(name: str) -> dict[str, str]:
    pairs = (re.match(r"([A-Za-z0-9._-]+)==(\S+)", block) for block in _blocks(name))
    return {_normal(pair[1]): pair[2] for pair in pairs if pair}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", _LOCKS)
def test_every_package_has_one_version_and_hashes(name: str) -> None:
    blocks = _blocks(name)
    assert len(blocks) == len(_pins(name))
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]


@pytest.mark.parametrize("name", _LOCKS)
def test_no_lock_names_a_place_to_download_from(name: str) -> None:
    text = (PROJECT / name).read_text()
    assert not re.search(r"://|--index-url|--extra-index-url|--find-links|--trusted-host", text)


@pytest.mark.parametrize(("extra", "lock"), [(None, "requirements.txt"), ("dev", "requirements-dev.txt")])
def test_every_package_of_the_project_is_locked(extra: str | None, lock: str) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
    pins = _pins(lock)
    for requirement in wanted:
        name, exact = re.match(r"([A-Za-z0-9._-]+)(?:==([^;\s]+))?", requirement).groups()  # type: ignore[union-attr]
        assert _normal(name) in pins, f"{name}: run `make lock`"
        assert exact in {None, pins[_normal(name)]}, f"{name}: run `make lock`"


def test_both_locks_agree() -> None:
    runtime, development = _pins("requirements.txt"), _pins("requirements-dev.txt")
    assert runtime.items() <= development.items()
