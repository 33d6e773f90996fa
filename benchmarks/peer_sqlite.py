"""SQLite without Headwater: the standard library's driver on the same schema with the same durability."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.prepared import TABLES, SQLRow
from headwater import Lineage, connect
from headwater.queries.catalogue import catalogue

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
    "PRAGMA mmap_size = 1073741824",
)
_STEPS_BETWEEN_LOOKS = 100_000


class SQLitePeer:
    """A store's file, and a file with the same schema beside it for the bare rows."""

    name = "SQLite"

    def __init__(self, url: str) -> None:
        self.url = url
        self._path = Path(url.removeprefix("sqlite:///"))
        self._bare_path = self._path.with_suffix(".bare.db")
        self._plain = self._connected(self._path)
        self._bare = self._connected(self._bare_path)

    def open(self) -> Lineage:
        """Open the store."""
        return connect(self.url)

    def empty(self) -> None:
        """Remove both files and lay out their schema anew."""
        self.close()
        for path in (self._path, self._bare_path):
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
        self._plain, self._bare = self._connected(self._path), self._connected(self._bare_path)

    def batch(self, rows: Mapping[str, Sequence[SQLRow]]) -> Mapping[str, Sequence[SQLRow]]:
        """Return the rows as they are."""
        return rows

    def write(self, batch: Mapping[str, Sequence[SQLRow]]) -> None:
        """INSERT the rows by executemany, one statement a table."""
        self._bare.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            if rows := batch[table]:
                self._bare.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        self._bare.execute("COMMIT")

    def write_one(self, number: int, run: str) -> None:
        """INSERT the rows of one run; the shared input is row 1 of its table."""
        bare = self._bare
        bare.execute("BEGIN IMMEDIATE")
        bare.execute("INSERT OR IGNORE INTO name VALUES (1, 'shared.csv', 'data')")
        bare.execute("INSERT OR IGNORE INTO state(key, id, name, type) VALUES (1, 'shared.csv@external', 1, 'data')")
        name = bare.execute("INSERT INTO name(text, type) VALUES (?, 'data')", (f"out/{run}",)).lastrowid
        key = bare.execute(
            "INSERT INTO run(id, status, started_at, ended_at, params, triggers, claims, recorded_at)"
            " VALUES (?, 'completed', ?, ?, '{}', '{}', '{}', 0)",
            (run, number, number),
        ).lastrowid
        bare.execute(
            "INSERT INTO state(id, name, run, maker, type, produced_at, started_at) VALUES (?, ?, ?, ?, 'data', ?, ?)",
            (f"out/{run}@{run}", name, key, run, number, number),
        )
        bare.execute("INSERT INTO consumption VALUES (?, 1, '|', '', ?, 1)", (key, number))
        bare.execute("COMMIT")

    def statement(self, query: str, ids: Sequence[str]) -> int:
        """Run the catalogue's SQL half and fetch every row."""
        text = catalogue()[query].sql.statements[-1].text
        return len(self._plain.execute(text, {"ids": json.dumps(ids)}).fetchall())

    def edges(self) -> list[tuple[str, str]]:
        """SELECT all edges."""
        read = """SELECT DISTINCT s.id, r.id FROM consumption AS c JOIN state AS s ON s.key = c.state
          JOIN run AS r ON r.key = c.run"""
        made = "SELECT r.id, s.id FROM state AS s JOIN run AS r ON r.key = s.run"
        return [*self._plain.execute(read), *self._plain.execute(made)]

    def paths(self, state: str, timeout_s: float) -> int | None:
        """Follow every path by a recursive query with UNION ALL."""
        deadline = time.monotonic() + timeout_s
        self._plain.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
        query = """WITH RECURSIVE walk(node) AS (
            SELECT key FROM state WHERE id = ?
            UNION ALL SELECT -s.run FROM walk JOIN state AS s ON s.key = walk.node WHERE s.run IS NOT NULL
            UNION ALL SELECT c.state FROM walk JOIN consumption AS c ON c.run = -walk.node)
          SELECT count(DISTINCT node) FROM walk"""
        try:
            [(found,)] = self._plain.execute(query, (state,))
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return None
        finally:
            self._plain.set_progress_handler(None, 0)
        return int(found)

    def readers(self, name: str) -> int:
        """SELECT the readers of the name."""
        query = """SELECT c.run, c.at, c.state FROM consumption AS c
          WHERE c.name = (SELECT key FROM name WHERE text = ?) AND c.lane = ''"""
        return len(self._plain.execute(query, (name,)).fetchall())

    def version(self) -> str:
        """Return the library's version and the durability."""
        return f"SQLite {sqlite3.sqlite_version}, WAL, synchronous FULL"

    def close(self) -> None:
        """Close both connections."""
        self._plain.close()
        self._bare.close()

    def _connected(self, path: Path) -> sqlite3.Connection:
        connect(f"sqlite:///{path}").close()
        plain = sqlite3.connect(path, isolation_level=None, timeout=30)
        for pragma in _PRAGMAS:
            plain.execute(pragma)
        return plain
