"""Plug-ins that outlive a killed `pulumi`."""

import os
import select
import signal
from pathlib import Path

from hybrid_mesh.local.patience import patient

SECONDS = 10.0


def end_orphans(backend: Path) -> None:
    """Ends this user's plug-ins that a killed `pulumi` started for `backend`, and waits until they are gone.

    A plug-in looks only every few minutes whether its engine is still there
    (pulumi/pkg/v3/resource/provider/main.go). Until then it goes on: a Helm release that it records while the
    next run is at work makes that run fail.
    """
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _is_orphan(entry, backend):
            _end(int(entry.name), entry, backend)


def _is_orphan(entry: Path, backend: Path) -> bool:
    try:
        if entry.stat().st_uid != os.getuid():
            return False
        program = Path((entry / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace"))
        variables = (entry / "environ").read_bytes().split(b"\0")
        parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        parents_program = Path(f"/proc/{parent}/comm").read_text().strip()
    except OSError:
        return False
    return (
        program.name.startswith("pulumi-resource-")
        and f"PULUMI_BACKEND_URL=file://{backend}".encode() in variables
        and parents_program != "pulumi"
    )


def _end(process: int, entry: Path, backend: Path) -> None:
    """By a descriptor: its number may be another process's a moment later."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    try:
        if _is_orphan(entry, backend):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            select.select([descriptor], [], [], patient(SECONDS))
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)
