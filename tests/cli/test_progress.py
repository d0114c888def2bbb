"""How a run looks: lines where nobody watches, a picture on a terminal."""

import io
import json
import re
from collections.abc import Iterable

import pytest
from rich.console import Console

from hybrid_mesh.cli import progress
from hybrid_mesh.cli.console import Verbosity, err, set_verbosity
from hybrid_mesh.cli.events import read_event
from hybrid_mesh.cli.phases import Phase, Work
from hybrid_mesh.cli.progress import Lines, Picture, observing
from tests.cli.engine_events import (
    EAST,
    ISTIOD,
    REGISTRATION,
    STACK,
    VM,
    WEST,
    announced,
    begun,
    done,
    failed,
    message,
    status,
    summary,
    urn,
)

HALF_READY = "1 of 2 VMs ready: legacy-0 has not reported"


class Run:
    """Plays a run to an observer; its clock stands still between the events."""

    def __init__(self, kind: type[Lines] | type[Picture], work: Work | None = None) -> None:
        self.now = 0.0
        self.observer = kind(work or Work(), clock=lambda: self.now)

    def play(self, *events: dict[str, object], at: float) -> None:
        self.now = at
        for event in events:
            read = read_event(json.dumps(event))
            assert read is not None
            self.observer.feed(read)
        self.observer.tick()


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [" ".join(line.split()) for line in capsys.readouterr().err.splitlines()]


def picture(run: Run, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, emoji=False)
    console.print(run.observer)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", str(text))


DECLARED = (
    announced("hybridmesh:index:HybridMesh", "mesh", custom=False),
    announced("hybridmesh:index:LocalMeshCluster", "mesh-east", custom=False),
    announced("hybridmesh:index:LocalCluster", "mesh-east-cluster"),
    announced("pulumi:providers:kubernetes", "mesh-east-provider"),
    announced("hybridmesh:index:LocalMeshCluster", "mesh-west", custom=False),
    announced("hybridmesh:index:LocalCluster", "mesh-west-cluster"),
    announced("hybridmesh:index:IstioControlPlane", "mesh-east-istio", custom=False),
    announced("kubernetes:helm.sh/v3:Release", "mesh-east-istio-istiod"),
)


def test_a_line_for_each_phase_that_begins_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(Lines)
    run.play(*DECLARED, at=0)
    run.play(begun("create", EAST), begun("create", WEST), at=1)
    run.play(done("create", EAST), at=8)
    assert lines(capsys) == ["1 s clusters: 2 resources …"]
    run.play(done("create", WEST), begun("create", ISTIOD), at=11)
    assert lines(capsys) == ["11 s ✓ clusters: 2 created in 10 s", "11 s Istio …"]
    run.play(done("create", ISTIOD), at=15)
    assert lines(capsys) == ["15 s ✓ Istio: 1 created in 4 s"]


def test_an_unchanged_phase_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(Lines)
    run.play(*DECLARED, begun("same", EAST), done("same", EAST), begun("same", ISTIOD), at=0)
    run.play(done("same", ISTIOD), summary(same=2), at=9)
    run.observer.tick(last=True)  # type: ignore[call-arg]
    assert lines(capsys) == []


def test_a_comparison_with_what_exists_is_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(Lines)
    run.play(begun("refresh", EAST), begun("refresh", WEST), at=0)
    run.play(done("refresh", EAST), done("refresh", WEST), at=2)
    assert lines(capsys) == ["0 s comparison with what exists …"]
    run.play(at=4)
    assert lines(capsys) == ["4 s ✓ comparison with what exists: 2 unchanged in 2 s"]


def test_a_status_is_printed_when_it_changes_and_only_of_what_takes_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Run(Lines)
    run.play(begun("create", REGISTRATION), status(REGISTRATION, "0 of 2 VMs ready"), at=0)
    run.play(at=4)
    assert lines(capsys) == ["0 s VMs …"]
    run.play(at=5)
    assert lines(capsys) == ["5 s mesh-group-legacy-registration: 0 of 2 VMs ready"]
    run.play(status(REGISTRATION, "0 of 2 VMs ready"), at=20)
    assert lines(capsys) == []
    run.play(status(REGISTRATION, HALF_READY), at=22)
    assert lines(capsys) == [f"22 s mesh-group-legacy-registration: {HALF_READY}"]


def test_what_is_done_has_no_status_any_more(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(Lines)
    run.play(begun("create", REGISTRATION), status(REGISTRATION, HALF_READY), at=0)
    run.play(done("create", REGISTRATION), at=9)
    run.play(at=11)
    printed = lines(capsys)
    assert printed[-1] == "11 s ✓ VMs: 1 created in 9 s"
    assert not any("of 2 VMs ready" in line for line in printed)


def test_warnings_are_printed_once_and_ours_about_plug_ins_not_at_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Run(Lines)
    own = "using pulumi-resource-kubernetes from $PATH at /somewhere"
    run.play(message("warning", own, STACK), *[message("warning", "deprecated", EAST)] * 3, at=0)
    run.play(message("info", "from the program", STACK), at=0)
    assert lines(capsys) == ["0 s warning: mesh-east-cluster: deprecated", "0 s from the program"]


def test_errors_are_kept_whole_for_the_end() -> None:
    run = Run(Lines)
    run.play(
        begun("create", EAST), message("error", "no memory\nfree 2 GiB", EAST), failed("create", EAST), at=0
    )
    run.play(message("error", "update failed", STACK), at=1)
    assert [error.text for error in run.observer.work.errors] == ["no memory\nfree 2 GiB"]


def test_a_failed_phase_is_not_said_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(Lines)
    run.play(*DECLARED, begun("create", EAST), begun("create", WEST), at=0)
    run.play(failed("create", EAST), done("create", WEST), at=3)
    run.observer.tick(last=True)  # type: ignore[call-arg]
    assert lines(capsys)[-1] == "3 s ✗ clusters: failed in 3 s"


def test_letters_take_the_place_of_ticks_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(err, "_file", ascii_only)
    assert (progress.mark(Phase()), progress.mark(Phase(failed=True))) == ("ok", "failed")


def test_a_phase_that_pauses_begins_and_ends_once(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(Lines)
    run.play(*DECLARED, begun("create", EAST), at=0)
    run.play(done("create", EAST), at=2)
    run.play(at=20)
    run.play(begun("create", WEST), at=21)
    run.play(done("create", WEST), at=25)
    assert lines(capsys) == ["0 s clusters: 2 resources …", "25 s ✓ clusters: 2 created in 25 s"]


def test_a_phase_that_is_over_at_once_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(Lines)
    run.play(*DECLARED, begun("create", ISTIOD), done("create", ISTIOD), at=3)
    assert lines(capsys) == ["3 s ✓ Istio: 1 created in 0 s"]


def test_removals_of_an_up_are_a_phase_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(Lines)
    run.play(*DECLARED, begun("delete", WEST), at=0)
    run.play(done("delete", WEST), at=1)
    run.play(at=3)
    assert lines(capsys)[-1] == "3 s ✓ removal of what is no longer declared: 1 deleted in 1 s"


def test_a_destroy_knows_its_size_from_the_state(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(Lines, Work([EAST, WEST, VM]))
    run.play(begun("delete", EAST), begun("delete", WEST), at=0)
    run.play(done("delete", EAST), at=1)
    run.play(at=5)
    assert lines(capsys) == ["0 s clusters: 2 resources …"]
    run.play(done("delete", WEST), at=6)
    assert lines(capsys) == ["6 s ✓ clusters: 2 deleted in 6 s"]


def test_resources_of_the_users_program_are_counted_too(capsys: pytest.CaptureFixture[str]) -> None:
    bucket = "urn:pulumi:local::hybrid-mesh::aws:s3/bucket:Bucket::logs"
    run = Run(Lines)
    run.play(announced("aws:s3/bucket:Bucket", "logs"), begun("create", bucket), at=0)
    run.play(done("create", bucket), at=1)
    assert lines(capsys)[-1] == "1 s ✓ other resources: 1 created in 1 s"


def test_the_picture_shows_phases_with_their_times_and_slow_operations() -> None:
    run = Run(Picture)
    run.play(*DECLARED, begun("create", EAST), begun("create", WEST), at=0)
    run.play(done("create", EAST), done("create", WEST), begun("create", ISTIOD), at=10)
    run.play(status(ISTIOD, "waiting for istiod"), at=16)
    rows = [" ".join(row.split()) for row in picture(run).splitlines()]
    assert rows[0] == "✓ clusters 2 created 10 s"
    assert rows[1].endswith("Istio 0/1 6 s")
    assert rows[2] == "mesh-east-istio-istiod: waiting for istiod"
    run.observer.end()  # type: ignore[union-attr]
    run.play(done("create", ISTIOD), at=19)
    assert [" ".join(row.split()) for row in picture(run).splitlines()] == [
        "✓ clusters 2 created 10 s",
        "✓ Istio 1 created 9 s",
    ]


@pytest.mark.parametrize("expected", [None, 40.0])
def test_the_picture_names_an_expected_time_only_if_there_was_one(expected: float | None) -> None:
    work = Work()
    now = [0.0]
    shown = Picture(work, expected, clock=lambda: now[0])
    now[0] = 12.0
    console = Console(file=io.StringIO(), width=80)
    console.print(shown)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert ("12 s of about 40 s" if expected else "12 s\n") in text
    assert ("about" in text) is (expected is not None)


def test_the_picture_fits_80_columns() -> None:
    run = Run(Picture)
    run.play(*DECLARED, begun("create", ISTIOD), status(ISTIOD, "waiting " * 30), at=0)
    run.observer.interrupted()
    run.play(at=9)
    rows = picture(run).splitlines()
    assert max(map(len, rows)) <= 80
    assert sum("waiting" in row for row in rows) == 2, "the status is one line, beside that of the interrupt"


def test_many_slow_operations_are_counted() -> None:
    run = Run(Picture)
    slow: Iterable[str] = [urn("namespace", f"mesh-east-namespace-{index}") for index in range(7)]
    for one in slow:
        run.play(begun("create", one), status(one, "being made"), at=0)
    run.play(at=9)
    assert "and 3 more" in picture(run)


def test_verbose_leaves_the_output_to_the_engine() -> None:
    set_verbosity(Verbosity.VERBOSE)
    try:
        with observing(Work()) as observer:
            assert observer is None
    finally:
        set_verbosity(Verbosity.NORMAL)


def test_a_console_without_a_terminal_gets_lines() -> None:
    with observing(Work()) as observer:
        assert isinstance(observer, Lines)


def test_a_terminal_gets_the_picture(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with observing(Work(), console=console) as observer:
        assert isinstance(observer, Picture)
        observer.feed(read_event(json.dumps(begun("create", EAST))))  # type: ignore[arg-type]
        observer.feed(read_event(json.dumps(done("create", EAST))))  # type: ignore[arg-type]
    assert "clusters" in console.file.getvalue()  # type: ignore[attr-defined]
