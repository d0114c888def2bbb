"""Container images as docker archives, written without a container engine.

Source: the Docker image specification v1.2 (manifest.json, one configuration, one tar per layer), as
`ctr images import` and `docker load` take it. Same input, same bytes.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_EPOCH = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class ImageSettings:
    """What a container of the image runs. `user` is `uid:gid` or empty for root."""

    name: str
    """The reference with its tag, `docker.io/istio/pilot:1.31.0`."""
    architecture: str
    entrypoint: Sequence[str]
    user: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    working_folder: str = "/"


class Layer:
    """A layer that is written to `file` while things are added. Folders above a path come by themselves."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._tar = tarfile.TarFile(file, "w", format=tarfile.GNU_FORMAT)
        self._known: set[str] = set()

    def folder(self, path: str, mode: int = 0o755, owner: int = 0) -> None:
        self._parents(path)
        if path not in self._known:
            self._add(self._entry(path, tarfile.DIRTYPE, mode, owner))

    def link(self, path: str, target: str) -> None:
        self._parents(path)
        entry = self._entry(path, tarfile.SYMTYPE, 0o777, 0)
        entry.linkname = target
        self._add(entry)

    def text(self, path: str, content: str, mode: int = 0o644) -> None:
        self._parents(path)
        data = content.encode()
        entry = self._entry(path, tarfile.REGTYPE, mode, 0)
        entry.size = len(data)
        self._add(entry, io.BytesIO(data))

    def copy(self, path: str, source: Path, mode: int = 0o755) -> None:
        self._parents(path)
        entry = self._entry(path, tarfile.REGTYPE, mode, 0)
        entry.size = source.stat().st_size
        with source.open("rb") as content:
            self._add(entry, content)

    def close(self) -> str:
        """End the layer; answers the hexadecimal sha256 of the tar."""
        self._tar.close()
        with self.file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()

    def holds(self, path: str) -> bool:
        return path in self._known

    def _parents(self, path: str) -> None:
        for parent in reversed(PurePosixPath(path).parents):
            name = str(parent)
            if name not in {".", "/"} and name not in self._known:
                self._add(self._entry(name, tarfile.DIRTYPE, 0o755, 0))

    def _entry(self, path: str, kind: bytes, mode: int, owner: int) -> tarfile.TarInfo:
        if path.startswith("/"):
            raise ValueError(f"a layer's paths are relative: {path}")
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.uid, entry.gid = kind, mode, owner, owner
        return entry

    def _add(self, entry: tarfile.TarInfo, content: io.BufferedIOBase | None = None) -> None:
        self._known.add(entry.name)
        self._tar.addfile(entry, content)


def write_archive(target: Path, settings: ImageSettings, layer: Layer) -> None:
    """Write the image with its one layer to `target`; the layer's own file is taken away."""
    digest = layer.close()
    configuration = json.dumps(_configuration(settings, digest), sort_keys=True).encode()
    name = hashlib.sha256(configuration).hexdigest() + ".json"
    manifest = [{"Config": name, "RepoTags": [settings.name], "Layers": [f"{digest}/layer.tar"]}]
    outer = Layer(target)
    outer.text("manifest.json", json.dumps(manifest))
    outer.text(name, configuration.decode())
    outer.copy(f"{digest}/layer.tar", layer.file, 0o644)
    outer.close()
    layer.file.unlink()


def _configuration(settings: ImageSettings, digest: str) -> dict[str, object]:
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", **settings.environment}
    return {
        "architecture": settings.architecture,
        "os": "linux",
        "created": _EPOCH,
        "config": {
            "User": settings.user,
            "Entrypoint": list(settings.entrypoint),
            "Env": [f"{key}={value}" for key, value in environment.items()],
            "WorkingDir": settings.working_folder,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": _EPOCH, "created_by": "hybrid-mesh toolchain"}],
    }
