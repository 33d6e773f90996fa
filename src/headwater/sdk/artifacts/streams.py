"""A payload as a file: written, it falls into chunks; read, it is put together and each chunk is verified."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from headwater.sdk.artifacts.chunks import MOST_BYTES, first_cut


class ChunkWriter(io.RawIOBase):
    """A file to write to that gives each chunk to `keep`. Holds two chunks at the most, however much is written."""

    def __init__(self, keep: Callable[[bytes], None]) -> None:
        self._keep = keep
        self._buffer = bytearray()
        self._written = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._written

    def write(self, data: Any) -> int:
        """Take all of the bytes."""
        with memoryview(data).cast("B") as view:
            for start in range(0, len(view), MOST_BYTES):
                self._buffer += view[start : start + MOST_BYTES]
                while len(self._buffer) >= MOST_BYTES:
                    self._cut()
            self._written += len(view)
            return len(view)

    def finish(self) -> int:
        """Give what is left to `keep`; return the size of the whole."""
        while self._buffer:
            self._cut()
        return self._written

    def _cut(self) -> None:
        size = first_cut(self._buffer)
        with memoryview(self._buffer) as view:
            chunk = bytes(view[:size])
        del self._buffer[:size]
        self._keep(chunk)


class ChunkReader(io.RawIOBase):
    """A file to read from, with `seek`: `fetch` gives the bytes of the chunk with a number, whose sizes are known."""

    def __init__(self, sizes: Sequence[int], fetch: Callable[[int], bytes]) -> None:
        self._starts = [0, *accumulate(sizes)]
        self._fetch = fetch
        self._place = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place: from the start, from here or from the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._starts[-1]}[whence]
        if base + offset < 0:
            raise ValueError(f"there is no place {base + offset} in a file")
        self._place = base + offset
        return self._place

    def readinto(self, into: Any) -> int:
        """Read some of the next bytes; 0 at the end."""
        if self._place >= self._starts[-1]:
            return 0
        number = bisect_right(self._starts, self._place) - 1
        if self._held[0] != number:
            self._held = number, self._fetch(number)
        start = self._place - self._starts[number]
        with memoryview(into).cast("B") as view:
            part = self._held[1][start : start + len(view)]
            view[: len(part)] = part
        self._place += len(part)
        return len(part)
