"""Databases of mltrace for tests, in three of its versions, on whatever SQLAlchemy reaches.

The tables and columns are those of mltrace's first version, of its last release 0.17 and of its repository thereafter
(Apache-2.0), written down anew from its models and migrations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    PickleType,
    String,
    Table,
    create_engine,
    insert,
)

Version = Literal["first", "0.17", "later"]
START = datetime(2021, 5, 1)  # noqa: DTZ001  # its columns have no zone


def at(hours: float) -> datetime:
    """Return a time without a zone, so many hours after the first of May 2021."""
    return START + timedelta(hours=hours)


def tables(version: Version) -> MetaData:
    found = MetaData()
    is_first, is_later = version == "first", version == "later"

    def value(name: str) -> list[Column[Any]]:
        return [] if is_first else [Column(name, LargeBinary)]

    def table(name: str, *columns: Column[Any]) -> None:
        Table(name, found, *columns)

    run: list[Column[Any]] = [
        Column("id", Integer, primary_key=True),
        *(Column(name, String) for name in ("component_name", "git_hash")),
        *(Column(name, DateTime) for name in ("start_timestamp", "end_timestamp")),
        Column("code_snapshot", LargeBinary),
    ]
    since: list[Column[Any]] = [Column("notes", String), Column("git_tags", PickleType), Column("stale", PickleType)]
    later: list[Column[Any]] = [
        Column("test_results", JSON),
        Column("mlflow_run_id", String),
        Column("mlflow_run_params", PickleType),
    ]
    table("component_runs", *run, *([] if is_first else since), *(later if is_later else []))
    table("components", *(Column(name, String) for name in ("name", "description", "owner")))
    table("io_pointers", Column("name", String), *value("value"), Column("pointer_type", String))
    if not is_first:
        found.tables["io_pointers"].append_column(Column("flag", Boolean))
    for side in ("input", "output"):
        columns = [
            Column(f"{side}_path_name", String),
            *value(f"{side}_path_value"),
            Column("component_run_id", Integer),
        ]
        table(f"component_runs_{side}s", *columns)
    needs = ("component_run_id", "depends_on_component_run_id")
    table("component_run_dependencies", *(Column(name, Integer) for name in needs))
    if not is_first:
        table("component_tags", Column("component_name", String), Column("tag_name", String))
    if is_later:
        table(
            "labels_io_pointers", Column("label", String), Column("io_pointer_name", String), *value("io_pointer_value")
        )
        table("deleted_labels", Column("label", String), Column("deletion_request_time", DateTime))
    return found


@dataclass(frozen=True)
class MltraceDatabase:
    """What a test puts into the tables, row by row."""

    url: str
    version: Version = "0.17"
    rows: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def add(self, table: str, **columns: Any) -> None:
        self.rows.append((table, columns))

    def pointer(self, name: str, value: bytes = b"", kind: str = "DATA", *, flag: bool = False) -> None:
        later = {} if self.version == "first" else {"value": value, "flag": flag}
        self.add("io_pointers", name=name, pointer_type=kind, **later)

    def run(self, number: int, component: str, hours: tuple[float, float], **columns: Any) -> None:
        times = {"start_timestamp": at(hours[0]), "end_timestamp": at(hours[1])}
        self.add("component_runs", id=number, component_name=component, **{**times, **columns})

    def link(self, side: str, run: int, names: Sequence[str | tuple[str, bytes]]) -> None:
        """Say that a run read (side `input`) or wrote (`output`) these pointers."""
        for one in names:
            name, value = one if isinstance(one, tuple) else (one, b"")
            later = {} if self.version == "first" else {f"{side}_path_value": value}
            self.add(f"component_runs_{side}s", **{f"{side}_path_name": name}, component_run_id=run, **later)

    def needs(self, run: int, on: int) -> None:
        self.add("component_run_dependencies", component_run_id=run, depends_on_component_run_id=on)

    def write(self) -> str:
        """Make the tables, fill them, and return the URL."""
        engine = create_engine(self.url)
        found = tables(self.version)
        found.create_all(engine)
        with engine.begin() as connection:
            for name, row in self.rows:
                connection.execute(insert(found.tables[name]), row)
        engine.dispose()
        return self.url
