"""One row of a table as a fact: which column says what, and how its cells are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from headwater import clock
from headwater.errors import NaiveDatetime, SourceError
from headwater.graph.facts import Fact, Input, Output, RunFact, Status
from headwater.graph.wire import fact_from_dict
from headwater.loaders.facts import dated_fact

Cells: TypeAlias = Mapping[str, Any]
_DIRECTIONS = {
    **dict.fromkeys(("input", "in", "read", "reads", "consumed"), Input),
    **dict.fromkeys(("output", "out", "write", "writes", "produced"), Output),
}
# The columns that `export csv` writes beside those of a plain table; one of these names is no facet.
RECORD, AT, STATE, READ_AT, TYPE, FACETS, MORE = "record", "at", "state", "read_at", "type", "facets", "more"
LABELS = "data_labels"
OWN = (RECORD, AT, STATE, READ_AT, TYPE, FACETS, LABELS, MORE)


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns that say these things."""

    run: str = "run"
    component: str = "component"
    direction: str = "direction"
    name: str = "name"
    start: str = "start"
    end: str = "end"
    status: str = "status"
    digest: str = "digest"

    @property
    def mapped(self) -> frozenset[str]:
        """Every column that is not a facet."""
        return frozenset({*(getattr(self, field.name) for field in fields(self)), *OWN})


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads rows of one table; `zone` is that of times without one, None when those are refused.

    `status` is what a row says by being there, in a table that has no column for it.
    """

    columns: Columns
    zone: ZoneInfo | None
    status: Status | None = None

    def fact(self, row: Cells) -> tuple[Fact, tuple[str, ...]]:
        """Return what the row says, and the columns that are kept as facets. Raises a HeadwaterError for a bad row."""
        given = {name: cell for name, cell in row.items() if not is_empty(cell)}
        record = given.get(RECORD, "run")
        if record in ("component", "annotation", "erasure"):
            return dated_fact(_object(given.get(MORE), MORE)), ()
        if record != "run":
            raise SourceError(f"{RECORD} is {record!r}, not run, component, annotation or erasure")
        opaque = tuple(name for name in given if name not in self.columns.mapped)
        return self._run(given, {name: _json(given[name]) for name in opaque}), opaque

    def _run(self, row: Cells, kept: Mapping[str, Any]) -> RunFact:
        columns = self.columns
        more = _object(row.get(MORE, "{}"), MORE)
        start, end = self._time(row, columns.start), self._time(row, columns.end)
        status = _text(row.get(columns.status))
        claim = self._claim(row, kept)
        run = _text(row.get(columns.run))
        if run is None:
            raise _missing(columns.run)
        told = fact_from_dict({"fact": "run", **more, "id": run})
        assert isinstance(told, RunFact)
        return RunFact(
            told.id,
            _text(row.get(columns.component)),
            self._status(status, end),
            start,
            end,
            (claim,) if isinstance(claim, Input) else (),
            (claim,) if isinstance(claim, Output) else (),
            told.params,
            told.triggers,
            told.commit,
            told.source,
            told.error,
            self._time(row, AT) or end or start or clock.EPOCH,
            {**told.facets, **({} if claim else kept)},
        )

    def _status(self, said: str | None, end: datetime | None) -> Status | None:
        if said is None:
            return self.status if end is None else None
        try:
            return Status(said.lower())
        except ValueError as exc:
            words = ", ".join(Status)
            raise SourceError(f"{self.columns.status} is {said!r}, none of {words}") from exc

    def _claim(self, row: Cells, kept: Mapping[str, Any]) -> Input | Output | None:
        columns = self.columns
        direction, name = _text(row.get(columns.direction)), _text(row.get(columns.name))
        if direction is None and name is None:
            return None
        if direction is None or name is None:
            raise _missing(columns.direction if direction is None else columns.name)
        kind = _DIRECTIONS.get(direction.lower())
        if kind is None:
            raise SourceError(f"{columns.direction} is {direction!r}, neither input nor output")
        digest, facets = _text(row.get(columns.digest)), {**_object(row.get(FACETS, "{}"), FACETS), **kept}
        labels = _object(row.get(LABELS, "{}"), LABELS)
        if kind is Output:
            return Output(name, digest, _text(row.get(TYPE)), facets, labels)  # type: ignore[arg-type]
        return Input(name, self._time(row, READ_AT), digest, _text(row.get(STATE)), facets, labels)

    def _time(self, row: Cells, column: str) -> datetime | None:
        cell = row.get(column)
        if cell is None:
            return None
        at = _datetime(cell, column)
        if at.utcoffset() is None:
            if self.zone is None:
                raise NaiveDatetime(f"{column} {cell} has no time zone", hint="name it: option tz=Europe/Berlin")
            at = at.replace(tzinfo=self.zone)
        return clock.as_utc(at, column)


def is_empty(cell: object) -> bool:
    """Say whether a cell says nothing: no value, an empty text, or what is not even equal to itself (NaN, NaT)."""
    return cell is None or cell == "" or (isinstance(cell, (float, datetime)) and cell != cell)  # noqa: PLR0124


def _text(cell: object) -> str | None:
    return None if cell is None else cell if isinstance(cell, str) else str(cell)


def _missing(column: str) -> SourceError:
    return SourceError(f"nothing stands in the column {column!r}")


def _datetime(cell: object, column: str) -> datetime:
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001  # the caller adds the zone, or refuses it
    try:
        return datetime.fromisoformat(str(cell).strip())
    except ValueError as exc:
        raise SourceError(f"{column} is {cell!r}, not a time of ISO 8601") from exc


def _object(cell: object, column: str) -> Mapping[str, Any]:
    try:
        found = json.loads(cell) if isinstance(cell, str) else cell
    except (ValueError, RecursionError) as exc:
        raise SourceError(f"{column} holds no JSON: {exc}") from exc
    if not isinstance(found, dict):
        raise SourceError(f"{column} holds {type(found).__name__}, not a JSON object")
    return found


def _json(cell: object) -> Any:
    """Return a cell as a value that can be kept: as it is where JSON has its type, else as text."""
    if isinstance(cell, (bool, int, float, str, list, dict)):
        return cell
    item = getattr(cell, "item", None)
    return item() if callable(item) and not isinstance(cell, (datetime, date)) else str(cell)
