"""Downloads: resumed, verified, and given up for a reason."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybrid_mesh.local.toolchain.download import DownloadError, Unreachable, download
from tests.local.bundle_server import Publisher, publishing

_CONTENT = bytes(range(256)) * 4096


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "part").write_bytes(_CONTENT)
    with publishing(folder) as server:
        yield server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"


def _download(url: str, target: Path) -> list[int]:
    seen: list[int] = []
    download(url, target, len(_CONTENT), hashlib.sha256(_CONTENT).hexdigest(), seen.append)
    return seen


def test_a_file_arrives_whole(publisher: Publisher, target: Path) -> None:
    seen = _download(f"{publisher.url}/part", target)
    assert target.read_bytes() == _CONTENT
    assert seen[-1] == len(_CONTENT)
    assert publisher.asked == [("part", None)]


def test_a_connection_that_breaks_is_resumed_where_it_broke(publisher: Publisher, target: Path) -> None:
    publisher.cut = 400_000
    _download(f"{publisher.url}/part", target)
    assert target.read_bytes() == _CONTENT
    assert publisher.asked == [("part", None), ("part", "bytes=400000-"), ("part", "bytes=800000-")]


def test_what_an_interrupted_run_had_is_not_fetched_again(publisher: Publisher, target: Path) -> None:
    target.write_bytes(_CONTENT[:1_000_000])
    _download(f"{publisher.url}/part", target)
    assert target.read_bytes() == _CONTENT
    assert publisher.asked == [("part", "bytes=1000000-")]


def test_a_server_without_ranges_sends_all_again(publisher: Publisher, target: Path) -> None:
    publisher.knows_ranges = False
    target.write_bytes(_CONTENT[:1000])
    _download(f"{publisher.url}/part", target)
    assert target.read_bytes() == _CONTENT


def test_a_server_that_always_breaks_off_is_given_up(publisher: Publisher, target: Path) -> None:
    publisher.knows_ranges, publisher.cut = False, 1000
    with pytest.raises(DownloadError, match="ended too early"):
        _download(f"{publisher.url}/part", target)
    assert len(publisher.asked) == 2


def test_a_wrong_sum_is_refused_and_nothing_of_it_stays(publisher: Publisher, target: Path) -> None:
    (publisher.folder / "part").write_bytes(_CONTENT[:-1] + b"!")
    with pytest.raises(DownloadError, match="SHA-256 sum differs from"):
        _download(f"{publisher.url}/part", target)
    assert not target.exists()


def test_a_wrong_beginning_of_an_earlier_run_is_replaced(publisher: Publisher, target: Path) -> None:
    target.write_bytes(b"?" * 1000)
    _download(f"{publisher.url}/part", target)
    assert target.read_bytes() == _CONTENT
    assert publisher.asked == [("part", "bytes=1000-"), ("part", None)]


def test_a_truncated_file_is_refused(publisher: Publisher, target: Path) -> None:
    (publisher.folder / "part").write_bytes(_CONTENT[:1000])
    with pytest.raises(DownloadError, match="ended too early"):
        _download(f"{publisher.url}/part", target)


def test_more_than_the_expected_size_is_not_stored(publisher: Publisher, target: Path) -> None:
    (publisher.folder / "part").write_bytes(_CONTENT + b"more")
    _download(f"{publisher.url}/part", target)
    assert target.read_bytes() == _CONTENT


def test_a_file_that_is_not_published_is_said_so(publisher: Publisher, target: Path) -> None:
    with pytest.raises(DownloadError, match="HTTP 404") as caught:
        _download(f"{publisher.url}/other", target)
    assert not isinstance(caught.value, Unreachable)


def test_a_server_that_is_gone_is_unreachable(target: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        _download(f"http://127.0.0.1:{port}/part", target)


def test_a_server_that_says_nothing_is_unreachable(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_mesh.local.toolchain.download._SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable, match="timed out"):
        _download(f"http://127.0.0.1:{silent.getsockname()[1]}/part", target)


def test_a_folder_is_a_source_too(tmp_path: Path, target: Path) -> None:
    (tmp_path / "part").write_bytes(_CONTENT)
    target.write_bytes(_CONTENT[:1000])
    _download((tmp_path / "part").as_uri(), target)
    assert target.read_bytes() == _CONTENT


def test_other_kinds_of_address_are_refused(target: Path) -> None:
    with pytest.raises(Unreachable, match="not one of http, https, file"):
        _download("ftp://127.0.0.1/part", target)
