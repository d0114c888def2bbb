"""Names of cloud resources. Each kind of resource has its own limit."""

import hashlib
import re


def cloud_name(*parts: str, limit: int = 63) -> str:
    """`parts` joined by dashes. A name longer than `limit` is cut and ends with six digits of a hash, so that
    names with the same beginning differ. The same parts give the same name."""
    name = "-".join(parts)
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: limit - 7].rstrip('-')}-{digest}"


def google_name(kind: str, stack: str, *parts: str, limit: int) -> str:
    """A name in lowercase letters, digits and dashes that begins with a letter, as Google requires.

    `kind` begins with a letter; other characters in the name of a stack become dashes."""
    return cloud_name(kind, re.sub(r"[^a-z0-9-]", "-", stack.lower()), *parts, limit=limit)
