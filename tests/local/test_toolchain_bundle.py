"""A bundle: written from a store, trusted by its sums, and fetched into another store."""

import hashlib
import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from hybrid_mesh.local.toolchain import prebuilt
from hybrid_mesh.local.toolchain.builder import Builder, missing
from hybrid_mesh.local.toolchain.bundle import SUMS, Archive, trust, trusted, write_bundle
from hybrid_mesh.local.toolchain.catalogue import carried, catalogue
from hybrid_mesh.local.toolchain.component import Catalogue
from hybrid_mesh.local.toolchain.errors import ToolchainError
from hybrid_mesh.local.toolchain.golang import Go, GoWorkshop
from hybrid_mesh.local.toolchain.pins import processor
from hybrid_mesh.local.toolchain.prebuilt import Fetch, bundle_url
from hybrid_mesh.local.toolchain.runner import Runner
from hybrid_mesh.local.toolchain.store import Store
from tests.local.bundle_server import Publisher, publishing
from tests.local.toolchain_parts import Diary, component, names_in, store_in, write

_PARTS = Catalogue.of(
    [
        component("large", write("large" * 10_000)),
        component("small"),
        component("medium", write("medium" * 1000)),
    ]
)
_NAMES = list(_PARTS.components)


@pytest.fixture
def archives(tmp_path: Path) -> dict[str, Archive]:
    """Of a store that has everything; the files are in `published`."""
    store = store_in(tmp_path / "builder")
    Builder(_PARTS, store, Runner(), Diary(), 2).build(missing(_PARTS, store, _NAMES))
    return write_bundle(store, _PARTS.keys, _NAMES, tmp_path / "published", lambda _: None)


@pytest.fixture
def publisher(tmp_path: Path, archives: dict[str, Archive]) -> Iterator[Publisher]:
    with publishing(tmp_path / "published") as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path / "user")


def _fetch(url: str, store: Store, wanted: dict[str, Archive]) -> str:
    output = io.StringIO()
    Fetch(url, store, Console(file=output, soft_wrap=True)).fetch(wanted)
    assert output.getvalue().count("\n") == 1, output.getvalue()
    return output.getvalue()


def _damage(publisher: Publisher, name: str) -> None:
    (file,) = publisher.folder.glob(f"{name}-*")
    file.write_bytes(file.read_bytes()[:-1] + b"!")


def test_a_store_is_filled_without_building(
    store: Store, publisher: Publisher, archives: dict[str, Archive]
) -> None:
    line = _fetch(publisher.url, store, archives)
    assert line.startswith(f"fetched 3 of 3 components from {publisher.url} in ")
    assert names_in(store, _PARTS) == set(_NAMES)
    assert missing(_PARTS, store, _NAMES) == []
    assert (store.path("small", _PARTS.keys["small"]) / "file").read_text() == "small"
    assert list(store.downloads.iterdir()) == []
    assert publisher.asked[0][0].startswith("large-")


def test_what_arrived_before_an_interruption_is_not_fetched_again(
    store: Store, publisher: Publisher, archives: dict[str, Archive]
) -> None:
    file = archives["large"].file("large")
    store.downloads.mkdir(parents=True)
    (store.downloads / file).write_bytes((publisher.folder / file).read_bytes()[:20])
    store.drop_leftovers()
    _fetch(publisher.url, store, archives)
    assert names_in(store, _PARTS) == set(_NAMES)
    assert publisher.asked[0] == (file, "bytes=20-")


def test_a_wrong_sum_leaves_that_component_to_the_build(
    store: Store, publisher: Publisher, archives: dict[str, Archive]
) -> None:
    _damage(publisher, "medium")
    line = _fetch(publisher.url, store, archives)
    assert "fetched 2 of 3" in line
    assert "the others are built (medium: its SHA-256 sum differs from bundle.json)" in line
    assert names_in(store, _PARTS) == {"large", "small"}


def test_a_component_that_is_not_published_is_left_to_the_build(
    store: Store, publisher: Publisher, archives: dict[str, Archive]
) -> None:
    (publisher.folder / archives["small"].file("small")).unlink()
    assert "(small: HTTP 404)" in _fetch(publisher.url, store, archives)
    assert names_in(store, _PARTS) == {"large", "medium"}


def test_a_verified_archive_that_cannot_be_unpacked_is_left_to_the_build(
    store: Store, publisher: Publisher, archives: dict[str, Archive]
) -> None:
    content = b"no archive"
    sums = Archive(archives["small"].key, len(content), hashlib.sha256(content).hexdigest())
    (publisher.folder / sums.file("small")).write_bytes(content)
    line = _fetch(publisher.url, store, archives | {"small": sums})
    assert "fetched 2 of 3" in line
    assert "(small: Not a gzipped file" in line
    assert names_in(store, _PARTS) == {"large", "medium"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_a_server_that_is_gone_is_one_line(store: Store, archives: dict[str, Archive], url: str) -> None:
    line = _fetch(url, store, archives)
    assert line.startswith(f"no prebuilt toolchain could be fetched from {url} (")
    assert line.endswith("): building it\n")
    assert names_in(store, _PARTS) == set()


def test_the_same_components_make_the_same_bundle(tmp_path: Path, archives: dict[str, Archive]) -> None:
    again = write_bundle(
        store_in(tmp_path / "builder"), _PARTS.keys, _NAMES, tmp_path / "again", lambda _: None
    )
    assert again == archives


@pytest.mark.usefixtures("archives")
def test_the_list_of_sums_is_one_for_sha256sum(tmp_path: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path / "published", check=True)


def test_trusting_a_bundle_keeps_the_sums_for_other_processors(
    tmp_path: Path, archives: dict[str, Archive]
) -> None:
    sums, other = tmp_path / "bundle.json", {"small": Archive("0" * 16, 1, "0" * 64)}
    assert trusted("x86_64", sums) == {}
    trust("aarch64", other, sums)
    trust("x86_64", archives, sums)
    assert trusted("x86_64", sums) == archives
    assert trusted("aarch64", sums) == other


@pytest.mark.parametrize("text", ["{", "[]", '{"x86_64": {"small": {"key": "0"}}}'])
def test_a_broken_list_of_sums_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "bundle.json").write_text(text)
    with pytest.raises(ToolchainError, match=r"bundle.json cannot be read .*restore it"):
        trusted("x86_64", tmp_path / "bundle.json")


def test_the_repository_trusts_whole_bundles() -> None:
    parts = carried(catalogue(GoWorkshop(Go(None), Store(Path("/cache"))), processor("x86_64")))
    for machine in json.loads(SUMS.read_text()):
        archives = trusted(machine)
        assert set(archives) == set(parts)
        assert all(len(one.sha256) == 64 and one.size > 0 for one in archives.values())


def test_the_url_is_the_project_s_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(prebuilt.VARIABLE, raising=False)
    assert bundle_url().startswith("https://github.com/")
    monkeypatch.setenv(prebuilt.VARIABLE, "http://mirror.example/toolchain/")
    assert bundle_url() == "http://mirror.example/toolchain"
    monkeypatch.setenv(prebuilt.VARIABLE, "")
    assert bundle_url() == ""
