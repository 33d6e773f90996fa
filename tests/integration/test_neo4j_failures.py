"""What goes wrong between us and a server is a named error that comes soon, and gives no secret away."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import neo4j
import pytest

from headwater.errors import (
    AuthenticationFailed,
    HeadwaterError,
    InvalidStoreURL,
    InvalidValue,
    StoreBusy,
    StoreClosed,
    StoreUnavailable,
)
from headwater.graph.connect import open_store
from headwater.graph.neo4j import Neo4jTransaction
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import ran
from tests.support.neo4j_database import Database
from tests.support.stores import neo4j_store, opened

DEADLINE_S = 60.0
SECRET = "s3cret/p@ss"
FIRST = ran("first", 0, 1, outputs=["x"])
SECOND = ran("second", 2, 3, ["x"], ["y"])


class OutOfMemory(neo4j.exceptions.TransientError):
    @property
    def code(self) -> str:
        return "Neo.TransientError.General.MemoryPoolOutOfMemoryError"


class Deadlock(neo4j.exceptions.TransientError):
    @property
    def code(self) -> str:
        return "Neo.TransientError.Transaction.DeadlockDetected"


def closed_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.mark.parametrize("scheme", ["bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"])
def test_nobody_at_the_port(scheme: str) -> None:
    url = f"{scheme}://127.0.0.1:{closed_port()}"
    with pytest.raises(StoreUnavailable) as failure:
        open_store(url, user="neo4j", password=SECRET)
    assert url in str(failure.value)
    assert SECRET not in str(failure.value)


def test_no_such_host() -> None:
    with pytest.raises(StoreUnavailable, match=r"no\.such\.host\.invalid"):
        open_store("bolt://no.such.host.invalid:7687")


@pytest.mark.parametrize(
    "url",
    [
        f"bolt://neo4j:{SECRET}@host:7687",
        f"neo4j+s://neo4j:{SECRET}@host",
        f"bolt://:{SECRET}@host",
        f"neo4j:neo4j:{SECRET}@host",
        f"neo4j:{SECRET}@host",
        f"bolt://host:7687?password={SECRET}",
        f"http://neo4j:{SECRET}@host:7474",
        f"bolt:/neo4j:{SECRET}@host",
    ],
)
def test_a_url_with_a_secret_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidStoreURL) as failure:
        open_store(url)
    shown = [str(failure.value), str(failure.value.__cause__), str(failure.value.to_dict())]
    assert not [text for text in shown if "s3cret" in text or "p@ss" in text]


@pytest.mark.parametrize(
    "url",
    [
        *("bolt://", "bolt://:7687", "bolt://host:port", "bolt://host:99999", "bolt://host:-1", "bolt://[::1"),
        *("bolt://host/database", "bolt://ho\ud800st", "bolt:host", "neo4j+x://host", "http://", "host:7687", " "),
        *("sqlite:", "sqlite://", "sqlite:///", "sqlite://host/x.db", "sqlite:///x.db?mode=ro", "sqlite:///a%00b.db"),
        *("sqlite:///\ud800.db", "postgresql://host/x", "/x.db", "C:\\x.db", "://", "?", "@"),
    ],
)
def test_a_malformed_url_is_named(url: str) -> None:
    with pytest.raises(InvalidStoreURL):
        open_store(url)


@pytest.mark.neo4j
def test_a_wrong_password_is_named_and_not_repeated(neo4j_url: Database) -> None:
    if neo4j_url.password is None:
        pytest.skip("the server lets everybody in")
    with pytest.raises(AuthenticationFailed) as failure:
        open_store(neo4j_url.url, user=neo4j_url.user, password=SECRET)
    assert SECRET not in str(failure.value)


@pytest.mark.neo4j
def test_no_user_where_one_is_needed(neo4j_url: Database) -> None:
    if neo4j_url.password is None:
        pytest.skip("the server lets everybody in")
    with pytest.raises(AuthenticationFailed, match="refused"):
        open_store(neo4j_url.url)


@pytest.mark.neo4j
@pytest.mark.parametrize(
    ("database", "error"), [("nope", StoreUnavailable), ("no/such name", StoreUnavailable), ("system", InvalidStoreURL)]
)
def test_no_such_database(neo4j_url: Database, database: str, error: type[HeadwaterError]) -> None:
    with pytest.raises(error, match="database"):
        open_store(neo4j_url.url, user=neo4j_url.user, password=neo4j_url.password, database=database)


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a server that talks, but not Bolt."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=_say_hello, args=(server,))
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _say_hello(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"220 mail.example.org ESMTP\r\n")


def test_a_server_that_is_no_neo4j(deaf: int) -> None:
    with pytest.raises(InvalidStoreURL, match=f"127.0.0.1:{deaf}"):
        open_store(f"bolt://127.0.0.1:{deaf}")


@pytest.mark.neo4j
def test_a_closed_store_says_so(neo4j_url: Database) -> None:
    store = opened(neo4j_url)
    store.close()
    store.close()
    for use in (lambda: store.record([FIRST]), store.stats, store.digest):
        with pytest.raises(StoreClosed):
            use()


@pytest.mark.neo4j
def test_a_writer_that_waits_too_long_for_another_is_told_so_and_may_try_again(neo4j_url: Database) -> None:
    held, go_on, late = threading.Event(), threading.Event(), replace(FIRST, id="late")

    def hold(tx: Any) -> None:
        tx.run("ingest/lock", buckets=list(range(256)))
        held.set()
        assert go_on.wait(DEADLINE_S)

    with opened(neo4j_url) as other, neo4j_store(neo4j_url, timeout_s=3) as store, ThreadPoolExecutor(1) as pool:
        store.record([FIRST])  # the server plans the statements before their time counts
        holder = pool.submit(other.engine.write, hold)
        assert held.wait(DEADLINE_S)
        try:
            with pytest.raises(StoreBusy, match="ran out of time"):
                store.record([late])
        finally:
            go_on.set()
        holder.result(DEADLINE_S)
        store.record([late])
        assert store.digest() == expected_digest([FIRST, late])


@pytest.mark.neo4j
@pytest.mark.parametrize("is_write", [True, False])
def test_a_question_too_large_for_the_server_is_asked_once(
    neo4j_url: Database, monkeypatch: pytest.MonkeyPatch, is_write: bool
) -> None:
    asked = []

    def too_large(*_: Any, **__: Any) -> Any:
        asked.append(1)
        raise OutOfMemory

    with opened(neo4j_url) as store:
        monkeypatch.setattr(neo4j.ManagedTransaction, "run", too_large)
        with pytest.raises(StoreBusy, match="too large"):
            store.record([FIRST]) if is_write else store.stats()
    assert len(asked) == 1


@pytest.mark.neo4j
def test_a_deadlock_is_tried_again_by_the_driver(neo4j_url: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    run, failures = Neo4jTransaction.run, [1, 2, 3]

    def deadlocked(tx: Neo4jTransaction, query: str, **params: Any) -> list[tuple[Any, ...]]:
        rows = run(tx, query, **params)
        if query == "ingest/bind" and failures and failures.pop():
            raise Deadlock
        return rows

    with opened(neo4j_url) as store:
        monkeypatch.setattr(Neo4jTransaction, "run", deadlocked)
        store.record([FIRST, SECOND])
        assert not failures
        assert store.digest() == expected_digest([FIRST, SECOND])


@pytest.mark.neo4j
def test_a_text_that_no_store_can_hold_leaves_the_store_usable(neo4j_url: Database) -> None:
    with opened(neo4j_url) as store:
        for _ in range(3):
            with pytest.raises(InvalidValue):
                store.resolve("\ud800")
        store.record([FIRST])
        assert store.digest() == expected_digest([FIRST])
