"""What the tests ask a world and a state."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tests.engine.doubles.store import Call
from tests.engine.site import Site
from tests.local.mesh.secrets import known_secrets, leaks

_PUBLIC: Final = re.compile(
    r"-----BEGIN CERTIFICATE( REQUEST|)-----.*?-----END CERTIFICATE\1-----", re.DOTALL
)
"""An EC private key holds its public key too, so that a line of it may stand in a certificate."""


def leaked(site: Site) -> list[str]:
    """Where the exported state holds a known secret in plain; asserts that some are known."""
    secrets = known_secrets(site.told("stack", "export", "--show-secrets")["deployment"])
    assert len(secrets) >= 3, "the search itself must know the keys and tokens"
    return leaks(secrets, without_certificates(site.pulumi("stack", "export")))


def without_certificates(text: str) -> str:
    """`text` without what is public and yet holds a line of a private key."""
    return _PUBLIC.sub("", text)


def positions(calls: Iterable[Call], *, type_: str = "", name: str = "") -> list[int]:
    """Where in `calls` those are whose type and name contain the texts."""
    return [index for index, call in enumerate(calls) if type_ in call.type and name in call.name]


def first(calls: Iterable[Call], *, type_: str = "", name: str = "") -> int:
    """Where the first of `positions` is."""
    return min(positions(calls, type_=type_, name=name))


def last(calls: Iterable[Call], *, type_: str = "", name: str = "") -> int:
    """Where the last of `positions` is."""
    return max(positions(calls, type_=type_, name=name))
