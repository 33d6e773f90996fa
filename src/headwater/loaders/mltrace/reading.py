"""A database of mltrace, read run by run over one connection, with cursors that stay on the server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias, cast

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from headwater.errors import MissingExtra, SourceError, UsageError
from headwater.loaders.mltrace.schema import Question, Schema
from headwater.loaders.relational import Groups

Row: TypeAlias = Mapping[str, Any]
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Run:
    """One run's row, and what it read, wrote and depended on, with the labels of what it wrote."""

    row: Row
    inputs: list[Row]
    outputs: list[Row]
    dependencies: list[Row]
    labels: list[Row]


@dataclass(frozen=True, slots=True)
class Database:
    """An open connection, and the tables that it leads to."""

    connection: Connection
    schema: Schema

    def rows(self, question: Question | None) -> Iterator[Row]:
        """Give the answer's rows as they come."""
        if question is not None:
            found = self.connection.execute(question, execution_options={"yield_per": _ROWS_AT_ONCE})
            yield from cast("Iterator[Row]", found.mappings())

    def runs(self) -> Iterator[Run]:
        """Give every run, in the order of their ids."""
        ask = self.schema
        beside = [
            Groups(self.rows(question), itemgetter("owner"))
            for question in (ask.inputs(), ask.outputs(), ask.dependencies(), ask.labels())
        ]
        for row in self.rows(ask.runs()):
            yield Run(row, *(group.of(row["id"]) for group in beside))


@contextmanager
def opened(source: str) -> Iterator[Database]:
    """Open the database for reading, on PostgreSQL as it stands at this moment.

    Raises SourceError when it is not mltrace's, UsageError for a URL with a password, MissingExtra without a driver.
    """
    url = address(source)
    try:
        engine = _engine(url)
    except ModuleNotFoundError as exc:
        hint = "pip install 'psycopg[binary]' and write postgresql+psycopg://, or another driver"
        raise MissingExtra(f"{shown(url)} needs the package {exc.name}", hint=hint) from exc
    except NoSuchModuleError as exc:
        raise SourceError(f"{shown(url)}: SQLAlchemy knows no such database") from exc
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield Database(connection, Schema.of(connection))
    except SQLAlchemyError as exc:
        reason = exc.orig if isinstance(exc, DBAPIError) else exc
        raise SourceError(f"{shown(url)} cannot be read as a database of mltrace: {reason}") from exc
    finally:
        engine.dispose()


def address(source: str) -> URL:
    """Return the URL that a source stands for; a path stands for the SQLite file there."""
    try:
        url = make_url(source if "://" in source else f"sqlite:///{source}")
    except (ArgumentError, ValueError) as exc:
        raise SourceError(f"{source.partition('@')[0]!r} is no database URL: {exc}") from exc
    if url.password is not None or "password" in url.query:
        hint = "leave it out: PostgreSQL's client takes it from PGPASSWORD or the file .pgpass"
        raise UsageError(f"the URL {shown(url)} holds a password", hint=hint)
    return url


def shown(url: URL) -> str:
    """Return what may be printed of a URL."""
    return url.set(query={}).render_as_string(hide_password=True)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url)
    if not url.database or not Path(url.database).is_file():
        raise SourceError(
            f"{url.database!r} is no file", hint="name the SQLite file, or a URL postgresql+psycopg://..."
        )
    return create_engine(url, creator=partial(_open_file, Path(url.database)))


def _open_file(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    # A text in a wrong encoding then fails as a value of its record, not as the whole file.
    connection.text_factory = lambda data: data.decode(errors="surrogateescape")
    return connection
