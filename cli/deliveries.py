"""Ways to bring a VM its bundle, and what became of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hybrid_mesh.cli.bundle_files import pack_bundle, write_bundle
from hybrid_mesh.cli.bundle_source import BundleSource
from hybrid_mesh.cli.inventory import Host
from hybrid_mesh.cli.remote_install import install


class Result(StrEnum):
    JOINED = "joined"
    SKIPPED = "already joined"
    WRITTEN = "written"
    PLANNED = "to do"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """What became of one VM. `expires` is that of its token (RFC 3339)."""

    host: Host
    result: Result
    detail: str = ""
    folder: str = ""
    expires: str = ""

    def as_json(self) -> dict[str, str]:
        host = {"name": self.host.name, "address": self.host.address, "destination": self.host.destination}
        result = {"result": self.result.value, "detail": self.detail}
        return {**host, **result, "folder": self.folder, "expires": self.expires}


Deliver = Callable[[Host], Outcome]
"""Brings one VM its bundle. The result is WRITTEN, or JOINED for a VM that ran the installer. Raises
CommandError."""


def writing(source: BundleSource, folder: Path) -> Deliver:
    """Writes each VM's bundle into `folder`."""

    def write(host: Host) -> Outcome:
        files = source.files(host)
        token, expires = source.token()
        archive = write_bundle(folder / host.name, files, token)
        return Outcome(
            host, Result.WRITTEN, f"{archive}, token until {expires}", str(folder / host.name), expires
        )

    return write


def installing(source: BundleSource, command: Sequence[str], *, become: bool) -> Deliver:
    """Installs each VM's bundle over ssh; writes nothing on this host. A VM's token is issued when it is its
    turn."""

    def run(host: Host) -> Outcome:
        files = source.files(host)
        token, expires = source.token()
        packed = pack_bundle(host.name, files, token)
        install(command, host.destination, packed, become=become, secret=token)
        return Outcome(host, Result.JOINED, expires=expires)

    return run
