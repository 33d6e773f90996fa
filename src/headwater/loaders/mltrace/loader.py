"""The loader of mltrace: components, their runs, and the pointers between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby
from operator import itemgetter
from typing import ClassVar

from headwater.graph.facts import RunFact
from headwater.loaders.base import Found, Item, Place, attempt
from headwater.loaders.files import files, fingerprint
from headwater.loaders.mltrace.mapping import component_fact, loose_facts, run_facts
from headwater.loaders.mltrace.reading import Database, Row, Run, address, opened, shown
from headwater.loaders.times import zone


@dataclass(frozen=True, slots=True)
class MltraceLoader:
    """Reads a database by its URL, or a SQLite file by its path; `tz` is the zone of its times, which have none."""

    tz: str = "UTC"
    kind: ClassVar[str] = "mltrace"

    def read(self, source: str) -> Iterator[Found]:
        """Give components, runs, and what only flags and labels speak of; no pickle that stands there is loaded."""
        with opened(source) as database:
            yield from _Told(database, shown(address(source)), zone(self.tz)).items()

    def total(self, source: str) -> int:
        """Return how many runs there are."""
        with opened(source) as database:
            return int(database.connection.execute(database.schema.count()).scalar_one())

    def fingerprint(self, source: str) -> str | None:
        """Return a text that changes when a SQLite file does; of a server nobody can say it."""
        url = address(source)
        is_file = url.get_backend_name() == "sqlite" and url.database is not None
        return fingerprint(files(str(url.database), ())) if is_file else None


@dataclass(frozen=True, slots=True)
class _Told:
    """One database, what it is called in places, and the zone of its times."""

    database: Database
    name: str
    zone: tzinfo

    def items(self) -> Iterator[Found]:
        ask = self.database.schema
        for name, rows in groupby(self.database.rows(ask.components()), itemgetter("name")):
            yield self._component(name, rows)
        for position, run in enumerate(self.database.runs(), 1):
            place = self._place("component_runs", run.row["id"])
            yield attempt(place, lambda run=run, at=place, to=position: self._run(run, at, to), position)  # type: ignore[misc]
        for row in self.database.rows(ask.loose()):
            if row["flag"] or row["label"]:
                yield self._loose(row)

    def _component(self, name: object, rows: Iterable[Row]) -> Found:
        place = self._place("components", name)
        return attempt(place, lambda: Item("component", place, (component_fact(rows, self.zone),)))

    def _run(self, run: Run, place: Place, position: int) -> Item:
        made = run_facts(run, self.zone)
        fact = made[0]
        assert isinstance(fact, RunFact)
        return Item("component_run", place, made, tuple(sorted(fact.facets)), position)

    def _loose(self, row: Row) -> Found:
        place = self._place("io_pointers", row["name"])
        return attempt(place, lambda: Item("io_pointer", place, loose_facts(row, self.zone)))

    def _place(self, table: str, key: object) -> Place:
        return Place(self.name, path=f"{table} {key}")
