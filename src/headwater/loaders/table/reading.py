"""Rows of CSV and Parquet files and pandas frames, one after the other with their line, in constant memory."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast

from headwater.errors import MissingExtra, SourceError, UsageError
from headwater.loaders.files import MAX_RECORD_BYTES

if TYPE_CHECKING:
    import pandas

ROWS_AT_ONCE = 1_000
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DAMAGED = (OSError, EOFError, zlib.error, UnicodeError)


class Row(NamedTuple):
    """One row: its line, or its number in what has no lines; its cells by column, or what is wrong with it.

    `position` counts the bytes read of the file.
    """

    line: int
    cells: Mapping[str, Any] | str
    position: int = 0


class Table(NamedTuple):
    """The names of the columns, and the rows."""

    columns: Sequence[str]
    rows: Iterator[Row]


def csv_table(lines: Lines, delimiter: str) -> Table:
    """Return the table of a CSV file. Raises SourceError when its header is none."""
    # The limit is the module's own; a cell of an export may hold several values of 1 MiB.
    csv.field_size_limit(MAX_RECORD_BYTES)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
    except csv.Error as exc:
        raise SourceError(f"{lines.name} has no header: {exc}") from exc
    if twice := {name for name in header if header.count(name) > 1}:
        raise SourceError(f"{lines.name} has two columns {min(twice)!r}")
    return Table(header, _csv_rows(reader, header, lines))


def _csv_rows(reader: Any, header: Sequence[str], lines: Lines) -> Iterator[Row]:
    while True:
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            yield Row(line, f"no row of CSV: {exc}", lines.position)
            continue
        if lines.too_long:
            lines.too_long = False
            yield Row(line, f"the line has more than {MAX_RECORD_BYTES:,} characters", lines.position)
        elif cells:
            yield Row(line, _by_column(header, cells), lines.position)


def _by_column(header: Sequence[str], cells: Sequence[str]) -> Mapping[str, str] | str:
    if len(cells) != len(header):
        return f"it has {len(cells)} cells, the header has {len(header)}"
    bad = next((cell for cell in cells if not _is_text(cell)), None)
    return dict(zip(header, cells, strict=True)) if bad is None else f"{bad[:40]!r} is not in the encoding of the file"


def _is_text(cell: str) -> bool:
    return cell.isascii() or not any("\ud800" <= char <= "\udfff" for char in cell)


@contextmanager
def opened_lines(path: Path, encoding: str | None) -> Iterator[Lines]:
    """Give the lines of a text file, plain or gzip; UTF-8, or UTF-16 where it begins with that mark, unless told.

    Raises SourceError when it is damaged, UsageError for an encoding that does not exist.
    """
    with path.open("rb") as raw, _unpacked(raw) as stream:
        try:
            is_utf_16 = stream.peek(2)[:2] in _UTF_16
            text = io.TextIOWrapper(
                stream, encoding or ("utf-16" if is_utf_16 else "utf-8-sig"), "surrogateescape", newline=""
            )
        except LookupError as exc:
            raise UsageError(f"option encoding={encoding!r} is no encoding", hint="for example latin-1") from exc
        except _DAMAGED as exc:
            raise SourceError(f"{path} cannot be read: {exc}") from exc
        with text:
            yield Lines(text, raw, str(path))


def _unpacked(raw: io.BufferedReader) -> io.BufferedReader:
    is_packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=raw))) if is_packed else raw


class Lines:
    """Lines of text for the CSV reader; of one that is too long an empty line is left, and `too_long` is set."""

    def __init__(self, text: TextIO, raw: io.BufferedReader, name: str) -> None:
        self._text, self._raw, self.name = text, raw, name
        self.number, self.too_long = 0, False

    @property
    def position(self) -> int:
        """How many bytes of the file have been read."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._read(MAX_RECORD_BYTES + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) <= MAX_RECORD_BYTES:
            return line
        while line and not line.endswith("\n"):
            line = self._read(MAX_RECORD_BYTES)
        self.too_long = True
        return "\n"

    def _read(self, most: int) -> str:
        try:
            return self._text.readline(most)
        except _DAMAGED as exc:
            raise SourceError(f"{self.name} cannot be read behind line {self.number}: {exc}") from exc


def parquet_table(path: Path) -> Table:
    """Return the table of a Parquet file, read a batch of rows at a time. Raises SourceError, and MissingExtra."""
    try:
        import pyarrow  # type: ignore[import-untyped]  # it ships no types
        from pyarrow import parquet
    except ImportError as exc:
        raise MissingExtra(f"{path} needs the package pyarrow", hint="pip install 'headwater[parquet]'") from exc
    try:
        file = parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as exc:
        raise SourceError(f"{path} is no Parquet file: {exc}") from exc
    return Table(file.schema_arrow.names, _parquet_rows(path, file))


def _parquet_rows(path: Path, file: Any) -> Iterator[Row]:
    import pyarrow

    number, size, count = 0, path.stat().st_size, max(file.metadata.num_rows, 1)
    try:
        with file:
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
                for cells in _in_microseconds(batch).to_pylist():
                    number += 1
                    yield Row(number, cells, size * number // count)
    except (pyarrow.ArrowException, OSError) as exc:
        raise SourceError(f"{path} cannot be read behind row {number}: {exc}") from exc


def _in_microseconds(batch: Any) -> Any:
    """Return the batch with its times as Python knows them; what is finer than a microsecond is cut off."""
    import pyarrow

    columns = [
        column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)
        if pyarrow.types.is_timestamp(column.type)
        else column
        for column in batch.columns
    ]
    return pyarrow.RecordBatch.from_arrays(columns, names=batch.schema.names)


def frame_table(frame: pandas.DataFrame) -> Table:
    """Return the table of a pandas frame; its rows count from 1."""
    return Table([str(name) for name in frame.columns], _frame_rows(frame))


def _frame_rows(frame: pandas.DataFrame) -> Iterator[Row]:
    number = 0
    for start in range(0, len(frame), ROWS_AT_ONCE):
        for cells in frame.iloc[start : start + ROWS_AT_ONCE].to_dict("records"):
            number += 1
            yield Row(number, {str(name): cell for name, cell in cells.items()}, number)
