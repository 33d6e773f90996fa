"""Events as they stand in files: one a line, or one JSON document, many, or a list; one at a time is in memory."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from headwater.errors import SourceError
from headwater.loaders.files import MAX_RECORD_BYTES, lines
from headwater.loaders.openlineage.fast import parsed, refused

SUFFIXES = (".json", ".ndjson", ".jsonl")

_LINE_SUFFIXES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_CHUNK = 1 << 18
_BETWEEN = " \t\r\n,"
# A number or word ends with one of these, so that a long row of digits is one bad value and not as many good ones.
_BEHIND = (*_BETWEEN, "]", "")
# How near the end of what was read an error may be one of not having read enough: "tru", "\\u12", "-1.".
_SLACK = 16
_DAMAGE = (OSError, EOFError, zlib.error)


class Record(NamedTuple):
    """What stands on a line, or in the n-th place of a file: parsed JSON, or why it could not be read.

    `position` counts the bytes on disk that have been read so far.
    """

    line: int | None
    path: str
    content: Any
    problem: str | None
    position: int


def records(path: Path) -> Iterator[Record]:
    """Give every record of a file, plain or gzip; a list's elements one by one.

    A line that cannot be read is told and passed over; a document that cannot be read ends its file.
    """
    by_line = path.name.endswith(_LINE_SUFFIXES) or _begins_with_a_document_a_line(path)
    return _by_line(path) if by_line else _by_document(path)


def _begins_with_a_document_a_line(path: Path) -> bool:
    try:
        with path.open("rb") as raw:
            if not _unpacked(raw).read(_CHUNK).lstrip().startswith(b"{"):
                return False
        first = next((line.content for line in lines(path) if line.content is None or line.content.strip()), None)
        return isinstance(json.loads(first or b""), dict)
    except (*_DAMAGE, ValueError, RecursionError):
        return False


def _by_line(path: Path) -> Iterator[Record]:
    number, position = 0, 0
    try:
        for line in lines(path):
            number, content, position = line.number, line.content, line.position
            if content is None:
                yield Record(number, "", None, f"the line is longer than {MAX_RECORD_BYTES:,} bytes", position)
            elif content.strip():
                yield Record(number, "", *_parsed(content), position)
    except SourceError as exc:
        yield Record(number + 1, "", None, str(exc), position)


def _parsed(content: bytes) -> tuple[Any, str | None]:
    try:
        return parsed(content), None
    except UnicodeDecodeError as exc:
        return None, f"no UTF-8: {exc.reason} at byte {exc.start}"
    except (ValueError, RecursionError) as exc:
        return None, f"no whole JSON: {exc}"


def _by_document(path: Path) -> Iterator[Record]:
    with path.open("rb") as raw:
        scan, number, sign = _Scan(_unpacked(raw)), 0, "#"
        try:
            is_list = scan.skip("[")
            sign = "/" if is_list else "#"
            while not scan.is_at_end(is_list=is_list):
                yield Record(None, f"{sign}{number}", scan.next(), None, raw.tell())
                number += 1
        except UnicodeDecodeError as exc:
            problem = f"no UTF-8: {exc.reason}"
        except (SourceError, ValueError, RecursionError) as exc:
            problem = f"no whole JSON: {exc}"
        except _DAMAGE as exc:
            problem = f"cannot be read to its end: {exc}"
        else:
            return
        yield Record(None, f"{sign}{number}", None, problem, raw.tell())


@dataclass(slots=True)
class _Scan:
    """A reader of JSON values that follow each other, which holds little more than one of them."""

    stream: BinaryIO
    decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8-sig"))
    text: str = ""
    at: int = 0
    is_whole: bool = False

    def skip(self, sign: str) -> bool:
        """Pass over a sign if it comes next; say whether it did."""
        found = self._peek() == sign
        self.at += found
        return found

    def is_at_end(self, *, is_list: bool) -> bool:
        """Say whether no value follows. Raises SourceError when a list has no end, or something follows it."""
        sign = self._peek()
        if is_list and sign == "]":
            self.at += 1
            if self._peek():
                raise SourceError("something follows the list")
            return True
        if is_list and not sign:
            raise SourceError("the list has no end")
        return not sign

    def next(self) -> Any:
        """Return the next value. Raises ValueError where it is malformed, SourceError when it is too large."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as exc:
                is_cut = exc.msg.startswith("Unterminated string") or exc.pos >= len(self.text) - _SLACK
                if self.is_whole or not is_cut:
                    raise
            else:
                if end < len(self.text) or self.is_whole:
                    if not isinstance(value, (dict, list)) and self.text[end : end + 1] not in _BEHIND:
                        raise json.JSONDecodeError("Expecting ',' delimiter", self.text, end)
                    self.at = end
                    return value
            self._read_more()

    def _peek(self) -> str:
        """Return the next sign that is no blank and no comma, nothing at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _BETWEEN:
                self.at += 1
            if self.at < len(self.text) or self.is_whole:
                return self.text[self.at : self.at + 1]
            self._read_more()

    def _read_more(self) -> None:
        """Read as much again as is held, so that a large value is tried few times."""
        rest = self.text[self.at :]
        if len(rest) > MAX_RECORD_BYTES:
            raise SourceError(f"a record is longer than {MAX_RECORD_BYTES:,} characters")
        chunk = self.stream.read(max(_CHUNK, len(rest)))
        self.is_whole = not chunk
        self.text, self.at = rest + self.decoder.decode(chunk, final=self.is_whole), 0


_DECODER = json.JSONDecoder(parse_constant=refused)


def _unpacked(raw: BinaryIO) -> BinaryIO:
    is_packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return cast("BinaryIO", io.BufferedReader(gzip.GzipFile(fileobj=raw))) if is_packed else raw
