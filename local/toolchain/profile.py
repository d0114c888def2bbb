"""The profile: one folder of links to everything that the local site runs, at a project's `.toolchain`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_mesh.local.paths import package_folder, project_folder
from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.local.toolchain.store import Store

LINK = ".toolchain"
_REMEDY = "run `make toolchain` or `hybrid-mesh toolchain build`"


@dataclass(frozen=True)
class Profile:
    """A finished toolchain. `charts` has a folder per Istio chart, `images` a docker archive per image,
    `rootfs` is a Debian root file system, `packages` the files that machines fetch."""

    folder: Path

    @classmethod
    def current(cls, checkout: Path | None = None) -> "Profile":
        """The profile of `checkout`; by default of the project, else of the checkout that this file is in.

        Raises `ToolchainMissing` if it was not made or parts of it are gone.
        """
        places = [checkout] if checkout else [project_folder(), package_folder()]
        folder = next((found for place in places if (found := place / LINK).is_dir()), places[0] / LINK)
        if not folder.is_dir():
            raise ToolchainMissing(f"the toolchain is not built: {_REMEDY}")
        profile = cls(folder.resolve())
        for name in ("charts", "images", "rootfs", "packages"):
            profile._existing(name)
        return profile

    def binary(self, name: str) -> Path:
        """The program called `name`. Raises `ToolchainMissing`."""
        return self._existing(f"bin/{name}")

    @property
    def charts(self) -> Path:
        return self.folder / "charts"

    @property
    def images(self) -> Path:
        return self.folder / "images"

    @property
    def rootfs(self) -> Path:
        return self.folder / "rootfs"

    @property
    def packages(self) -> Path:
        return self.folder / "packages"

    @property
    def browser(self) -> Path | None:
        """The script that starts Chromium; None where this extra was not built."""
        program = self.folder / "browser" / "chromium"
        return program if program.exists() else None

    @property
    def promtool(self) -> Path | None:
        """Prometheus' tool that checks and tests rules; None if the extra `observability` is not built."""
        program = self.folder / "bin" / "promtool"
        return program if program.exists() else None

    def _existing(self, name: str) -> Path:
        path = self.folder / name
        if not path.exists():
            raise ToolchainMissing(f"the toolchain has no {name} (any more): {_REMEDY}")
        return path


def make_profile(store: Store, links: Mapping[str, Path]) -> Path:
    """The folder with these links, made if it is not there yet."""
    target = _profile_folder(store, links)
    if not target.is_dir():
        staged = store.stage("profile")
        for name, destination in links.items():
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            (staged / name).symlink_to(destination)
        staged.rename(target)
    return target


def point_at(checkout: Path, profile: Path) -> None:
    """Let the checkout's link show `profile`, in one step."""
    link, new = checkout / LINK, checkout / f"{LINK}.new"
    if link.is_symlink() and link.readlink() == profile:
        return
    new.unlink(missing_ok=True)
    new.symlink_to(profile)
    new.rename(link)


def is_current(checkout: Path, store: Store, links: Mapping[str, Path]) -> bool:
    """Whether the checkout shows a profile of exactly these links, and all that they point at is there."""
    link = checkout / LINK
    wanted = _profile_folder(store, links)
    return link.is_symlink() and link.readlink() == wanted and all((wanted / name).exists() for name in links)


def _profile_folder(store: Store, links: Mapping[str, Path]) -> Path:
    text = "".join(f"{name} {links[name]}\n" for name in sorted(links))
    return store.profiles / hashlib.sha256(text.encode()).hexdigest()[:16]
