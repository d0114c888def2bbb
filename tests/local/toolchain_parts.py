"""Small stand-ins for the tests of the toolchain."""

from collections.abc import Callable, Mapping
from pathlib import Path

from hybrid_mesh.local.toolchain.component import Catalogue, Component, Lane, Task
from hybrid_mesh.local.toolchain.runner import RecipeTask, Runner
from hybrid_mesh.local.toolchain.store import Store


class Diary:
    """A progress that remembers what began and what ended, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def started(self, name: str) -> None:
        self.lines.append(f"+{name}")

    def finished(self, name: str, seconds: float) -> None:
        assert seconds >= 0
        self.lines.append(f"-{name}")


def write(text: str) -> Callable[[Task], None]:
    """A recipe that leaves one file."""

    def recipe(task: Task) -> None:
        (task.output / "file").write_text(text)

    return recipe


def component(
    name: str,
    recipe: Callable[[Task], None] | None = None,
    *,
    needs: tuple[str, ...] = (),
    tools: tuple[str, ...] = (),
    download: Callable[[Task], None] | None = None,
    lane: Lane = Lane.OTHER,
    inputs: Mapping[str, str] | None = None,
) -> Component:
    recipe = recipe or write(name)
    return Component(name, recipe, inputs or {}, needs=needs, tools=tools, download=download, lane=lane)


def store_in(folder: Path) -> Store:
    store = Store(folder / "cache")
    store.prepare()
    return store


def task_in(folder: Path, needs: Mapping[str, Path] | None = None) -> RecipeTask:
    """A task for calling a single recipe."""
    for name in ("output", "scratch"):
        (folder / name).mkdir()
    return RecipeTask("tried", folder / "output", folder / "scratch", folder / "log", Runner(), needs or {})


def names_in(store: Store, catalogue: Catalogue) -> set[str]:
    """The components that the store has finished."""
    return {name for name, key in catalogue.keys.items() if store.has(name, key)}
