"""What Secrets hold, as the kubernetes plug-in keeps it and API servers fill it in."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties, Secret

_TOKEN_LENGTH: Final = 950
"""Characters of a service account's token that is signed by RSA of 2048 bits."""
_AUTHORITY_LENGTH: Final = 1500
"""Characters of the certificate, in PEM, of an API server's authority with a key of 3072 bits."""


def with_data(inputs: Properties) -> Properties:
    """A Secret's inputs as the plug-in keeps them: what was given as `stringData` is in `data`, as base64."""
    kept = {name: value for name, value in inputs.items() if name not in ("data", "stringData")}
    given, data = inputs.get("stringData", {}), inputs.get("data", {})
    if UNKNOWN in (given, data):
        return {**kept, "data": Secret(UNKNOWN)}
    encoded = {name: text if text is UNKNOWN else _base64(str(text)) for name, text in given.items()}
    together = {**data, **encoded}
    return {**kept, "data": Secret(together)} if together else kept


def token_data(server: str, secret: str) -> Properties:
    """What an API server puts into a Secret of a service account's token; texts of a cloud's size."""
    texts = {
        "token": _text("token", f"{server} {secret}", _TOKEN_LENGTH),
        "ca.crt": _text("authority", server, _AUTHORITY_LENGTH),
        "namespace": "istio-system",
    }
    return {name: _base64(text) for name, text in texts.items()}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _text(what: str, server: str, length: int) -> str:
    """A text of `length` characters that only this server has."""
    digest = hashlib.sha256(f"{what} {server}".encode()).hexdigest()
    return f"{what}-{digest * (length // len(digest) + 1)}"[:length]
