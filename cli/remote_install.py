"""Installs a bundle on a VM over ssh. The bundle, with its token, travels over standard input: it is in no
argument, and on the VM in a folder that only the user can read and that is removed at the end."""

import shlex
import subprocess
from collections.abc import Sequence

from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.local.patience import patient

SSH = "ssh -T -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=4 --"
"""The client and the configuration of the person at this host. It never asks a question."""
INSTALL_SECONDS = 900
_OF_SSH = 255
"""ssh(1), "EXIT STATUS": the exit status of the remote command, or 255 if an error occurred."""
_LAST_LINES = 3


def install(command: Sequence[str], destination: str, archive: bytes, *, become: bool, secret: str) -> None:
    """Unpacks `archive`, a bundle, on the VM and runs its installer; with `become`, by sudo. `command` is the
    ssh client with its options. Raises CommandError with the reason, without `secret`."""
    try:
        done = subprocess.run(
            [*command, destination, remote_command(become)],
            input=archive,
            capture_output=True,
            timeout=patient(INSTALL_SECONDS),
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise CommandError(f"did not end within {late.timeout:.0f} s", "") from None
    except OSError as error:
        raise CommandError(f"{command[0]} cannot be run: {error.strerror}", "") from None
    if done.returncode == 0:
        return
    text = done.stderr.decode(errors="replace").replace(secret, "[secret]")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = " ".join(lines[-_LAST_LINES:]) or f"exit code {done.returncode}"
    if done.returncode == _OF_SSH:
        raise CommandError(f"cannot connect: {lines[-1] if lines else 'ssh gave no reason'}", "")
    raise CommandError(reason.removeprefix("install.sh: "), "")


def remote_command(become: bool) -> str:
    """For any login shell."""
    sudo = "sudo -n " if become else ""
    script = (
        "set -eu; umask 077; folder=$(mktemp -d); trap 'rm -rf \"$folder\"' EXIT; "
        f'tar xzf - -C "$folder"; cd "$folder"/*; {sudo}sh ./install.sh'
    )
    return f"sh -c {shlex.quote(script)}"
