"""Files as sources: found in a fixed order, unpacked while they are read, at most one record in memory."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from headwater.errors import SourceError

MAX_RECORD_BYTES = 64 << 20
_GZIP = b"\x1f\x8b"


def files(source: str, suffixes: Sequence[str]) -> list[Path]:
    """Return the file that `source` names, or all files with these suffixes in the folder, sorted by name.

    A suffix also stands for itself with `.gz` behind. Raises SourceError when there is none.
    """
    path = Path(source)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise SourceError(f"{source!r} is neither a file nor a folder", hint="name an existing file or folder")
    wanted = tuple(suffixes) + tuple(f"{suffix}.gz" for suffix in suffixes)
    found = sorted(p for p in path.rglob("*") if p.name.endswith(wanted) and p.is_file())
    if not found:
        raise SourceError(f"the folder {source!r} holds no file that ends in {' or '.join(suffixes)}")
    return found


def total_bytes(paths: Iterable[Path]) -> int:
    """Return the size of the files on disk, in bytes."""
    return sum(path.stat().st_size for path in paths)


def fingerprint(paths: Iterable[Path]) -> str:
    """Return a text that changes when a file is added, removed, resized or written again."""
    found = hashlib.sha256()
    for path in paths:
        stat = path.stat()
        found.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return found.hexdigest()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its number from 1, its bytes without the end, None when it was longer than allowed.

    `position` counts the bytes on disk that have been read so far.
    """

    number: int
    content: bytes | None
    position: int


def lines(path: Path, most: int = MAX_RECORD_BYTES) -> Iterator[Line]:
    """Give the lines of a file, unpacked if it is gzip; a longer line than `most` bytes is passed over, not kept.

    Raises SourceError when the file cannot be read or its packing is damaged.
    """
    with path.open("rb") as raw:
        stream = _unpacked(raw)
        number = 0
        while line := _read(path, stream, most + 1):
            number += 1
            is_too_long = len(line) > most
            while line and is_too_long and not line.endswith(b"\n"):
                line = _read(path, stream, most)
            yield Line(number, None if is_too_long else line.rstrip(b"\r\n"), raw.tell())


def document(path: Path, most: int = MAX_RECORD_BYTES) -> bytes:
    """Return a whole file, unpacked if it is gzip. Raises SourceError when it has more than `most` bytes."""
    with path.open("rb") as raw:
        stream = _unpacked(raw)
        parts: list[bytes] = []
        size = 0
        while part := _read(path, stream, 1 << 20, whole_lines=False):
            size += len(part)
            if size > most:
                raise SourceError(f"{path} holds one document of more than {most:,} bytes when unpacked")
            parts.append(part)
    return b"".join(parts)


def _unpacked(raw: BinaryIO) -> BinaryIO:
    is_packed = raw.read(2) == _GZIP
    raw.seek(0)
    return cast("BinaryIO", io.BufferedReader(gzip.GzipFile(fileobj=raw))) if is_packed else raw


def _read(path: Path, stream: BinaryIO, most: int, *, whole_lines: bool = True) -> bytes:
    try:
        return stream.readline(most) if whole_lines else stream.read(most)
    except (OSError, EOFError, zlib.error) as exc:
        raise SourceError(f"{path} cannot be read to its end: {exc}") from exc
