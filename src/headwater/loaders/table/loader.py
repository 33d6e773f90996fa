"""Tables as a source: a row says that a run read or wrote something, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from headwater.errors import SourceError, UsageError
from headwater.graph.facts import Status
from headwater.graph.store import Store
from headwater.loaders.base import Found, Item, Place, Problem, attempt
from headwater.loaders.files import files, fingerprint, total_bytes
from headwater.loaders.importing import Report, import_source
from headwater.loaders.table.reading import Row, Table, csv_table, frame_table, opened_lines, parquet_table
from headwater.loaders.table.rows import Columns, Reader

if TYPE_CHECKING:
    import pandas

SUFFIXES = (".csv", ".tsv", ".parquet")


@dataclass(frozen=True, slots=True)
class TableLoader:
    """Reads CSV, TSV and Parquet files. The first options name columns; every other column is kept as a facet.

    `tz` is the zone of times that have none; without it they are refused.
    """

    run: str = "run"
    component: str = "component"
    direction: str = "direction"
    name: str = "name"
    start: str = "start"
    end: str = "end"
    status: str = "status"
    digest: str = "digest"
    tz: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    kind: ClassVar[str] = "table"

    def read(self, source: str) -> Iterator[Found]:
        """Give each row. Raises SourceError when a file has no column of run ids, or cannot be read."""
        before = 0
        for path in files(source, SUFFIXES):
            for found in self._file(path):
                yield _behind(found, before)
            before += path.stat().st_size

    def total(self, source: str) -> int:
        """Return the size of the files in bytes."""
        return total_bytes(files(source, SUFFIXES))

    def fingerprint(self, source: str) -> str:
        """Return a text that changes when a file does."""
        return fingerprint(files(source, SUFFIXES))

    def items(self, table: Table, place: str) -> Iterator[Found]:
        """Give each row of one table that stands at `place`."""
        columns = Columns(
            self.run, self.component, self.direction, self.name, self.start, self.end, self.status, self.digest
        )
        if self.run not in table.columns:
            shown = ", ".join(table.columns[:20])
            raise SourceError(f"{place} has no column {self.run!r} of run ids, but {shown}", hint="option run=COLUMN")
        if self.start not in table.columns and self.end not in table.columns:
            reason = f"no column {self.start!r} or {self.end!r}: all runs are dated 1970 (option start=COLUMN)"
            yield Problem(Place(place, 1), reason, "warning")
        # Who lists runs without a status lists what was done.
        reader = Reader(columns, self._zone(), None if self.status in table.columns else Status.COMPLETED)
        for row in table.rows:
            at = Place(place, row.line)
            yield attempt(at, lambda row=row, at=at: _item(reader, row, at), row.position)  # type: ignore[misc]

    def _file(self, path: Path) -> Iterator[Found]:
        suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
        if suffix == ".parquet":
            yield from self.items(parquet_table(path), str(path))
            return
        with opened_lines(path, self.encoding) as lines:
            yield from self.items(csv_table(lines, self._delimiter(suffix)), str(path))

    def _delimiter(self, suffix: str) -> str:
        found = self.delimiter or ("\t" if suffix == ".tsv" else ",")
        found = "\t" if found in ("tab", "\\t") else found
        if len(found) != 1 or found in '"\r\n':
            raise UsageError(f"option delimiter={found!r} is not one character", hint="for example ';' or tab")
        return found

    def _zone(self) -> ZoneInfo | None:
        try:
            return None if self.tz is None else ZoneInfo(self.tz)
        except (ValueError, LookupError, OSError) as exc:
            raise UsageError(f"option tz={self.tz!r} is no time zone", hint="for example Europe/Berlin") from exc


@dataclass(frozen=True, slots=True)
class _Frame:
    """A pandas frame in the place of a source."""

    frame: pandas.DataFrame
    loader: TableLoader
    kind: ClassVar[str] = "table"

    def read(self, source: str) -> Iterator[Found]:
        """Give each row."""
        return self.loader.items(frame_table(self.frame), source)

    def total(self, source: str) -> int:  # noqa: ARG002  # a frame is its own source
        """Return how many rows there are."""
        return len(self.frame)

    def fingerprint(self, source: str) -> None:  # a frame is its own source
        """Return None: a frame does not outlive its process."""


def import_frame(store: Store | None, frame: pandas.DataFrame, *, is_strict: bool = False, **options: Any) -> Report:
    """Record each row of a pandas frame; `options` are those of the kind `table`. With no store, only count.

    Raises SourceError without a column of run ids, BadRecord for a bad row when `is_strict`.
    """
    return import_source(store, _Frame(frame, TableLoader(**options)), "DataFrame", is_strict=is_strict)


def _item(reader: Reader, row: Row, place: Place) -> Item:
    if isinstance(row.cells, str):
        raise SourceError(row.cells)
    fact, opaque = reader.fact(row.cells)
    return Item("row", place, (fact,), opaque, row.position)


def _behind(found: Found, before: int) -> Found:
    return found if found.position is None or not before else replace(found, position=found.position + before)
