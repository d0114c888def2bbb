"""Removes private keys and tokens from text, in every encoding that occurs in logs and objects."""

import base64
import re
from typing import Final

REDACTED: Final = b"[redacted]"
_TOKEN: Final = re.compile(rb"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}")
"""A JSON Web Token: three parts of base64url, of which two begin with `{"`."""
_KEY: Final = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")


def without_secrets(data: bytes) -> bytes:
    """`data` with each private key in PEM and each JSON Web Token replaced, also those in base64."""
    for pattern in (_KEY, _TOKEN):
        data = pattern.sub(REDACTED, data)
    return _BASE64.sub(_redact_encoded, data)


def _redact_encoded(found: re.Match[bytes]) -> bytes:
    text = found[0]
    inner = base64.b64decode(text[: len(text) // 4 * 4] if not text.endswith(b"=") else text + b"==")
    return REDACTED if b"PRIVATE KEY-----" in inner or _TOKEN.search(inner) else text
