"""Docker archives, read back as an engine reads them."""

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.local.toolchain.archive import ImageSettings, Layer, write_archive

_SETTINGS = ImageSettings(
    "docker.io/istio/pilot:1.31.0", "amd64", ["/usr/local/bin/pilot-discovery"], "1337:1337", {"A": "b"}
)


def _written(folder: Path) -> Path:
    program = folder / "program"
    program.write_bytes(b"\x7fELF" + bytes(20_000))
    layer = Layer(folder / "layer.tar")
    layer.text("etc/passwd", "root:x:0:0::/:/sbin/nologin\n")
    layer.copy("usr/local/bin/pilot-discovery", program)
    layer.link("bin", "usr/bin")
    layer.folder("tmp", 0o1777)
    write_archive(folder / "image.tar", _SETTINGS, layer)
    return folder / "image.tar"


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    content = archive.extractfile(name)
    assert content is not None
    return content.read()


@pytest.fixture
def image(tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """The manifest's only entry, the configuration and the layer's bytes."""
    with tarfile.open(_written(tmp_path)) as archive:
        (manifest,) = json.loads(_member(archive, "manifest.json"))
        (layer,) = manifest["Layers"]
        return manifest, json.loads(_member(archive, manifest["Config"])), _member(archive, layer)


def test_configuration_and_layer_are_named_by_their_digests(
    tmp_path: Path, image: tuple[dict[str, Any], dict[str, Any], bytes]
) -> None:
    manifest, configuration, layer = image
    with tarfile.open(tmp_path / "image.tar") as archive:
        raw = _member(archive, manifest["Config"])
    assert manifest["Config"] == f"{hashlib.sha256(raw).hexdigest()}.json"
    digest = hashlib.sha256(layer).hexdigest()
    assert manifest["Layers"] == [f"{digest}/layer.tar"]
    assert configuration["rootfs"] == {"type": "layers", "diff_ids": [f"sha256:{digest}"]}


def test_the_image_runs_what_it_should_as_its_user(
    image: tuple[dict[str, Any], dict[str, Any], bytes],
) -> None:
    manifest, configuration, _ = image
    assert manifest["RepoTags"] == ["docker.io/istio/pilot:1.31.0"]
    assert (configuration["os"], configuration["architecture"]) == ("linux", "amd64")
    assert configuration["config"]["User"] == "1337:1337"
    assert configuration["config"]["Entrypoint"] == ["/usr/local/bin/pilot-discovery"]
    assert "A=b" in configuration["config"]["Env"]


def test_the_layer_holds_folders_before_what_is_in_them(tmp_path: Path) -> None:
    layer = Layer(tmp_path / "layer.tar")
    layer.text("usr/share/a/file", "x")
    layer.text("usr/share/b", "y")
    layer.close()
    with tarfile.open(tmp_path / "layer.tar") as archive:
        assert archive.getnames() == ["usr", "usr/share", "usr/share/a", "usr/share/a/file", "usr/share/b"]
        assert {member.uid for member in archive} == {0}


def test_modes_and_links_are_kept(tmp_path: Path) -> None:
    _written(tmp_path)
    with tarfile.open(tmp_path / "image.tar") as outer:
        (manifest,) = json.loads(_member(outer, "manifest.json"))
        content = outer.extractfile(manifest["Layers"][0])
        with tarfile.open(fileobj=content) as layer:
            assert layer.getmember("tmp").mode == 0o1777
            assert layer.getmember("usr/local/bin/pilot-discovery").mode == 0o755
            assert layer.getmember("bin").linkname == "usr/bin"


def test_same_input_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    assert _written(first).read_bytes() == _written(second).read_bytes()


def test_an_absolute_path_is_refused(tmp_path: Path) -> None:
    layer = Layer(tmp_path / "layer.tar")
    with pytest.raises(ValueError, match="relative"):
        layer.text("/etc/passwd", "")
    layer.close()
