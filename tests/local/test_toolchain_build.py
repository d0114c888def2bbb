"""Building: order, lanes, failures, interruptions and resuming."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hybrid_mesh.local.toolchain.builder import Builder, lanes, missing
from hybrid_mesh.local.toolchain.component import Catalogue, Lane, Task
from hybrid_mesh.local.toolchain.errors import RecipeError
from hybrid_mesh.local.toolchain.runner import Runner
from tests.commands import AS_IN_A_TERMINAL, PROJECT
from tests.local.toolchain_parts import Diary, component, names_in, store_in, write
from tests.waiting import eventually

_INTERRUPTED_BUILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from hybrid_mesh.local.toolchain.builder import Builder, missing
from hybrid_mesh.local.toolchain.component import Catalogue
from hybrid_mesh.local.toolchain.errors import BuildInterrupted
from hybrid_mesh.local.toolchain.runner import Runner
from tests.local.toolchain_parts import Diary, component, store_in, write

def long(task):
    (task.output / "half").write_text("made")
    task.run(["sh", "-c", "echo $$ > %s; sleep 600" % sys.argv[3]])

store = store_in(Path(sys.argv[2]))
parts = Catalogue.of([component("quick"), component("long", long, needs=("quick",))])
try:
    Builder(parts, store, Runner(), Diary(), 2).build(missing(parts, store, ["long"]))
except BuildInterrupted:
    sys.exit(130)
"""


def _build(parts: Catalogue, folder: Path, wanted: list[str]) -> list[str]:
    store, diary = store_in(folder), Diary()
    Builder(parts, store, Runner(), diary, 2).build(missing(parts, store, wanted))
    return diary.lines


def test_what_is_needed_is_built_first_and_handed_over(tmp_path: Path) -> None:
    def user(task: Task) -> None:
        (task.output / "file").write_text((task.need("part") / "file").read_text() + " used")

    parts = Catalogue.of([component("user", user, needs=("part",)), component("part")])
    assert _build(parts, tmp_path, ["user"]) == ["+part", "-part", "+user", "-user"]
    assert (store_in(tmp_path).path("user", parts.keys["user"]) / "file").read_text() == "part used"


def test_what_is_there_is_not_built_again_nor_are_its_tools(tmp_path: Path) -> None:
    parts = Catalogue.of([component("user", tools=("tool",)), component("tool")])
    _build(parts, tmp_path, ["user"])
    store = store_in(tmp_path)
    store.path("tool", parts.keys["tool"]).rename(tmp_path / "away")
    assert missing(parts, store, ["user"]) == []


def test_two_cores_compile_one_thing_at_a_time(tmp_path: Path) -> None:
    busy, most = 0, 0
    guard = threading.Lock()

    def compile_something(task: Task) -> None:
        nonlocal busy, most
        with guard:
            busy += 1
            most = max(most, busy)
        task.run(["sleep", "0.05"])
        with guard:
            busy -= 1
        (task.output / "file").write_text("compiled")

    names = [f"part{number}" for number in range(4)]
    parts = Catalogue.of([component(name, compile_something, lane=Lane.GO) for name in names])
    _build(parts, tmp_path, names)
    assert most == 1
    assert lanes(16)[Lane.GO] == 4


def test_the_next_component_is_downloaded_while_one_compiles(tmp_path: Path) -> None:
    downloaded = threading.Event()

    def compile_first(task: Task) -> None:
        assert downloaded.wait(20)
        (task.output / "file").write_text("first")

    def download(task: Task) -> None:
        task.run(["true"])
        downloaded.set()

    first = dataclasses.replace(component("first", compile_first, lane=Lane.GO), seconds=9)
    parts = Catalogue.of([first, component("second", download=download, lane=Lane.GO)])
    assert _build(parts, tmp_path, ["first", "second"]) == ["+first", "-first", "+second", "-second"]


def test_a_download_that_fails_is_left_to_the_recipe(tmp_path: Path) -> None:
    failed = threading.Event()

    def download(task: Task) -> None:
        failed.set()
        task.run(["false"])

    def compile_first(task: Task) -> None:
        assert failed.wait(20)
        (task.output / "file").write_text("first")

    first = dataclasses.replace(component("first", compile_first, lane=Lane.GO), seconds=9)
    parts = Catalogue.of([first, component("second", download=download, lane=Lane.GO)])
    _build(parts, tmp_path, ["first", "second"])
    assert names_in(store_in(tmp_path), parts) == {"first", "second"}


def test_a_failed_recipe_says_the_end_of_its_log_and_leaves_nothing(tmp_path: Path) -> None:
    def failing(task: Task) -> None:
        (task.output / "half").write_text("made")
        task.run(["sh", "-c", "seq 1 100; echo 'undefined: collections' >&2; exit 3"])

    parts = Catalogue.of([component("good"), component("bad", failing, needs=("good",))])
    with pytest.raises(RecipeError) as caught:
        _build(parts, tmp_path, ["bad"])
    text = str(caught.value)
    assert text.startswith("bad: `sh` ended with code 3.")
    assert "undefined: collections" in text
    assert len(text.splitlines()) <= 17
    assert names_in(store_in(tmp_path), parts) == {"good"}


def test_a_failure_ends_what_runs_beside_it(tmp_path: Path) -> None:
    running = tmp_path / "running"

    def endless(task: Task) -> None:
        task.run(["sh", "-c", f"touch {running}; sleep 600"])

    def failing(task: Task) -> None:
        eventually("the build runs", running.exists)
        task.run(["false"])

    parts = Catalogue.of([component("endless", endless, lane=Lane.GO), component("bad", failing)])
    begin = time.monotonic()
    with pytest.raises(RecipeError, match="bad"):
        _build(parts, tmp_path, ["endless", "bad"])
    assert time.monotonic() - begin < 20


def test_a_refused_download_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    complaint = "go: example.com/x@v1: Get https://proxy/x: dial tcp: lookup proxy: no such host"

    def failing(task: Task) -> None:
        task.run(["sh", "-c", f"echo '{complaint}' >&2; echo more >&2; exit 1"])

    with pytest.raises(RecipeError) as caught:
        _build(Catalogue.of([component("bad", failing)]), tmp_path, ["bad"])
    text = str(caught.value)
    assert "the network refused a download" in text
    assert complaint in text
    assert "`make toolchain` again" in text
    assert len(text.splitlines()) == 1


def test_a_recipe_s_own_error_is_reported_with_its_component(tmp_path: Path) -> None:
    def failing(task: Task) -> None:
        (task.output / "absent" / "file").write_text("")

    with pytest.raises(RecipeError, match=r"bad: .*No such file"):
        _build(Catalogue.of([component("bad", failing)]), tmp_path, ["bad"])


def test_an_empty_component_is_not_a_component(tmp_path: Path) -> None:
    """What a power cut left of one is built again, and a recipe that made nothing has failed."""
    parts = Catalogue.of([component("a")])
    store_in(tmp_path).path("a", parts.keys["a"]).mkdir()
    assert _build(parts, tmp_path, ["a"]) == ["+a", "-a"]
    with pytest.raises(RecipeError, match="b: b came out empty"):
        _build(Catalogue.of([component("b", lambda _: None)]), tmp_path, ["b"])


def test_what_is_finished_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, store = Catalogue.of([component("a")]), store_in(tmp_path)
    seen: list[bool] = []
    monkeypatch.setattr("os.sync", lambda: seen.append(store.has("a", parts.keys["a"])))
    _build(parts, tmp_path, ["a"])
    assert seen == [False]
    assert store.has("a", parts.keys["a"])


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="`no-such-program` is not on this host"):
        _build(Catalogue.of([component("a", lambda task: _run(task, "no-such-program"))]), tmp_path, ["a"])


def _run(task: Task, program: str) -> None:
    task.run([program])


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_build_leaves_no_half_made_component_and_resumes(
    tmp_path: Path, signal_number: signal.Signals
) -> None:
    note = tmp_path / "child"
    build = subprocess.Popen(
        [*AS_IN_A_TERMINAL, sys.executable, "-c", _INTERRUPTED_BUILD, PROJECT, tmp_path, note],
    )
    eventually("the child is noted", lambda: note.exists() and note.read_text().strip())
    child = int(note.read_text())
    build.send_signal(signal_number)
    build.wait(timeout=20)
    if signal_number is signal.SIGINT:
        assert build.returncode == 130
        eventually("the child ends", lambda: not Path(f"/proc/{child}").exists())
    else:
        os.killpg(child, signal.SIGKILL)
    parts = Catalogue.of([component("quick"), component("long", write("whole"), needs=("quick",))])
    store = store_in(tmp_path)
    assert names_in(store, parts) == {"quick"}
    assert _build(parts, tmp_path, ["long"]) == ["+long", "-long"]
    assert [file.name for file in store.path("long", parts.keys["long"]).iterdir()] == ["file"]


def test_a_second_build_waits_for_the_first(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    told, entered = threading.Event(), threading.Event()

    def second() -> None:
        with store.lock(told.set):
            entered.set()

    with store.lock(lambda: pytest.fail("nobody else builds")):
        other = threading.Thread(target=second)
        other.start()
        assert told.wait(10)
        assert not entered.is_set()
    assert entered.wait(10)
    other.join()


def test_what_an_ended_build_left_half_made_goes_but_go_s_caches_stay(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.stage("half")
    for folder in (store.temporary, store.work / "go-build"):
        folder.mkdir()
    store.drop_leftovers()
    assert [folder.name for folder in store.work.iterdir()] == ["go-build"]
