"""Removal of credentials from texts of other programs."""

import re
from typing import Final

_CREDENTIALS: Final = (
    re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?i)(?<=bearer )\S+"),
)


def without_secrets(text: str) -> str:
    """`text` without JSON Web Tokens, private keys and bearer credentials."""
    for pattern in _CREDENTIALS:
        text = pattern.sub("[secret]", text)
    return text
