"""Names of what is made in a cloud, where each kind of resource has a limit of its own."""

import hashlib
import re


def cloud_name(*parts: str, limit: int = 63) -> str:
    """`parts` joined by dashes; where that is longer than `limit`, its beginning and six digits that keep it
    apart from others with the same beginning. The same parts give the same name."""
    name = "-".join(parts)
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: limit - 7].rstrip('-')}-{digest}"


def google_name(kind: str, stack: str, *parts: str, limit: int) -> str:
    """A name in lower case letters, digits and dashes that begins with a letter, as Google wants it.

    `kind` begins with one; whatever else is in the name of a stack becomes a dash."""
    return cloud_name(kind, re.sub(r"[^a-z0-9-]", "-", stack.lower()), *parts, limit=limit)
