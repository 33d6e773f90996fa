"""The Neo4j engine: one server, a cluster or Aura. The only module that imports the driver.

Writes are managed transactions: the driver repeats them after a deadlock or a change of leader, nobody else does. A
bookmark manager lets every reader of this engine see what its writers have written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, LiteralString, TypeVar
from uuid import uuid4

import neo4j
from neo4j import exceptions, time
from neo4j.api import SYSTEM_DATABASE

from headwater import clock
from headwater.errors import (
    AuthenticationFailed,
    HeadwaterError,
    InvalidStoreURL,
    InvalidValue,
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
from headwater.queries.template import Template

T = TypeVar("T")

# A stream lasts as long as its reader; this ends one whose reader was lost without a word.
_STREAM_TIMEOUT_S = 3600.0

# Drivers of the parent in a process that was forked: to close them there would end the parent's connections.
_inherited: list[neo4j.Driver] = []


class Neo4jEngine:
    """Runs the Cypher halves of the catalogue on one database."""

    readers_per_part = 10_000
    starts_at_once = 16

    def __init__(
        self,
        url: str,
        user: str | None = None,
        password: str | None = None,
        database: str = "neo4j",
        *,
        timeout_s: float = 60.0,
        retry_s: float = 30.0,
    ) -> None:
        if database == SYSTEM_DATABASE:
            raise InvalidStoreURL("the database 'system' cannot hold lineage", hint="set HEADWATER_NEO4J_DATABASE")
        self.url = url.partition("?")[0]
        self._database = database
        self._timeout_s = timeout_s
        self._closed = False
        self._make_driver = partial(
            neo4j.GraphDatabase.driver,
            url,
            auth=(user, password or "") if user else None,
            user_agent="headwater",
            notifications_min_severity="OFF",
            warn_notification_severity=neo4j.NotificationMinimumSeverity.OFF,
            max_transaction_retry_time=retry_s,
            initial_retry_delay=0.02,
            retry_delay_multiplier=1.5,
            connection_timeout=10.0,
            connection_acquisition_timeout=timeout_s,
        )
        with self._failures():
            self._start()
        try:
            with self._failures():
                self._driver.verify_connectivity()
        except BaseException:
            self._driver.close()
            raise

    def _start(self) -> None:
        self._driver = self._make_driver()
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()
        self._pid = os.getpid()

    def read(self, query: str, **params: Any) -> list[Row]:
        """Run a reading query and return its rows."""
        found = catalogue()[query]
        with self._question() as asked, self._session(neo4j.READ_ACCESS) as session:
            work = neo4j.unit_of_work(asked, self._timeout_s)(lambda tx: _rows(tx, found, params))
            return session.execute_read(work)

    def stream(self, query: str, **params: Any) -> Iterator[Row]:
        """Run a reading query in one transaction and give its rows as they come, in constant memory."""
        found = catalogue()[query]
        yield from self._streamed(lambda tx: _results(tx, found, params))

    def stream_foreign(self, statement: Template, **params: Any) -> Iterator[Row]:
        """Run a statement that reads somebody else's graph, as `stream` does; times come as Python's own."""
        [only] = statement.statements
        yield from self._streamed(lambda tx: (tuple(map(_plain, record)) for record in tx.run(only.text, params)))

    def _streamed(self, rows: Callable[[Any], Iterator[Row]]) -> Iterator[Row]:
        with (
            self._question() as asked,
            self._session(neo4j.READ_ACCESS, fetch_size=5_000) as session,
            session.begin_transaction(asked, _STREAM_TIMEOUT_S) as tx,
        ):
            yield from rows(tx)

    def write(self, work: Callable[[Neo4jTransaction], T]) -> T:
        """Run `work` in one managed write transaction; the driver may call it again."""
        with self._question() as asked, self._session(neo4j.WRITE_ACCESS) as session:
            return session.execute_write(
                neo4j.unit_of_work(asked, self._timeout_s)(lambda tx: work(Neo4jTransaction(tx)))
            )

    def migrate(self, query: str, version: int) -> None:
        """Apply one migration; each statement by itself, for a schema change may not share a transaction with data."""
        for statement in catalogue()[query].cypher.statements:
            with self._failures():
                give_up_at = clock.monotonic_s() + _INDEXES_S
                while not self._has_changed_schema(statement.text, give_up_at):
                    pass
        if version:
            self.write(lambda tx: tx.run("schema/stamp", version=version))

    def _has_changed_schema(self, statement: LiteralString, give_up_at: float) -> bool:
        """Run a statement on the schema; return False if it waited for indexes in vain and should wait again.

        Who waits keeps others from making the constraints whose indexes it waits for, so nobody waits long at once.
        """
        with self._session(neo4j.WRITE_ACCESS) as session:
            try:
                session.execute_write(_change_schema, statement)
            except exceptions.ClientError as exc:
                if exc.code == _WAITED_IN_VAIN and clock.monotonic_s() < give_up_at:
                    return False
                if exc.code not in _MADE_BY_ANOTHER:  # IF NOT EXISTS does not see what is being made right now
                    raise
        return True

    def scrub(self) -> str:
        """Return what is left to do by hand: a server leaves what it deletes in its files."""
        [(left,)] = self.read("deletion/scrub")
        return str(left)

    def software(self) -> str:
        """Return the version that the server names."""
        with self._failures():
            return str(self._driver.get_server_info().agent).replace("/", " ")

    def close(self) -> None:
        """Close the driver; a second call does nothing."""
        self._closed = True
        self._driver.close()

    def _session(self, access: str, **config: Any) -> neo4j.Session:
        if self._closed:
            raise StoreClosed(f"the store {self.url} was closed")
        if self._pid != os.getpid():
            _inherited.append(self._driver)
            self._start()
        return self._driver.session(
            database=self._database, default_access_mode=access, bookmark_manager=self._bookmarks, **config
        )

    @contextmanager
    def _question(self) -> Iterator[dict[str, str]]:
        """Ask something that can be ended from outside; give the metadata by which the server knows its transaction."""
        name = str(uuid4())
        with self._failures(), cancel.running(partial(self._end, name)):
            yield {"question": name}

    def _end(self, question: str) -> None:
        """End the transaction of a question, from another connection; its time limit does so if this fails.

        Tried once: whoever ends a question keeps it from returning meanwhile, and a server that is gone ends it too.
        """
        terminate = catalogue()["store/terminate"]
        failures = (exceptions.Neo4jError, exceptions.DriverError, StoreClosed)
        with suppress(*failures), self._session(neo4j.READ_ACCESS) as session, session.begin_transaction() as tx:
            _rows(tx, terminate, {"question": question})

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Translate what the driver raises, in this one place."""
        try:
            yield
        except HeadwaterError:
            raise
        except (UnicodeEncodeError, OverflowError) as exc:
            raise InvalidValue(f"no store can hold this: {exc}") from exc
        except (exceptions.Neo4jError, exceptions.DriverError, OSError) as exc:
            raise QuestionEnded() if cancel.is_cancelled() else _translate(exc, self.url) from exc


class Neo4jTransaction:
    """One open write transaction on Neo4j."""

    def __init__(self, tx: neo4j.ManagedTransaction) -> None:
        self._tx = tx

    def run(self, query: str, **params: Any) -> list[Row]:
        """Run a query of the catalogue and return its rows."""
        return _rows(self._tx, catalogue()[query], params)


def _change_schema(tx: neo4j.ManagedTransaction, statement: LiteralString) -> None:
    tx.run(statement).consume()


def _rows(tx: Any, query: Query, params: Mapping[str, Any]) -> list[Row]:
    try:
        return list(_results(tx, query, params))
    except exceptions.TransientError as exc:
        if "OutOfMemory" in (exc.code or ""):  # the driver would repeat it for minutes, each time in vain
            raise StoreBusy(f"the question is too large for the server: {exc.message}") from exc
        raise


def _results(tx: Any, query: Query, params: Mapping[str, Any]) -> Iterator[Row]:
    result = None
    if query.rows_param:
        params = {**params, query.rows_param: _texts(query, params[query.rows_param])}
    for statement in query.cypher.statements:
        result = tx.run(statement.text, params)
    assert result is not None
    if not query.columns:
        result.consume()
        return
    convert = _converter(query)
    for record in result:
        yield convert(record.values())


def _texts(query: Query, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of a batch with their times as text: a datetime costs a hundred times as much to send."""
    [param] = [param for param in query.params if param.name == query.rows_param]
    times = [field.name for field in param.fields if field.type == "datetime"]
    batch = [dict(row) for row in rows]
    for row in batch:
        for name in times:
            if row[name] is not None:
                row[name] = clock.isoformat(row[name])
    return batch


def _converter(query: Query) -> Callable[[list[Any]], Row]:
    changes = [(i, _FROM_CYPHER[c.type]) for i, c in enumerate(query.columns) if c.type in _FROM_CYPHER]

    def convert(values: list[Any]) -> Row:
        for index, change in changes:
            if values[index] is not None:
                values[index] = change(values[index])
        return tuple(values)

    return convert


def _datetime(value: time.DateTime | str) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return value.to_native().astimezone(UTC)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    """Return a value of Neo4j as Python's own; what Python has no type for becomes text."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, (time.DateTime, time.Date)):
        try:
            return value.to_native()
        except ValueError:  # Neo4j has years that Python has not
            return value.iso_format()
    known = value is None or isinstance(value, (bool, int, float, str, bytes))
    return value if known else str(value)


_FROM_CYPHER: Mapping[str, Callable[[Any], Any]] = {"datetime": _datetime, "json": _json}

_WAITED_IN_VAIN = "Neo.ClientError.Procedure.ProcedureCallFailed"
_INDEXES_S = 300.0
_MADE_BY_ANOTHER = frozenset(
    f"Neo.ClientError.Schema.{what}AlreadyExists" for what in ("EquivalentSchemaRule", "Constraint", "Index")
)

_BY_CODE: Mapping[str, tuple[type[HeadwaterError], str]] = {
    "Neo.ClientError.Security.": (AuthenticationFailed, "the server {url} refused the user or the password"),
    "Neo.ClientError.Database.DatabaseNotFound": (StoreUnavailable, "the server {url} has no such database"),
    "Neo.ClientError.Transaction.TransactionTimedOut": (StoreBusy, "the question to {url} ran out of time"),
    "Neo.ClientError.Transaction.LockClientStopped": (StoreBusy, "the writing to {url} ran out of time"),
    "Neo.ClientError.Transaction.Terminated": (StoreBusy, "the server {url} ended the transaction"),
    "Neo.ClientError.Cluster.NotALeader": (StoreUnavailable, "the server {url} is not the leader"),
    "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase": (StoreReadOnly, "the database of {url} may not be written"),
    "Neo.TransientError.General.MemoryPoolOutOfMemoryError": (StoreBusy, "the question is too large for {url}"),
    "Neo.TransientError.General.OutOfMemoryError": (StoreBusy, "the question is too large for {url}"),
    "Neo.DatabaseError.General.StorageDamageDetected": (StoreError, "the database of {url} is damaged"),
    "Neo.DatabaseError.Transaction.TransactionLogError": (StoreFull, "the server {url} cannot write its log"),
    "Neo.TransientError.": (StoreBusy, "the server {url} is busy"),
}


def _translate(error: Exception, url: str) -> HeadwaterError:
    if isinstance(error, exceptions.Neo4jError):
        code = error.code or ""
        for prefix, (kind, message) in _BY_CODE.items():
            if code.startswith(prefix):
                return kind(f"{message.format(url=url)}: {error.message}")
        return StoreError(f"the server {url} failed: {error}")
    if isinstance(error, (exceptions.ServiceUnavailable, exceptions.SessionExpired, OSError)):
        return StoreUnavailable(f"the server {url} cannot be reached: {error}")
    if isinstance(error, exceptions.ConfigurationError):
        return InvalidStoreURL(f"{url}: {error}")
    return StoreError(f"the driver failed at {url}: {error}")
