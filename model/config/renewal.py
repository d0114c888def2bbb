"""When certificates are renewed, and from when on their end is a warning.

Imports nothing of the configuration, so that the plug-in can use it without loading its classes."""

from datetime import timedelta
from typing import Final

RENEWAL_SHARE: Final = 2 / 3
"""An intermediate is due for renewal after this share of its validity."""
LEAST_SHARE: Final = 3 / 4
"""Share of the requested validity below which a certificate of a cloud's authority is refused: its renewal is
due after two thirds of what was requested, and must not come too late."""
EXPIRY_WARNING: Final = timedelta(days=180)
"""Time before the end of a root or another authority from which on its end is a warning."""
