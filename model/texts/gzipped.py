"""gzip with a fixed header, so that a text has the same bytes wherever the program runs.

The operating system in the header of `gzip.compress` depends on the release of Python and its zlib
(gh-112346). The user-data would differ between a laptop and a pipeline, and every VM would be replaced. The
compressed data still depends on zlib: zlib-ng gives other bytes.
"""

import zlib

_HEADER = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 0xFF))
"""RFC 1952, 2.3: deflate, no flags, no time, best compression, an unknown operating system."""


def gzipped(text: str) -> bytes:
    data = text.encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(data) + packer.flush()
    return _HEADER + body + zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
