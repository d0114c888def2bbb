"""Downloads one file of known size and SHA-256 sum, and resumes an earlier attempt."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Final

_SECONDS: Final = 15
"""How long a server may be silent."""
_BUFFER: Final = 1 << 20
_SCHEMES: Final = ("http", "https", "file")


class DownloadError(Exception):
    """The download failed. The text is the reason, in a few words."""


class Unreachable(DownloadError):  # noqa: N818 - a state of the server
    """The server does not answer; requests for other files would fail, too."""


def download(url: str, target: Path, size: int, sha256: str, progress: Callable[[int], None]) -> None:
    """Complete the file `target` from `url`; `progress` is called with the bytes that are there.

    Goes on for as long as each request brings something. What was received stays for the next call unless its
    sum is wrong. Raises `DownloadError`.
    """
    if url.partition(":")[0] not in _SCHEMES:
        raise Unreachable(f"not one of {', '.join(_SCHEMES)}")
    resumed = _held(target) > 0
    while (before := _held(target)) < size:
        try:
            _receive(url, target, size, progress)
            problem = DownloadError("ended too early")
        except urllib.error.HTTPError as error:
            problem = DownloadError(f"HTTP {error.code}")
        except urllib.error.URLError as error:
            problem = Unreachable(_brief(error.reason))
        except (OSError, HTTPException) as error:
            problem = Unreachable(_brief(error))
        if _held(target) <= before:
            raise problem
    if _sum(target) == sha256:
        return
    target.unlink()
    if not resumed:
        raise DownloadError("its SHA-256 sum differs from bundle.json")
    download(url, target, size, sha256, progress)


def _receive(url: str, target: Path, size: int, progress: Callable[[int], None]) -> None:
    """One request for what is missing; at most `size` bytes are kept."""
    held = _held(target)
    request = urllib.request.Request(url, headers={"Range": f"bytes={held}-"} if held else {})  # noqa: S310
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - schemes are checked above
        continues = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(
            f"bytes {held}-"
        )
        with target.open("ab" if continues else "wb") as file:
            there = held if continues else 0
            while there < size and (data := answer.read1(min(size - there, _BUFFER))):
                file.write(data)
                there += len(data)
                progress(there)


def _held(target: Path) -> int:
    return target.stat().st_size if target.exists() else 0


def _sum(target: Path) -> str:
    with target.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _brief(reason: object) -> str:
    return str(getattr(reason, "strerror", None) or reason or type(reason).__name__)
