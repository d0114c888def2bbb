"""Stands in for OpenSSH's client on PATH: refuses what it refuses, and runs the remote command in a folder of
this host in place of a VM. `python ssh_double.py FOLDER <ssh's arguments>`."""

import json
import os
import subprocess
import sys
from pathlib import Path

FAILED = 255
OPTIONS = {"BatchMode": ("yes", "no"), "ConnectTimeout": None, "ServerAliveInterval": None}
OPTIONS["ServerAliveCountMax"] = None
"""Keywords of ssh_config(5) that the program may use, with their values; None for a number."""


USAGE = "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] …"


class Refused(Exception):  # noqa: N818 - what ssh says
    pass


def read_options(words: list[str]) -> list[str]:
    """The destination and the command. Raises Refused."""
    words = list(words)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "--":
            break
        if option == "-T":
            continue
        if option != "-o" or not words:
            raise Refused(f"unknown option -- {option.lstrip('-')[:1]}\n{USAGE}")
        keyword, _, value = words.pop(0).partition("=")
        if keyword not in OPTIONS:
            raise Refused(f"command-line: line 0: Bad configuration option: {keyword.lower()}")
        allowed = OPTIONS[keyword]
        if not (value in allowed if allowed else value.isdigit()):
            raise Refused(f'command-line line 0: unsupported option "{value}".')
    if not words:
        raise Refused(USAGE)
    if words[0].startswith("-"):
        raise Refused("hostname contains invalid characters")
    return words


def main(world: Path, words: list[str]) -> int:
    with (world / "calls").open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    try:
        destination, *command = read_options(words)
        host = destination.rpartition("@")[2]
    except Refused as refused:
        print(refused, file=sys.stderr)
        return FAILED
    if not (world / "up" / host).exists():
        print(f"ssh: connect to host {host} port 22: Connection refused", file=sys.stderr)
        return FAILED
    home = world / "home" / host
    home.mkdir(parents=True, exist_ok=True)
    environment = {"PATH": f"{world}/remote:{os.defpath}", "TMPDIR": str(home), "WORLD": str(world)}
    # As sshd: the words are joined and given to the user's login shell.
    shell = ["/bin/sh", "-c", " ".join(command)]
    return subprocess.run(shell, cwd=home, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
