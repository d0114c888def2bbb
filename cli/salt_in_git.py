"""Keeps the `encryptionsalt` line, which belongs to this host, out of what git sees of a stack file.

`pulumi` writes the line whenever it works on a stack. A filter of git's (gitattributes(5), `filter`) takes
it out before git compares or commits the file. Both parts of it are in the clone's own settings, not in the
project.
"""

import subprocess
from pathlib import Path

FILTER = "hybrid-mesh-salt"
CLEAN = (
    "awk '{line[NR]=$0} /^[^#]*secure:/{keep=1} "
    "END{for(i=1;i<=NR;i++) if(keep || line[i] !~ /^encryptionsalt:/) print line[i]}'"
)
"""A file with secrets keeps the line, which they need."""


def hide_salt(stack_file: Path) -> None:
    """From now on git does not see the line. Does nothing outside of a git checkout."""
    attributes, line = _place(stack_file)
    if attributes is None:
        return
    lines = attributes.read_text().splitlines() if attributes.exists() else []
    if line not in lines:
        _git(stack_file.parent, "config", "--local", f"filter.{FILTER}.clean", CLEAN)
        attributes.parent.mkdir(exist_ok=True)
        attributes.write_text("\n".join([*lines, line, ""]))
    _refresh(stack_file)


def show_salt(stack_file: Path) -> None:
    """Undoes `hide_salt`."""
    attributes, line = _place(stack_file)
    if attributes is None or not attributes.exists():
        return
    lines = attributes.read_text().splitlines()
    kept = [each for each in lines if each != line]
    if kept == lines:
        return
    if kept:
        attributes.write_text("\n".join([*kept, ""]))
    else:
        attributes.unlink()
    if not any(each.endswith(f" filter={FILTER}") for each in kept):
        _git(stack_file.parent, "config", "--local", "--remove-section", f"filter.{FILTER}")
    _refresh(stack_file)


def _place(stack_file: Path) -> tuple[Path | None, str]:
    """The clone's file of attributes, None where there is none, and our line in it."""
    answer = _git(stack_file.parent, "rev-parse", "--git-path", "info/attributes", "--show-prefix")
    lines = answer.splitlines()
    path = f"{lines[1] if len(lines) > 1 else ''}{stack_file.name}"
    if not lines or any(letter in path for letter in ' "\\*?['):
        return None, ""
    return stack_file.parent / lines[0], f"/{path} filter={FILTER}"


def _refresh(stack_file: Path) -> None:
    """Makes git compare the file again if it is as committed: for git, a file of another size is modified,
    even if a filter removes the difference (read-cache.c, `ie_modified`)."""
    folder, name = stack_file.parent, stack_file.name
    known = _git(folder, "ls-files", "--stage", "--", name).split()
    if len(known) > 1 and known[1] == _git(folder, "hash-object", f"--path={name}", "--", name).strip():
        _git(folder, "update-index", "--", name)


def _git(folder: Path, *arguments: str) -> str:
    """Its output, empty when it fails or is not installed."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""
