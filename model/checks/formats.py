"""Valid forms of names and addresses."""

import re
from ipaddress import IPv4Address, ip_address
from urllib.parse import urlsplit

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")
_LABEL_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def is_host_name(text: str) -> bool:
    """Whether a text is a lowercase DNS name of one or more labels, and not an IP address."""
    last = text.rstrip(".").rsplit(".", 1)[-1]
    return len(text) <= 253 and _HOST_NAME.fullmatch(text) is not None and not last.isdigit()


def is_label_key(text: str) -> bool:
    """A key of a Kubernetes label: `name` or `dns.name/name`."""
    prefix, slash, name = text.rpartition("/")
    return _LABEL_NAME.fullmatch(name) is not None and (not slash or is_host_name(prefix))


def is_label_value(text: str) -> bool:
    """A value of a Kubernetes label; empty is one."""
    return not text or _LABEL_NAME.fullmatch(text) is not None


def is_ip_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_ipv4_address(text: str) -> bool:
    return is_ip_address(text) and isinstance(ip_address(text), IPv4Address)


def is_url(text: str, *schemes: str) -> bool:
    """A URL of one of `schemes` with a host and without blanks."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and not re.search(r"\s", text)


def starts_with_letter(text: str) -> bool:
    return text[:1].isalpha()
