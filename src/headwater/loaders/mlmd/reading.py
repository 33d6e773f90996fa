"""A store of ML Metadata, read as it stands: execution by execution, with everything that belongs to each."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

from headwater.errors import SourceError
from headwater.loaders.relational import Groups, statement

VERSIONS = range(6, 11)
Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution's row, and what belongs to it; paths are by event, what is said of artifacts by artifact."""

    row: Row
    properties: list[Row]
    events: list[Row]
    contexts: list[Row]
    paths: Mapping[int, list[Row]]
    artifact_properties: Mapping[int, list[Row]]
    artifact_contexts: Mapping[int, list[Row]]


@contextmanager
def opened(source: str) -> Iterator[sqlite3.Connection]:
    """Open the file for reading, in one transaction.

    Raises SourceError when it is not a store of a version that is known, then or while it is read.
    """
    if not Path(source).is_file():
        raise SourceError(f"{source!r} is no file", hint="name the SQLite file of ML Metadata")
    try:
        with closing(sqlite3.connect(f"{Path(source).absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.isolation_level = None
            connection.row_factory = _named
            # A text in a wrong encoding then fails as a value of its record, not as the whole file.
            connection.text_factory = lambda data: data.decode(errors="surrogateescape")
            connection.execute("BEGIN")
            _check(connection, source)
            yield connection
    except sqlite3.Error as exc:
        raise SourceError(f"{source} cannot be read as a store of ML Metadata: {exc}") from exc


def rows(connection: sqlite3.Connection, name: str) -> Iterator[Row]:
    """Give the rows of one of the statements beside this module."""
    return connection.execute(statement(__package__, f"{name}.sql").statements[0].text)


def executions(connection: sqlite3.Connection) -> Iterator[Execution]:
    """Give every execution, in the order of their ids."""

    def beside(name: str, owner: str = "owner") -> Groups[Row]:
        return Groups(rows(connection, name), itemgetter(owner))

    properties = beside("execution_properties", "execution_id")
    events, contexts, paths = beside("events"), beside("contexts"), beside("event_paths")
    of_artifacts, artifact_contexts = beside("artifact_properties"), beside("artifact_contexts")
    for row in rows(connection, "executions"):
        owner = row["id"]
        yield Execution(
            row,
            properties.of(owner),
            events.of(owner),
            contexts.of(owner),
            paths=_by("event_id", paths.of(owner)),
            artifact_properties=_by("artifact_id", of_artifacts.of(owner)),
            artifact_contexts=_by("artifact_id", artifact_contexts.of(owner)),
        )


def _by(key: str, found: list[Row]) -> Mapping[int, list[Row]]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in found:
        grouped[row[key]].append(row)
    return grouped


def _named(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


def _check(connection: sqlite3.Connection, source: str) -> None:
    found = [row["schema_version"] for row in rows(connection, "version")]
    if len(found) != 1 or found[0] not in VERSIONS:
        raise SourceError(
            f"{source} is a store of ML Metadata in version {found[0] if found else None} of its schema",
            hint=f"versions {VERSIONS[0]} to {VERSIONS[-1]} are read; upgrade the store with ml-metadata itself",
        )
