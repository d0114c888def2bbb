"""What a site could leave behind on the host, read before and after."""

import subprocess
from pathlib import Path


def traces() -> dict[str, set[str]]:
    """Everything on the host that a lab could touch, by kind."""
    return {
        "mounts": {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()},
        "network namespaces": _lines("ip", "netns", "list"),
        "links": {line.split(":")[1].strip() for line in _lines("ip", "-o", "link")},
        "addresses": {" ".join(line.split()[1:4]) for line in _lines("ip", "-o", "address")},
        "routes": _lines("ip", "route", "show", "table", "all"),
        "firewall rules": _lines("nft", "list", "ruleset") | _lines("iptables-save"),
        "cgroups": {
            str(path)
            for pattern in ("hybrid-mesh*", "*/hybrid-mesh*")
            for path in Path("/sys/fs/cgroup").glob(pattern)
        },
    }


def _lines(*command: str) -> set[str]:
    try:
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return set()
    return {line for line in text.splitlines() if line and not line.startswith("#")}
