"""The tables of mltrace as one database has them, and the questions that the loader asks of them.

They are found by reflection, for they differ from version to version. Reflection takes a pickled column for bytes, so
nothing here can load a pickle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    DateTime,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
    func,
    inspect,
    literal,
    null,
    select,
    type_coerce,
)
from sqlalchemy.sql import FromClause, Select, Subquery

from headwater.errors import SourceError

_REQUIRED = (
    *("components", "component_runs", "io_pointers", "component_runs_inputs", "component_runs_outputs"),
    "component_run_dependencies",
)
_OPTIONAL = ("component_tags", "labels_io_pointers", "deleted_labels")
# What the driver gives as it is: a value that SQLAlchemy cannot convert would end the whole reading.
_AS_IT_IS = (DateTime, JSON)

Question: TypeAlias = "Select[Any]"


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables that are there."""

    tables: Mapping[str, Table]

    @classmethod
    def of(cls, connection: Connection) -> Schema:
        """Look the tables up; raise SourceError when one is missing that every version has."""
        there = set(inspect(connection).get_table_names())
        if missing := [name for name in _REQUIRED if name not in there]:
            raise SourceError(f"the database is none of mltrace's: it has no table {', '.join(missing)}")
        found = MetaData()
        wanted = [name for name in (*_REQUIRED, *_OPTIONAL) if name in there]
        found.reflect(connection, only=wanted, resolve_fks=False)
        return cls(found.tables)

    def count(self) -> Question:
        """Ask how many runs there are."""
        return select(func.count()).select_from(self.tables["component_runs"])

    def components(self) -> Question:
        """Ask for every component, one row a tag, and when its last run ended."""
        found, runs = self.tables["components"], self.tables["component_runs"]
        last = (
            select(runs.c.component_name, func.max(type_coerce(runs.c.end_timestamp, String)).label("last_end"))
            .group_by(runs.c.component_name)
            .subquery()
        )
        rows = found.outerjoin(last, last.c.component_name == found.c.name)
        tag: ColumnElement[Any] = null()
        if (tags := self.tables.get("component_tags")) is not None:
            rows, tag = rows.outerjoin(tags, tags.c.component_name == found.c.name), tags.c.tag_name
        return select(*found.c, last.c.last_end, tag.label("tag")).select_from(rows).order_by(found.c.name)

    def runs(self) -> Question:
        """Ask for every run with all columns that this version has."""
        runs = self.tables["component_runs"]
        columns = (type_coerce(c, String).label(c.name) if isinstance(c.type, _AS_IT_IS) else c for c in runs.c)
        return select(*columns).order_by(runs.c.id)

    def outputs(self) -> Question:
        """Ask what each run wrote, with type and flag."""
        written, known = self._written(), self._known()
        return _by_owner(written, written.outerjoin(known, _same(written, known)), known.c.pointer_type, known.c.flag)

    def inputs(self) -> Question:
        """Ask what each run read, and which run that it depends on wrote that: the newest, as mltrace has it."""
        read, runs = self._read(), self.tables["component_runs"]
        makers = self._makers()
        same = and_(makers.c.owner == read.c.owner, _same(makers, read))
        rows = read.outerjoin(makers, same).outerjoin(runs, runs.c.id == makers.c.maker)
        return _by_owner(read, rows, *_run("maker", runs))

    def dependencies(self) -> Question:
        """Ask which runs each run depends on."""
        on, runs = self.tables["component_run_dependencies"], self.tables["component_runs"]
        rows = on.join(runs, runs.c.id == on.c.depends_on_component_run_id)
        owner = on.c.component_run_id
        return select(owner.label("owner"), *_run("needed", runs)).select_from(rows).order_by(owner, runs.c.id)

    def labels(self) -> Question | None:
        """Ask which labels stand on what each run wrote; None where there are no labels yet."""
        if (marked := self._marked()) is None:
            return None
        written = self._written()
        return _by_owner(written, written.join(marked, _same(written, marked)), marked.c.label, marked.c.deleted)

    def loose(self) -> Question:
        """Ask for the flags and labels of what was read but never written, and when it was read first."""
        first, known, marked = self._first_reads(), self._known(), self._marked()
        rows: FromClause = first.join(known, _same(known, first))
        said: list[ColumnElement[Any]] = [known.c.flag, null().label("label"), null().label("deleted")]
        if marked is not None:
            rows = rows.outerjoin(marked, _same(marked, first))
            said[1:] = [marked.c.label, marked.c.deleted]
        return select(*first.c, *said).select_from(rows).order_by(first.c.name, first.c.value)

    def _makers(self) -> Subquery:
        """For each run and pointer it read, the newest run that it depends on and that wrote the pointer."""
        read, written, on = self._read(), self._written(), self.tables["component_run_dependencies"]
        needed = on.c.depends_on_component_run_id
        return (
            select(read.c.owner, read.c.name, read.c.value, func.max(needed).label("maker"))
            .join(on, on.c.component_run_id == read.c.owner)
            .join(written, and_(written.c.owner == needed, _same(written, read)))
            .group_by(read.c.owner, read.c.name, read.c.value)
            .subquery()
        )

    def _first_reads(self) -> Subquery:
        """When each pointer was read first that no run wrote."""
        read, written, runs = self._read(), self._written(), self.tables["component_runs"]
        return (
            select(read.c.name, read.c.value, func.min(type_coerce(runs.c.start_timestamp, String)).label("first"))
            .join(runs, runs.c.id == read.c.owner)
            .outerjoin(written, _same(written, read))  # a correlated look-up would go through all writes for each read
            .where(written.c.name.is_(None))
            .group_by(read.c.name, read.c.value)
            .subquery()
        )

    def _read(self) -> Subquery:
        table = self.tables["component_runs_inputs"]
        return _pointers(table, "input_path", table.c.component_run_id.label("owner"))

    def _written(self) -> Subquery:
        table = self.tables["component_runs_outputs"]
        return _pointers(table, "output_path", table.c.component_run_id.label("owner"))

    def _known(self) -> Subquery:
        table = self.tables["io_pointers"]
        flag = table.c.flag if "flag" in table.c else null().label("flag")
        return _pointers(table, "", table.c.pointer_type, flag)

    def _marked(self) -> Subquery | None:
        """The labels of pointers, and when the deletion of a label was asked for."""
        labels, gone = self.tables.get("labels_io_pointers"), self.tables.get("deleted_labels")
        if labels is None:
            return None
        asked = None if gone is None else select(gone.c.deletion_request_time).where(gone.c.label == labels.c.label)
        deleted = null() if asked is None else type_coerce(asked.scalar_subquery(), String)
        return _pointers(labels, "io_pointer", labels.c.label, deleted.label("deleted"))


def _pointers(table: Table, prefix: str, *columns: ColumnElement[Any]) -> Subquery:
    """Return the pointers that a table names, with more of its columns.

    By name and value; the value is empty in the versions that had none, and where none was known.
    """
    name, value = (f"{prefix}_{column}".lstrip("_") for column in ("name", "value"))
    empty = literal(b"", LargeBinary)
    content = func.coalesce(table.c[value], empty) if value in table.c else empty
    return select(table.c[name].label("name"), content.label("value"), *columns).subquery()


def _same(ours: FromClause, theirs: FromClause) -> ColumnElement[bool]:
    return and_(ours.c.name == theirs.c.name, ours.c.value == theirs.c.value)


def _by_owner(pointers: FromClause, rows: FromClause, *columns: ColumnElement[Any]) -> Question:
    """Ask for pointers of runs in the order of the runs, with more columns."""
    key = (pointers.c.owner, pointers.c.name, pointers.c.value)
    return select(*key, *columns).select_from(rows).where(pointers.c.owner.is_not(None)).order_by(*key)


def _run(prefix: str, runs: FromClause) -> list[ColumnElement[Any]]:
    """What another run's id is made of."""
    return [runs.c.id.label(prefix), type_coerce(runs.c.start_timestamp, String).label(f"{prefix}_start")]
