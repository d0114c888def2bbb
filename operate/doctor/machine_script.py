"""What doctor runs in a VM: prints what it finds there as one JSON document.

Changes nothing, prints no token and no key, and asks nothing but the VM itself and istiod. Standard library
only (Python 3.9). Times are seconds of the VM's own clock.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

COMMAND_SECONDS = 2.5
ISTIOD_SECONDS = 1.8
ISTIOD_TRIES = 2
ISTIOD_PAUSE = 0.5
LONGEST_LINE = 200
ISTIOD = "istiod.istio-system.svc"
ROOTS = "/etc/certs/root-cert.pem"
TOKEN = "/var/run/secrets/tokens/istio-token"  # noqa: S105 - a path
TEXTS = ("/var/lib/istio/config/mesh", "/var/lib/istio/envoy/cluster.env", "/etc/hybrid-mesh/hosts")
CERTIFICATES = (ROOTS, "/etc/certs/cert-chain.pem")
IDENTITY = "hybrid-mesh-identity.service"
PROBLEM = "/run/hybrid-mesh/problem"
USER_DATA = "/var/lib/cloud/instance/user-data.txt"
FOLDERS = ("/", "/var/lib/istio", "/etc/certs", "/run", "/var/log/istio")
PROPERTIES = "Id,Type,LoadState,ActiveState,SubState,Result,NRestarts,StateChangeTimestampMonotonic"
RULES = (("iptables-save", "-t", "nat"), ("iptables-legacy-save", "-t", "nat"), ("nft", "list", "ruleset"))
ENDED = re.compile(r"\.service: \w+ process exited, code=(?!exited, status=0)")
SYSTEMD = re.compile(r"(Start|Stop|Fail|Finish|Schedul|Deactivat)|\S+\.(service|timer): ")
ERROR = re.compile(r"verify error:num=\d+:.*|.*errno=\d+|.*:(Name or service not known|Connection refused)")
SECRET = re.compile(r"eyJ[\w-]+\.[\w-]+(\.[\w-]*)?|(?i:bearer +|password[=:] *|token=)\S+")


def main() -> None:
    started = time.time()
    wanted = json.loads(sys.argv[1])
    with ThreadPoolExecutor(max_workers=8) as pool:
        jobs: dict[str, Future[Any]] = {
            "units": pool.submit(units, wanted["units"]),
            "secrets": pool.submit(
                page, "http://127.0.0.1:15000/config_dump?resource=dynamic_active_secrets"
            ),
            "server": pool.submit(server),
            "health": pool.submit(health),
            "package": pool.submit(package),
            "rules": pool.submit(rules),
            "istiod": pool.submit(istiod),
            "identity": pool.submit(identity),
        }
        found: dict[str, Any] = {
            "hashes": {path: digest(path) for path in wanted["files"]},
            "times": {path: changed(path) for path in (*wanted["files"], ROOTS, "/etc/hosts")},
            "texts": {path: read(path) for path in (*TEXTS, *CERTIFICATES, "/etc/hosts")},
            "userData": user_data(),
            "token": token(),
            "disks": [disk for folder in FOLDERS if (disk := measure(folder))],
            "memory": memory(),
            "ports": ports(),
            "up": up_seconds(),
        }
        found.update({name: job.result() for name, job in jobs.items()})
    print(json.dumps({**found, "started": started, "ended": time.time()}))


def run(
    *command: str, seconds: float = COMMAND_SECONDS, **options: Any
) -> subprocess.CompletedProcess[str] | None:
    with contextlib.suppress(OSError, ValueError, LookupError, subprocess.SubprocessError):
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
            **options,
        )
    return None


def page(url: str) -> str | None:
    """The text of a page of this VM; None without an answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError, ValueError), opener.open(url, timeout=COMMAND_SECONDS) as answer:
        return str(answer.read().decode(errors="replace"))
    return None


def server() -> dict[str, Any] | None:
    text = page("http://127.0.0.1:15000/server_info")
    try:
        document = json.loads(text or "")
        node = document["node"]["metadata"]
        return {"state": document["state"], "version": node.get("ISTIO_VERSION", "")}
    except (ValueError, KeyError):
        return None


def health() -> list[Any] | None:
    """Status and text of the health endpoint."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open("http://127.0.0.1:15029/", timeout=COMMAND_SECONDS) as answer:
            return [answer.status, masked(answer.read().decode(errors="replace"))]
    except urllib.error.HTTPError as error:
        return [error.code, masked(error.read().decode(errors="replace"))]
    except OSError:
        return None


def units(names: list[str]) -> dict[str, Any]:
    done = run("systemctl", "show", f"--property={PROPERTIES}", *names)
    found = {}
    for block in (done.stdout if done else "").strip().split("\n\n"):
        shown = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" not in shown:
            continue
        changed = int(shown.get("StateChangeTimestampMonotonic") or 0) / 1e6
        unit = {
            "kind": shown.get("Type", ""),
            "load": shown.get("LoadState", ""),
            "active": shown.get("ActiveState", ""),
            "sub": shown.get("SubState", ""),
            "result": shown.get("Result", ""),
            "restarts": int(shown.get("NRestarts") or 0),
            "since": time.time() - (time.clock_gettime(time.CLOCK_MONOTONIC) - changed) if changed else None,
            "line": "",
        }
        if unit["active"] in ("failed", "activating"):
            said = run("journalctl", "-u", shown["Id"], "-n", "200", "-o", "cat", "--no-pager")
            unit["line"] = own_line(said.stdout if said else "")
        found[shown["Id"]] = unit
    return found


def own_line(journal: str) -> str:
    """The last line that the unit wrote itself before it ended: systemd writes about it, and what cleans up
    after it writes, too."""
    lines = [line for line in journal.splitlines() if line.strip()]
    ends = [index for index, line in enumerate(lines) if ENDED.search(line)]
    own = [line for line in lines[: ends[-1] if ends else None] if not SYSTEMD.match(line)]
    return masked((own or lines or [""])[-1])


def identity() -> dict[str, Any] | None:
    """Why the token cannot be renewed, and since when; None if it was renewed."""
    text = read(PROBLEM)
    if not text:
        return None
    since = None
    said = run("journalctl", "-u", IDENTITY, "-n", "200", "-o", "json", "--no-pager")
    for line in (said.stdout if said else "").splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            message, when = str(entry["MESSAGE"]), int(entry["__REALTIME_TIMESTAMP"]) / 1e6
            if message.startswith("wrote a token"):
                since = None
            elif message.startswith("still waiting") and since is None:
                since = when
    return {"problem": masked(text), "since": since}


def token() -> dict[str, Any] | None:
    """When the token ends and when it was written, of its payload; None if there is none."""
    try:
        text = Path(TOKEN).read_text(encoding="utf-8").strip()
        payload = text.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return {"ends": float(claims["exp"]), "written": Path(TOKEN).stat().st_mtime}
    except (OSError, ValueError, LookupError, TypeError):
        return None


def package() -> str:
    """Version of the package istio-sidecar."""
    for command in (
        ("dpkg-query", "-W", "-f", "${Version}", "istio-sidecar"),
        ("rpm", "-q", "--qf", "%{VERSION}", "istio-sidecar"),
    ):
        done = run(*command)
        if done and done.returncode == 0 and done.stdout.strip():
            return done.stdout.strip()
    return ""


def rules() -> dict[str, Any] | None:
    """Whether Istio's rules redirect traffic and DNS; None if no program shows rules."""
    shown = [done.stdout for command in RULES if (done := run(*command)) and done.returncode == 0]
    text = "\n".join(shown)
    jumps = re.search(r"(-A (OUTPUT|PREROUTING) .*-j ISTIO_|jump istio-)", text) is not None
    return {"traffic": jumps, "dns": "15053" in text} if shown else None


def istiod() -> dict[str, Any]:
    """Whether istiod presents a certificate that the VM's roots have signed, as its agent would see it."""
    asked = [f"{ISTIOD}:15012", "-servername", ISTIOD, "-alpn", "h2", "-CAfile", ROOTS]
    command = ("openssl", "s_client", "-connect", *asked, "-verify_return_error", "-verify_hostname", ISTIOD)
    started = time.time()
    done = None
    for _ in range(ISTIOD_TRIES):  # a pod of the gateway may just be replaced
        done = run(*command, seconds=ISTIOD_SECONDS, user="istio-proxy", group="istio-proxy")
        if done is not None and done.returncode == 0:
            break
        time.sleep(ISTIOD_PAUSE)
    if done is None:
        slow = time.time() - started > ISTIOD_SECONDS
        return {"reached": False if slow else None, "reason": "no answer in time" if slow else "not asked"}
    if done.returncode == 0:
        return {"reached": True, "reason": ""}
    said = f"{done.stderr}\n{done.stdout}"
    error = ERROR.search(said)
    return {"reached": False, "reason": masked(error[0] if error else "no TLS connection")}


def user_data() -> str:
    with contextlib.suppress(OSError, EOFError):
        content = Path(USER_DATA).read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        return content.decode(errors="replace") if content.startswith(b"#cloud-config") else ""
    return ""


def ports() -> list[int]:
    """TCP ports that something listens on."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in (read(table) or "").splitlines()[1:]:
            fields = line.split()
            if len(fields) > 3 and fields[3] == "0A":
                found.add(int(fields[1].rpartition(":")[2], 16))
    return sorted(found)


def measure(folder: str) -> dict[str, Any] | None:
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return {
        "path": folder,
        "size": found.f_frsize * found.f_blocks,
        "free": found.f_frsize * found.f_bavail,
        "inodes": found.f_files,
        "freeInodes": found.f_favail,
        "readOnly": bool(found.f_flag & os.ST_RDONLY),
    }


def memory() -> dict[str, int]:
    lines = (line.split() for line in (read("/proc/meminfo") or "").splitlines())
    found = {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) > 1}
    return {"total": found.get("MemTotal", 0), "available": found.get("MemAvailable", 0)}


def up_seconds() -> float:
    """Since this system's first process started, also in a container."""
    try:
        ticks = int(Path("/proc/1/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, LookupError):
        return time.clock_gettime(time.CLOCK_BOOTTIME)


def digest(path: str) -> str | None:
    with contextlib.suppress(OSError):
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return None


def changed(path: str) -> float | None:
    """When a file was written last."""
    with contextlib.suppress(OSError):
        return Path(path).stat().st_mtime
    return None


def read(path: str) -> str | None:
    with contextlib.suppress(OSError, ValueError):
        return Path(path).read_text(encoding="utf-8")
    return None


def masked(text: str) -> str:
    """One line without secrets."""
    return SECRET.sub("[secret]", " ".join(text.split()))[:LONGEST_LINE]


if __name__ == "__main__":
    main()
