"""Brings a stack into a state in which `pulumi` can work on it, even if the last run was interrupted."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hybrid_mesh.cli.console import say
from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.environment import pulumi_environment
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.orphans import end_orphans
from hybrid_mesh.cli.releases import forget_releases
from hybrid_mesh.cli.salt import ensure_salt, has_salt, remove_salt
from hybrid_mesh.cli.salt_in_git import hide_salt
from hybrid_mesh.cli.typed import command
from hybrid_mesh.local.paths import project_folder, project_name
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.stack_file import stack_file

WRITING_SECONDS = 2.0
"""The longest time for which a `pulumi` writes a lock file."""


@dataclass(frozen=True)
class Lock:
    """A lock of Pulumi's file backend. Source: lockContent in pulumi/pkg/v3/backend/diy/lock.go."""

    path: Path
    process: int
    host: str
    made: datetime | None

    @property
    def stale(self) -> bool:
        """Whether it was made on this host by a process that is gone: its number is free, or belongs to a
        program other than `pulumi` that started after the lock was made."""
        if self.host != socket.gethostname():
            return False
        try:
            command = Path(f"/proc/{self.process}/comm").read_text().strip()
            started = _start(self.process)
        except OSError:
            return True
        return command != "pulumi" and self.made is not None and started > self.made


def _start(process: int) -> datetime:
    """When a process started. Raises OSError if there is none. Source: proc(5), `starttime` and `btime`."""
    ticks = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])
    lines = Path("/proc/stat").read_text().splitlines()
    boot = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    return datetime.fromtimestamp(boot + ticks / os.sysconf("SC_CLK_TCK"), UTC)


def prepare(engine: Engine, stack: str, plan: MeshPlan | None = None, *, create: bool = True) -> None:
    """Selects the stack and clears what an interrupted run has left; in the clusters of `plan`, too. With
    `create`, a new stack is made and its file gets what `pulumi` needs. Raises CommandError."""
    settings = engine.settings
    if create and settings.own_backend and settings.own_passphrase:
        replaced = ensure_salt(stack_file(project_folder(), stack), settings.own_passphrase)
        if replaced:
            say(f"    stacks/Pulumi.{stack}.yaml had another passphrase's salt; it has this host's now.")
    done = engine.ask("stack", "select", stack, *(["--create"] if create else []))
    if done.returncode != 0:
        raise CommandError(
            f"The stack {stack} cannot be selected: {last_line(done.stderr)}", _backend_hint(engine)
        )
    if settings.own_backend:
        end_orphans(settings.own_backend)
        _release(engine, stack, settings.own_backend)
        _forget_pending(engine, stack, settings.own_backend, plan)


@contextmanager
def prepared(engine: Engine, stack: str, plan: MeshPlan | None = None) -> Iterator[None]:
    """As `prepare`; afterwards the stack's file is as it was before. Raises CommandError."""
    file, passphrase = stack_file(project_folder(), stack), engine.settings.own_passphrase
    kept = passphrase is not None and has_salt(file, passphrase)
    try:
        prepare(engine, stack, plan)
        yield
    finally:
        if kept:
            hide_salt(file)
        elif passphrase:
            remove_salt(file, passphrase)


def exists(engine: Engine, stack: str) -> bool:
    """Whether the backend holds the stack."""
    if backend := engine.settings.own_backend:
        plain = checkpoint_file(backend, stack)
        return plain.exists() or plain.with_name(f"{plain.name}.gz").exists()
    return engine.ask("stack", "export", "--stack", stack).returncode == 0


def running_update(stack: str) -> datetime | None:
    """Since when another command changes the stack; None where none does, or where it is kept in a backend
    that does not say."""
    backend = pulumi_environment(os.environ).own_backend
    held = [lock.made for lock in _locks(backend, stack) if not lock.stale] if backend else []
    return min(filter(None, held), default=None)


def remove(engine: Engine, stack: str) -> None:
    """Removes a stack of our own backend that holds nothing any more, with its history and backups, in which
    encrypted keys are; the stack's file stays. Raises CommandError."""
    if engine.settings.own_backend and exists(engine, stack):
        done = engine.ask("stack", "rm", stack, "--yes", "--preserve-config", "--remove-backups")
        if done.returncode != 0:
            raise CommandError(
                f"The record of the stack {stack} cannot be removed: {last_line(done.stderr)}",
                "Run the same command again.",
            )


def _release(engine: Engine, stack: str, backend: Path) -> None:
    """Removes the lock of a `pulumi` that was killed."""
    _remove_cut_off(_lock_folder(backend, stack))
    locks = list(_locks(backend, stack))
    held = [lock for lock in locks if not lock.stale]
    if held:
        raise CommandError(
            f"Another command works on the stack {stack}: process {held[0].process} on {held[0].host}.",
            "Wait for it to end and run this command again. If that host is down, remove its lock: "
            f'eval "$({command("env", stack)})" && pulumi cancel {stack}',
        )
    if locks:
        done = engine.ask("cancel", stack, "--yes")
        if done.returncode != 0:
            raise CommandError(
                f"The lock of a killed run cannot be removed: {last_line(done.stderr)}",
                f"Remove {locks[0].path}.",
            )
        say("    The last run was killed; its lock on the stack is removed.")


def _forget_pending(engine: Engine, stack: str, backend: Path, plan: MeshPlan | None) -> None:
    """Forgets operations that a killed `pulumi` never saw the end of: all that they make is found again by
    its name, but for Helm releases, which Helm must forget as well.

    `stack import` drops them (pulumi/pkg/v3/cmd/pulumi/stack/io.go); the secrets stay encrypted on the
    way.
    """
    try:
        checkpoint = json.loads(checkpoint_file(backend, stack).read_text())
        pending = ((checkpoint.get("checkpoint") or {}).get("latest") or {}).get("pending_operations") or []
    except (OSError, ValueError):
        return
    if not pending:
        return
    named = [(operation["resource"]["urn"].rsplit("::", 1)[-1], operation["type"]) for operation in pending]
    if plan and not forget_releases(plan, [name for name, kind in named if kind == "creating"]):
        say("    A cluster with parts of the last run does not answer yet. If this run fails, run it again.")
        return
    done = engine.ask("stack", "export", "--stack", stack)
    if done.returncode == 0:
        done = engine.ask("stack", "import", "--stack", stack, text=done.stdout)
    if done.returncode != 0:
        raise CommandError(
            f"The operations that a killed run left cannot be cleared: {last_line(done.stderr)}",
            f"Try `pulumi refresh --stack {stack}`.",
        )
    names = ", ".join(sorted({name for name, _ in named}))
    say(f"    The last run was interrupted while it worked on {names}; this run continues there.")


def _lock_folder(backend: Path, stack: str) -> Path:
    return backend / ".pulumi" / "locks" / "organization" / project_name() / stack


def _remove_cut_off(folder: Path) -> None:
    """Removes empty and truncated lock files, which a full disk leaves: no `pulumi` holds one, and each
    refuses the stack because of it ("unexpected end of JSON input"). One that was made just now may be being
    written."""
    for path in folder.glob("*.json*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime < WRITING_SECONDS:
                continue
            try:
                json.loads(path.read_text())
            except ValueError:
                path.unlink()


def _locks(backend: Path, stack: str) -> Iterator[Lock]:
    folder = _lock_folder(backend, stack)
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            content = json.loads(path.read_text())
            yield Lock(
                path,
                int(content.get("pid", os.getpid())),
                str(content.get("hostname", "")),
                _time(content.get("timestamp")),
            )
        except (OSError, ValueError):
            continue


def _time(text: object) -> datetime | None:
    """Go's time in JSON (RFC 3339); None for anything else."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo else None


def checkpoint_file(backend: Path, stack: str) -> Path:
    return backend / ".pulumi" / "stacks" / project_name() / f"{stack}.json"


def _backend_hint(engine: Engine) -> str:
    if engine.settings.own_backend:
        return (
            f"If its state may be lost, remove {engine.settings.own_backend} and run `{command('up')}` again."
        )
    return "The backend and the passphrase are the ones that you have set: see `pulumi whoami -v`."


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"
