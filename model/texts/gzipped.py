"""gzip with a header of our own, so that one text has the same bytes wherever the program runs.

What `gzip.compress` says there of the operating system hangs on the release of Python and on its zlib
(gh-112346): between a laptop and a pipeline the user-data would differ, and every machine be replaced.
What is left to them is the compression: zlib-ng, where it stands in for zlib, has other bytes.
"""

import zlib

_HEADER = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 0xFF))
"""RFC 1952, 2.3: deflate, no flags, no time, best compression, an unknown operating system."""


def gzipped(text: str) -> bytes:
    data = text.encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(data) + packer.flush()
    return _HEADER + body + zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
