"""The SQLite engine: the default store, a file that needs no server.

One connection writes, under a lock; reading connections are pooled. WAL lets readers go on while a process writes, and
`synchronous=FULL` makes a commit durable before it is acknowledged. No connection crosses a fork: SQLite counts its
locks by process, and a child that inherits the count loses what it writes when the parent closes the file.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from operator import itemgetter, methodcaller
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

from headwater import clock
from headwater.errors import (
    CorruptStore,
    HeadwaterError,
    InvalidValue,
    NotAStore,
    QuestionEnded,
    StoreBusy,
    StoreClosed,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from headwater.graph import cancel
from headwater.graph.engine import Row
from headwater.queries.catalogue import Query, catalogue

T = TypeVar("T")

APPLICATION_ID = 0x48445752  # "HDWR"
_CHECK_PATH = "check the path and the permissions of its folder"
_IDLE_READERS = 8
_ROWS_AT_ONCE = 1_000
_CONNECTION = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
    "PRAGMA mmap_size = 1073741824",
)


class SQLiteEngine:
    """Runs the SQL halves of the catalogue on one file."""

    readers_per_part = 100_000
    starts_at_once = 1_000_000_000

    def __init__(self, path: Path, *, busy_timeout_s: float = 30.0) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._writing = threading.RLock()
        self._pooling = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._closed = False
        _make_folder(path)
        with self._failures():
            if not _is_ours(path):
                with closing(self._connect()) as connection:
                    _claim(connection, path)
        _engines.add(self)

    def read(self, query: str, **params: Any) -> list[Row]:
        """Run a reading query and return its rows."""
        with self._failures():
            connection = self._borrow()
            try:
                with cancel.running(connection.interrupt):
                    return _execute(connection, catalogue()[query], params)
            finally:
                self._give_back(connection)

    def stream(self, query: str, **params: Any) -> Iterator[Row]:
        """Run a reading query and give its rows as they come; the connection goes back to the pool at the end."""
        with self._failures():
            connection = self._borrow()
            try:
                found = catalogue()[query]
                with cancel.running(connection.interrupt):
                    cursor = _run(connection, found, params)
                    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                        yield from _converted(found, rows)
            finally:
                self._give_back(connection)

    def write(self, work: Callable[[SQLiteTransaction], T]) -> T:
        """Run `work` in one immediate transaction; nothing of it stays when it raises."""
        with self._writing, self._failures():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                with cancel.running(connection.interrupt):
                    result = work(SQLiteTransaction(connection))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        return result

    def migrate(self, query: str, version: int) -> None:
        """Apply one migration, unless another process was first."""
        if version == 0:
            if not self._has_schema():
                self.write(lambda tx: tx.run(query))
            return

        def apply(tx: SQLiteTransaction) -> None:
            rows = tx.run("schema/version")
            if not rows or rows[0][0] < version:
                tx.run(query)
                tx.run("schema/stamp", version=version)

        self.write(apply)

    def _has_schema(self) -> bool:
        try:
            self.read("schema/version")
        except StoreError as exc:
            if type(exc) is not StoreError:  # damaged, locked: not the plain failure of a missing table
                raise
            return False
        return True

    def software(self) -> str:
        """Return the version of the SQLite library."""
        return f"SQLite {sqlite3.sqlite_version}"

    def scrub(self) -> str:
        """Write the file anew, for pages keep copies of what was moved, and empty the log: nothing is left to do.

        On a connection of its own, whose temporary file is on disk. Raises StoreBusy while somebody else reads.
        """
        self._check_open()
        with self._writing, self._failures(), closing(self._connect()) as connection:
            [(left,)] = _execute(connection, catalogue()["deletion/scrub"], {})
            [(is_busy, *_)] = connection.execute("PRAGMA wal_checkpoint = TRUNCATE")
        if is_busy:
            raise StoreBusy(f"somebody reads the store {self.path}, whose log cannot be emptied", hint="scrub again")
        return str(left)

    def close(self) -> None:
        """Close every connection; a second call does nothing."""
        with self._writing:
            self._closed = True
            self._disconnect()

    def hold(self) -> None:
        """Let the writer finish, and close every connection that is not in use, until `resume` or `start_anew`."""
        self._writing.acquire()
        self._pooling.acquire()
        self._disconnect()

    def resume(self) -> None:
        """Go on after `hold`."""
        self._pooling.release()
        self._writing.release()

    def start_anew(self) -> None:
        """Go on after `hold` in a child process, where the locks may not be trusted."""
        self._writing, self._pooling = threading.RLock(), threading.RLock()

    def _disconnect(self) -> None:
        with self._pooling:
            for connection in (*self._idle, self._writer):
                if connection is not None:
                    connection.close()
            self._idle, self._writer = [], None

    def _connection(self) -> sqlite3.Connection:
        self._check_open()
        if self._writer is None:
            self._writer = self._open()
        return self._writer

    def _borrow(self) -> sqlite3.Connection:
        self._check_open()
        with self._pooling:
            if self._idle:
                return self._idle.pop()
        return self._open()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._pooling:
            if self._closed or len(self._idle) >= _IDLE_READERS:
                connection.close()
            else:
                self._idle.append(connection)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed(f"the store {self.path} was closed")

    def _open(self) -> sqlite3.Connection:
        connection = self._connect()
        try:
            _use_wal(connection, self.path)
            for pragma in _CONNECTION:
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
        # For names beyond ASCII alone: each call waits its turn among the threads of the interpreter.
        connection.create_function("lower_unicode", 1, str.lower, deterministic=True)
        connection.create_function("regexp", 2, _matches, deterministic=True)
        return connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self.path,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Translate what sqlite3 raises, in this one place."""
        try:
            yield
        except sqlite3.Error as exc:
            raise _translate(exc, self.path) from exc
        except (UnicodeEncodeError, OverflowError) as exc:
            raise InvalidValue(f"no store can hold this: {exc}") from exc


class SQLiteTransaction:
    """One open write transaction on SQLite."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, query: str, **params: Any) -> list[Row]:
        """Run a query of the catalogue and return its rows."""
        return _execute(self._connection, catalogue()[query], params)


def _execute(connection: sqlite3.Connection, query: Query, params: Mapping[str, Any]) -> list[Row]:
    """Run the SQL half; return its rows with the columns as the header types them."""
    cursor = _run(connection, query, params)
    return _converted(query, cursor.fetchall()) if query.columns else []


def _run(connection: sqlite3.Connection, query: Query, params: Mapping[str, Any]) -> sqlite3.Cursor:
    """Run the statements of the SQL half, and return the cursor of the last."""
    shared = {name: _to_sql(value) for name, value in params.items() if name != query.rows_param}
    batch = _batch(query, params[query.rows_param], shared) if query.rows_param else []
    cursor = connection.cursor()
    for statement in query.sql.statements:
        if statement.per_row:
            connection.executemany(statement.positional, map(_picker(statement.order), batch))
        else:
            cursor = connection.execute(statement.text, shared)
    return cursor


def _batch(query: Query, rows: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a batch with their times as microseconds, and the shared parameters beside them."""
    [param] = [param for param in query.params if param.name == query.rows_param]
    times = [field.name for field in param.fields if field.type == "datetime"]
    batch = [{**shared, **row} for row in rows]
    for row in batch:
        for name in times:
            if row[name] is not None:
                row[name] = clock.to_micros(row[name])
    return batch


def _picker(order: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(order) == 1:
        [name] = order
        return lambda row: (row[name],)
    return itemgetter(*order)


def _converted(query: Query, rows: list[Row]) -> list[Row]:
    """Return the rows with the columns as the header types them: column by column, for the rows are many."""
    changes = [(i, _FROM_SQL[c.type]) for i, c in enumerate(query.columns) if c.type in _FROM_SQL]
    if not (changes and rows):
        return rows
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for index, change in changes:
        columns[index] = [None if value is None else change(value) for value in columns[index]]
    return list(zip(*columns, strict=True))


_FROM_SQL: Mapping[str, Callable[[Any], Any]] = {
    "datetime": clock.from_micros,
    "json": json.loads,
    "bool": bool,
    "list[str]": methodcaller("split", "\0"),  # joined by NUL in SQL: no name holds one
}


def _to_sql(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.to_micros(value)
    return json.dumps(value) if isinstance(value, list) else value


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreUnavailable(f"the folder {path.parent} cannot be made: {exc.strerror}", hint=_CHECK_PATH) from exc


def _is_ours(path: Path) -> bool:
    """Return whether the file is a store and not one that holds nothing yet; raise NotAStore for anything else.

    As an immutable file, for SQLite may write into a database (a roll-back, a checkpoint) that it only looks at. And by
    SQLite alone: whoever else opens and closes the file takes from all connections of this process their locks on it,
    and the next process to leave would then remove the log that they write to.
    """
    if not path.is_file() or path.stat().st_size == 0:
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            [(application,)] = connection.execute("PRAGMA application_id")
    except sqlite3.DatabaseError as exc:
        if exc.sqlite_errorcode & 0xFF == sqlite3.SQLITE_NOTADB:
            raise NotAStore(f"the file {path} is not an SQLite database") from exc
        return False  # the connection that is opened next names what is wrong with it
    if application != APPLICATION_ID:
        raise NotAStore(f"the file {path} is an SQLite database of another program")
    return True


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Switch to WAL, which does not wait by itself when others open the new file at the same moment."""
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            _claim(connection, path)  # a write, which waits for them as long as the busy timeout allows


def _claim(connection: sqlite3.Connection, path: Path) -> None:
    """Mark a file that holds nothing as ours; raise NotAStore when another program was first."""
    connection.execute("BEGIN IMMEDIATE")
    [(found,)] = connection.execute("PRAGMA application_id")
    [(pages,)] = connection.execute("PRAGMA page_count")
    if found != APPLICATION_ID and (found or pages > 1):
        raise NotAStore(f"the file {path} is an SQLite database of another program")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("COMMIT")


_BY_CODE: Mapping[int, tuple[type[HeadwaterError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreBusy, "another process holds the store {path} locked"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "another connection holds the store {path} locked"),
    sqlite3.SQLITE_INTERRUPT: (QuestionEnded, "the question to {path} was ended"),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, "the store {path} cannot be written"),
    sqlite3.SQLITE_FULL: (StoreFull, "the disk of {path} is full"),
    sqlite3.SQLITE_IOERR: (StoreError, "the store {path} cannot be read or written"),
    sqlite3.SQLITE_CANTOPEN: (StoreUnavailable, "the store {path} cannot be opened"),
    sqlite3.SQLITE_PERM: (StoreReadOnly, "the store {path} may not be opened"),
    sqlite3.SQLITE_NOTADB: (NotAStore, "the file {path} is not an SQLite database"),
    sqlite3.SQLITE_CORRUPT: (CorruptStore, "the store {path} is damaged"),
}


def _translate(error: sqlite3.Error, path: Path) -> HeadwaterError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    kind, message = _BY_CODE.get(code, (StoreError, "the store {path} failed"))
    return kind(f"{message.format(path=path)}: {error}", hint=_CHECK_PATH if kind is StoreUnavailable else None)


_engines: WeakSet[SQLiteEngine] = WeakSet()
_held = threading.local()


def _before_fork() -> None:
    _held.engines = list(_engines)
    for engine in _held.engines:
        engine.hold()


def _after_fork(go_on: Callable[[SQLiteEngine], None]) -> None:
    for engine in _held.engines:
        go_on(engine)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=partial(_after_fork, SQLiteEngine.resume),
        after_in_child=partial(_after_fork, SQLiteEngine.start_anew),
    )
