"""Values in a form that a POSIX shell and systemd's `EnvironmentFile=` read alike."""

from collections.abc import Mapping


def quote(value: str) -> str:
    """`value` in single quotes, as istioctl quotes it (pkg/util/shellescape). Raises ValueError for a
    value of several lines or with a NUL, which an environment file cannot contain."""
    if "\n" in value or "\0" in value:
        raise ValueError("a value of an environment file must be one line")
    return "'" + value.replace("'", "'\"'\"'") + "'"


def render_environment(values: Mapping[str, str]) -> str:
    """One line `KEY='value'` for each entry, sorted."""
    return "".join(f"{key}={quote(value)}\n" for key, value in sorted(values.items()))
