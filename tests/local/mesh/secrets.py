"""Looks for the secrets that a stack is known to hold; makes one that is no longer good."""

import base64
import json
from typing import Any

import yaml

from hybrid_mesh.local.pki import CLIENT, Authority, subject

SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # how Pulumi marks a secret value in a state file


def known_secrets(deployment: dict[str, Any]) -> set[str]:
    """Every private key, token and client key of a state exported with `--show-secrets`.

    Each is a single line that any spelling of the secret (PEM, base64, JSON) would have to contain.
    """
    found: set[str] = set()
    for resource in deployment.get("resources", []):
        _collect(resource, found, secret=False)
    return found


def leaks(secrets: set[str], text: str) -> list[str]:
    """Where `text` contains a known secret: what stands before it on its line, and its first characters."""
    found = []
    for secret in secrets:
        place = text.find(secret)
        if place >= 0:
            before = text[text.rfind("\n", 0, place) + 1 : place]
            found.append(f"{before[:200]} … {before[-120:]}{secret[:6]}…")
    return sorted(found)


def expired_certificate() -> tuple[str, str]:
    """A certificate that has just ended, and its key (PEM)."""
    pair = Authority.create("expired").issue(subject("expired"), [CLIENT], days=0)
    return pair.certificate.decode(), pair.key.decode()


def _collect(value: Any, found: set[str], *, secret: bool) -> None:
    if isinstance(value, dict):
        if SECRET_SIGNATURE in json.dumps(list(value.values())[:1]) and "plaintext" in value:
            _collect(json.loads(value["plaintext"]), found, secret=True)
            return
        for item in value.values():
            _collect(item, found, secret=secret)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found, secret=secret)
    elif isinstance(value, str) and secret:
        found.update(sensitive_lines(value))


def sensitive_lines(text: str) -> set[str]:
    """A line of each key and token in `text`, and, of one in base64, its beginning in base64, too."""
    lines = _pem_key_lines(text) | _credentials(text)
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except ValueError:
        return lines
    if decoded != text and (inner := sensitive_lines(decoded)):
        return lines | inner | {text[:64]} if "CERTIFICATE" not in decoded else lines | inner
    return lines | ({text[:80]} if decoded.startswith("ey") and decoded.count(".") == 2 else set())


def _pem_key_lines(text: str) -> set[str]:
    """The lines of the body of each private key; a PEM line is 64 characters long."""
    lines: set[str] = set()
    inside = False
    for line in text.splitlines():
        if "PRIVATE KEY" in line:
            inside = line.startswith("-----BEGIN")
        elif inside and len(line) >= 40:
            lines.add(line)
    return lines


def _credentials(text: str) -> set[str]:
    """The tokens and client keys of a kubeconfig, and a bare JSON Web Token."""
    if text.startswith("ey") and text.count(".") == 2:
        return {text}
    if "current-context" not in text:
        return set()
    found: set[str] = set()
    for user in yaml.safe_load(text).get("users", []):
        for key in ("token", "client-key-data"):
            if key in user.get("user", {}):
                found.add(user["user"][key][-80:])
    return found
