"""Builds the components that are missing, in the order that they need each other."""

import contextlib
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from hybrid_mesh.local.toolchain.component import Catalogue, Component, Lane
from hybrid_mesh.local.toolchain.errors import BuildInterrupted, RecipeError
from hybrid_mesh.local.toolchain.progress import BuildObserver
from hybrid_mesh.local.toolchain.runner import RecipeTask, Runner
from hybrid_mesh.local.toolchain.store import Store, remove


def lanes(cores: int) -> Mapping[Lane, int]:
    """How many recipes of each kind run side by side. One Go build keeps about four cores busy."""
    return {Lane.GO: max(1, cores // 4), Lane.OTHER: max(1, cores // 2)}


def missing(catalogue: Catalogue, store: Store, required: Iterable[str]) -> list[str]:
    """The components to build for `required`, those first that others need. What is only a means to something
    that is already built is not among them."""
    found: list[str] = []

    def add(name: str) -> None:
        if name in found or store.has(name, catalogue.keys[name]):
            return
        component = catalogue.components[name]
        for before in (*component.needs, *component.tools):
            add(before)
        found.append(name)

    for name in required:
        add(name)
    return found


class Builder:
    """One build. Each component goes into the store as soon as it is finished: a later build resumes."""

    def __init__(
        self, catalogue: Catalogue, store: Store, runner: Runner, progress: BuildObserver, cores: int
    ) -> None:
        self._catalogue = catalogue
        self._store = store
        self._runner = runner
        self._progress = progress
        self._lanes = lanes(cores)

    def build(self, names: list[str]) -> None:
        """Build all of `names` (see `missing`). Raises `RecipeError` for the first failure and
        `BuildInterrupted` on Ctrl-C; both end all running builds."""
        waiting = sorted(names, key=lambda name: -self._catalogue.components[name].seconds)
        running: dict[Future[None], str] = {}
        undownloaded = list(waiting)
        with (
            ThreadPoolExecutor(max_workers=sum(self._lanes.values())) as workers,
            ThreadPoolExecutor(max_workers=1) as downloader,
        ):
            try:
                while waiting or running:
                    for name in self._startable(waiting, running.values()):
                        waiting.remove(name)
                        running[workers.submit(self._build_one, self._catalogue.components[name])] = name
                    for name in self._downloadable(undownloaded, waiting):
                        undownloaded.remove(name)
                        downloader.submit(self._download, self._catalogue.components[name])
                    finished, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in finished:
                        del running[future]
                        future.result()
            except KeyboardInterrupt:
                raise BuildInterrupted from None
            finally:
                self._runner.end()

    def _startable(self, waiting: list[str], running: Iterable[str]) -> list[str]:
        busy = set(running)
        unfinished = busy | set(waiting)
        free = dict(self._lanes)
        for name in busy:
            free[self._catalogue.components[name].lane] -= 1
        startable = []
        for name in waiting:
            component = self._catalogue.components[name]
            if free[component.lane] > 0 and unfinished.isdisjoint((*component.needs, *component.tools)):
                free[component.lane] -= 1
                startable.append(name)
        return startable

    def _downloadable(self, names: Iterable[str], waiting: Iterable[str]) -> list[str]:
        """Those of `names` that wait for their turn, with the tools for a download already there."""
        keys, components = self._catalogue.keys, self._catalogue.components
        return [
            name
            for name in names
            if name in waiting
            and components[name].download
            and all(self._store.has(tool, keys[tool]) for tool in components[name].tools)
        ]

    def _download(self, component: Component) -> None:
        """A failure is ignored here: it is reported when the recipe needs the file."""
        name = f"{component.name}.download"
        output, scratch = self._store.stage(name), self._store.stage(f"{name}.scratch")
        log = self._store.logs / f"{name}.log"
        task = RecipeTask(component.name, output, scratch, log, self._runner, self._finished(component))
        with contextlib.suppress(RecipeError, OSError):
            if component.download:
                component.download(task)

    def _build_one(self, component: Component) -> None:
        started = time.monotonic()
        self._progress.started(component.name)
        log = self._store.logs / f"{component.name}.log"
        log.unlink(missing_ok=True)
        output, scratch = self._store.stage(component.name), self._store.stage(f"{component.name}.scratch")
        task = RecipeTask(component.name, output, scratch, log, self._runner, self._finished(component))
        try:
            component.recipe(task)
            remove(scratch)
            self._store.commit(output, component.name, self._catalogue.keys[component.name])
        except (OSError, ValueError) as error:
            raise RecipeError(component.name, str(error), log) from error
        self._progress.finished(component.name, time.monotonic() - started)

    def _finished(self, component: Component) -> dict[str, Path]:
        names = (*component.needs, *component.tools)
        return {name: self._store.path(name, self._catalogue.keys[name]) for name in names}
