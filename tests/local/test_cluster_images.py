"""A node's images are whole or absent, even if their copy is interrupted."""

from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.local.clusters import images
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.linux import commands


@pytest.fixture
def archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of archives that were imported into a template before."""
    monkeypatch.setenv("HYBRID_MESH_CACHE", str(tmp_path / "cache"))
    archives = tmp_path / "archives"
    archives.mkdir()
    (archives / "echo.tar").write_text("echo")
    key = images._key(archives)
    template = tmp_path / "cache" / "containerd" / key
    (template / "metadata").mkdir(parents=True)
    (template / "metadata" / "meta.db").write_text("database")
    (template / images._MARK).write_text(key)
    return archives


def prepare(root: Path, archives: Path) -> None:
    images.prepare(root, archives, Path("/none"), Path("/none"))


def test_a_copy_that_fails_half_way_leaves_nothing_and_can_be_repeated(
    tmp_path: Path, archives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "cluster" / "containerd"

    def fail(command: list[str], **_: Any) -> str:
        copy = Path(command[-1])
        copy.mkdir(parents=True)
        (copy / images._MARK).write_text(images._key(archives))  # what says that all is there may come first
        raise LabError("the disk is full")

    monkeypatch.setattr(images, "run", fail)
    for _ in range(2):
        with pytest.raises(LabError, match="the disk is full"):
            prepare(root, archives)
        assert list(root.parent.iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setenv("HYBRID_MESH_CACHE", str(tmp_path / "cache"))
    prepare(root, archives)
    assert (root / "metadata" / "meta.db").read_text() == "database"


def test_a_killed_copy_is_restarted(tmp_path: Path, archives: Path) -> None:
    root = tmp_path / "cluster" / "containerd"
    draft = root.with_suffix(".draft")
    draft.mkdir(parents=True)
    (draft / "cut off").touch()
    prepare(root, archives)
    assert sorted(path.name for path in root.iterdir()) == [images._MARK, "metadata"]
    assert not draft.exists()


def test_the_databases_are_the_nodes_own(tmp_path: Path, archives: Path) -> None:
    root = tmp_path / "cluster" / "containerd"
    prepare(root, archives)
    database = "metadata/meta.db"
    assert (root / database).stat().st_ino != next(tmp_path.glob(f"cache/*/*/{database}")).stat().st_ino


def test_a_full_disk_is_one_line() -> None:
    script = "for i in 1 2 3; do echo \"cp: error writing '$i': No space left on device\" >&2; done; exit 1"
    with pytest.raises(LabError, match=r"^the disk is full, so `sh -c [^\n]*` failed: make room"):
        commands.run(["sh", "-c", script])
