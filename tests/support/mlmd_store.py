"""Stores of ML Metadata for tests that cannot wait for the real package: its tables, filled by the test.

The tables and columns are those that ml-metadata 1.17.1 makes (Apache-2.0), written down anew from what it made; a real
store, made by the package itself, is read in tests/integration.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OWN_TIMES = "create_time_since_epoch INT NOT NULL DEFAULT 0, last_update_time_since_epoch INT NOT NULL DEFAULT 0"
VALUES = "name TEXT NOT NULL, is_custom_property INT NOT NULL, int_value INT, double_value DOUBLE, string_value TEXT"
TABLES = {
    "Type": "id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT, type_kind INT NOT NULL",
    "Artifact": f"id INTEGER PRIMARY KEY, type_id INT NOT NULL, uri TEXT, state INT, name TEXT, {OWN_TIMES}",
    "ArtifactProperty": f"artifact_id INT NOT NULL, {VALUES}",
    "Execution": f"id INTEGER PRIMARY KEY, type_id INT NOT NULL, last_known_state INT, name TEXT, {OWN_TIMES}",
    "ExecutionProperty": f"execution_id INT NOT NULL, {VALUES}",
    "Context": f"id INTEGER PRIMARY KEY, type_id INT NOT NULL, name TEXT NOT NULL, {OWN_TIMES}",
    "ContextProperty": f"context_id INT NOT NULL, {VALUES}",
    "Event": "id INTEGER PRIMARY KEY, artifact_id INT NOT NULL, execution_id INT NOT NULL, type INT NOT NULL,"
    " milliseconds_since_epoch INT",
    "EventPath": "event_id INT NOT NULL, is_index_step INT NOT NULL, step_index INT, step_key TEXT",
    "ParentContext": "context_id INT NOT NULL, parent_context_id INT NOT NULL",
    "Association": "id INTEGER PRIMARY KEY, context_id INT NOT NULL, execution_id INT NOT NULL",
    "Attribution": "id INTEGER PRIMARY KEY, context_id INT NOT NULL, artifact_id INT NOT NULL",
    "MLMDEnv": "schema_version INTEGER PRIMARY KEY",
}
LATER_VALUES = {7: "byte_value BLOB", 10: "proto_value BLOB, bool_value BOOLEAN"}


@dataclass(frozen=True)
class MlmdStore:
    """A file that a test fills row by row; a second of its clock is 1,000 of its times."""

    path: Path
    version: int = 10
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(self, table: str, **columns: Any) -> None:
        self.rows.append((table, columns))

    def types(self, *names: str) -> None:
        for number, name in enumerate(names, 1):
            self.add("Type", id=number, name=name, type_kind=0)

    def execution(self, number: int, type_id: int, start_s: int, end_s: int, **columns: Any) -> None:
        times = {"create_time_since_epoch": start_s * 1_000, "last_update_time_since_epoch": end_s * 1_000}
        self.add("Execution", id=number, type_id=type_id, **times, **{"last_known_state": 3, **columns})

    def artifact(self, number: int, type_id: int, uri: str | None, **columns: Any) -> None:
        self.add("Artifact", id=number, type_id=type_id, uri=uri, **columns)

    def event(self, artifact: int, execution: int, kind: int, at_s: int | None = None, **columns: Any) -> None:
        at = None if at_s is None else at_s * 1_000
        row = {"artifact_id": artifact, "execution_id": execution, "type": kind, "milliseconds_since_epoch": at}
        self.add("Event", **row, **columns)

    def write(self) -> str:
        """Write the file and return its name."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for table, columns in TABLES.items():
                later = [more for since, more in LATER_VALUES.items() if VALUES in columns and self.version >= since]
                connection.execute(f"CREATE TABLE {table} ({', '.join([columns, *later])})")
            connection.execute("INSERT INTO MLMDEnv VALUES (?)", (self.version,))
            for table, row in self.rows:
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table}({names}) VALUES ({marks})", tuple(row.values()))
        return str(self.path)
