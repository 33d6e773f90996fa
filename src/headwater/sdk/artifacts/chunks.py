"""Where a payload is cut into chunks: by its content, so that a file with rows put in or dropped shares the others.

The rule is that of content-defined chunking (Muthitacharoen, Chen, Mazieres: A low-bandwidth network file system, 2001)
in a form that the standard library runs fast: places to look at are found by one search for a pattern, and at each of
them the checksum of the bytes before it decides. Cost: about 3 s a GB, in constant memory.
"""

from __future__ import annotations

import zlib

LEAST_BYTES = 1 << 18
MOST_BYTES = 1 << 22

_STEP_BYTES = 1 << 18
_WINDOW_BYTES = 64
# One place in 512 of random bytes, more of digits, is looked at and one in 1024 of these is a cut: about 768 KiB.
_MASK = (1 << 10) - 1
_SYMBOLS = bytes(byte % 8 for byte in range(256))
_PATTERN = b"\0\1\0"


def first_cut(data: bytes | bytearray) -> int:
    """Return how many bytes the first chunk has, of data with at least MOST_BYTES or of all that is left.

    Between LEAST_BYTES and MOST_BYTES; it depends on the bytes of that chunk alone.
    """
    most = min(len(data), MOST_BYTES)
    start = LEAST_BYTES
    while start < most:
        stop = min(start + _STEP_BYTES, most)
        symbols = bytes(data[start - len(_PATTERN) : stop]).translate(_SYMBOLS)
        found = symbols.find(_PATTERN)
        while found >= 0:
            place = start + found
            if zlib.crc32(data[place - _WINDOW_BYTES : place]) & _MASK == 0:
                return place
            found = symbols.find(_PATTERN, found + 1)
        start = stop
    return most
