"""Which processes are ended after a killed `pulumi`."""

import contextlib
import os
import select
import signal
import subprocess
from pathlib import Path

import pytest

from hybrid_mesh.cli.orphans import end_orphans
from tests.waiting import eventually

BACKEND = Path("/a/backend")


def start(folder: Path, parent: str, program: str, backend: Path) -> subprocess.Popen[str]:
    """A parent that starts `program` and writes its number; it stays for as long as its input is open."""
    for name in (parent, program):
        (folder / name).symlink_to("/bin/sleep" if name == program else "/bin/bash")
    script = f'"{folder / program}" 600 <&- >&- 2>&- & echo $!; read'
    return subprocess.Popen(
        [folder / parent, "-c", script],
        env=os.environ | {"PULUMI_BACKEND_URL": f"file://{backend}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("program", "backend", "pulumi_lives", "ended"),
    [
        ("pulumi-resource-some", BACKEND, False, True),
        ("pulumi-resource-some", BACKEND, True, False),
        ("pulumi-resource-some", Path("/another"), False, False),
        ("another-program", BACKEND, False, False),
    ],
    ids=["an orphan", "a living pulumi's", "of another backend", "no plug-in"],
)
def test_only_plug_ins_without_their_pulumi_are_ended(
    tmp_path: Path, program: str, backend: Path, pulumi_lives: bool, ended: bool
) -> None:
    with start(tmp_path, "pulumi", program, backend) as pulumi:
        assert pulumi.stdin
        assert pulumi.stdout
        number = int(pulumi.stdout.readline())
        plug_in = os.pidfd_open(number)
        try:
            command_line = Path(f"/proc/{number}/cmdline")
            eventually("the plug-in runs", lambda: f"/{program}\0" in command_line.read_text())
            if not pulumi_lives:
                pulumi.kill()
                pulumi.wait()
            end_orphans(BACKEND)
            assert bool(select.select([plug_in], [], [], 0)[0]) == ended
        finally:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(plug_in, signal.SIGKILL)
            os.close(plug_in)
            pulumi.stdin.close()
