"""The content of files: marked when a run names one, read once, whenever there is time.

A mark costs one look at the folder. The digest is that of the moment of the mark, or there is none: a file that has
changed since is not read in its place.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import NamedTuple

from headwater import clock
from headwater.sdk.content import Content

LIMIT_BYTES = 1 << 30
_RACY_NS = 1_000_000_000
_AT_ONCE_BYTES = 1 << 20
_MOST_CACHED = 10_000

_cache: dict[tuple[int, int, int, int], str] = {}


class FileMark(NamedTuple):
    """A regular file as it was at one moment; `content` when it was read at that moment."""

    path: str
    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    content: Content | None = None

    @property
    def key(self) -> tuple[int, int, int, int]:
        """What changes when the content does."""
        return self[1:5]


def mark_file(path: str) -> FileMark | None:
    """Return the mark of the file with this name, None when there is none.

    A small file written less than a second ago is read at once: its time may not tell it from the next content.
    """
    mark = look_at(path)
    if mark is not None and mark.size_bytes <= _AT_ONCE_BYTES and is_racy(mark):
        return mark._replace(content=_read(mark))
    return mark


def look_at(path: str) -> FileMark | None:
    """Return the mark of the file with this name without its content, None when there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116  # a name need not be a valid path, and Path.stat costs three times as much
    except (OSError, ValueError):
        return None
    return _mark(path, found) if stat.S_ISREG(found.st_mode) else None


def digest_of_file(mark: FileMark) -> Content:
    """Return `sha256:` and the digits of the file's content at the time of the mark.

    None with a reason when it is gone, has changed since, cannot be read or is larger than LIMIT_BYTES.
    """
    if mark.content is not None:
        return mark.content
    if (known := _cache.get(mark.key)) is not None:
        return Content(known)
    return _read(mark)


def _read(mark: FileMark) -> Content:
    if mark.size_bytes > LIMIT_BYTES:
        return Content(None, f"larger than {LIMIT_BYTES >> 30} GiB")
    try:
        with open(mark.path, "rb") as file:  # noqa: PTH123  # as above
            if _mark(mark.path, os.fstat(file.fileno())).key != mark.key:
                return Content(None, "it has changed since")
            digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
            if _mark(mark.path, os.fstat(file.fileno())).key != mark.key:
                return Content(None, "it changed while it was read")
    except OSError as exc:
        return Content(None, exc.strerror or type(exc).__name__)
    if not is_racy(mark):
        _remember(mark, digest)
    return Content(digest)


def _mark(path: str, found: os.stat_result) -> FileMark:
    return FileMark(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def is_racy(mark: FileMark) -> bool:
    """Whether the file may be written again within the same tick of its clock."""
    return clock.now().timestamp() * 1e9 - mark.mtime_ns < _RACY_NS


def _remember(mark: FileMark, digest: str) -> None:
    if len(_cache) >= _MOST_CACHED:
        _cache.clear()
    _cache[mark.key] = digest
