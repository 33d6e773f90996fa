"""No question outlives its asker or its time, whatever kind of route asked it, and a full service says so at once."""

from __future__ import annotations

import json
import socket
import threading
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from fastapi import FastAPI

from headwater.api import methods, service, streaming
from headwater.api.app import create_app
from headwater.api.asking import encode
from headwater.errors import QuestionEnded
from headwater.graph import cancel, embedded, query_store
from headwater.graph.connect import connect
from headwater.graph.embedded import SQLiteEngine
from headwater.graph.facts import RunFact
from headwater.graph.lineage.face import Lineage
from headwater.graph.query_store import QueryStore
from headwater.graph.store import Subgraph
from headwater.testing.rules import ran
from tests.support.http_service import DEADLINE_S, client, listening, pipeline, settings, until
from tests.support.neo4j_database import Database
from tests.support.stores import opened

API = "/api/v1"
WALK = f"{API}/store/walk"
WHOLE: dict[str, Any] = {
    "json": {"ids": ["raw@external"], "upstream": False},
    "headers": {"accept-encoding": "identity"},
}
LINES = {"accept": "application/x-ndjson"}
EVENT = {"eventTime": "2026-03-02T00:00:00Z", "run": {"runId": "o"}, "job": {"namespace": "n", "name": "j"}}
KINDS: dict[str, tuple[str, str, dict[str, str], Any]] = {
    "a document": ("GET", f"{API}/search?text=x", {}, None),
    "a walk": ("GET", f"{API}/trace?of=out.csv", {}, None),
    "a walk within limits": ("GET", f"{API}/impact?of=raw.csv&depth=2", {}, None),
    "a stream": ("GET", f"{API}/trace?of=out.csv", LINES, None),
    "a stream of what lies between": ("GET", f"{API}/between?source=raw.csv&target=out.csv", LINES, None),
    "a list": ("GET", f"{API}/runs", {}, None),
    "a ranking": ("POST", f"{API}/rank", {}, {"outputs": ["out.csv"]}),
    "runs": ("POST", f"{API}/runs", {}, {"id": "new"}),
    "an event": ("POST", f"{API}/lineage", {}, EVENT),
    "events": ("POST", f"{API}/lineage/batch", {}, [EVENT]),
    "a method of the store": ("POST", f"{API}/store/search", {}, {"text": "x", "most": 9}),
    "a stream of a method": ("POST", f"{API}/store/facts", {}, {}),
    "facts": ("POST", f"{API}/store/record", {}, {"facts": [{"fact": "run", "id": "new"}]}),
    "a flag": ("POST", f"{API}/flags", {}, {"of": ["out.csv"]}),
}


class Hanging:
    """Statements that run until they are ended, from the moment the test says so."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.is_on, self.began, self.ended = False, threading.Event(), threading.Event()
        for name in ("read", "write"):
            patch.setattr(embedded.SQLiteEngine, name, self._instead_of(getattr(embedded.SQLiteEngine, name)))

    def _instead_of(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def statement(*words: Any, **more: Any) -> Any:
            if not self.is_on:
                return real(*words, **more)
            over = threading.Event()
            with cancel.running(over.set):
                self.began.set()
                assert over.wait(DEADLINE_S)
            self.ended.set()
            raise QuestionEnded

        return statement


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Hanging:
    return Hanging(monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[QueryStore]:
    with opened(Database(f"sqlite:///{tmp_path}/lineage.db")) as found:
        found.record(pipeline())
        yield found


def send(api: Any, kind: str) -> Any:
    method, path, headers, body = KINDS[kind]
    return api.request(method, path, headers=headers, json=body)


@contextmanager
def on_the_wire(url: str, kind: str) -> Iterator[socket.socket]:
    """Send a request by hand, so that the connection can be cut."""
    method, path, headers, body = KINDS[kind]
    text = "" if body is None else json.dumps(body)
    told = {"host": "localhost", "content-type": "application/json", "content-length": str(len(text)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n{text}".encode())
        yield connection


def asked(app: FastAPI) -> int:
    found: int = app.state.service.questions.asked
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_what_nobody_waits_for_is_ended(kind: str, store: QueryStore, hanging: Hanging, tmp_path: Path) -> None:
    app = create_app(settings(tmp_path), store)
    with listening(app) as url:
        hanging.is_on = True
        with on_the_wire(url, kind):
            assert hanging.began.wait(DEADLINE_S)
        until(lambda: hanging.ended.is_set() and asked(app) == 0)
        hanging.is_on = False
        with httpx2.Client(base_url=url) as api:
            assert send(api, kind).status_code < 300


@pytest.mark.parametrize("kind", KINDS)
def test_what_takes_too_long_is_ended_and_says_so(
    kind: str, store: QueryStore, hanging: Hanging, tmp_path: Path
) -> None:
    api = client(store, settings(tmp_path, api_timeout_s=0.05))
    hanging.is_on = True
    got = send(api, kind)
    assert (got.status_code, got.json()["error"]["code"]) == (504, "question_ended")
    until(lambda: asked(api.app) == 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_service_says_so_at_once_and_is_still_alive(
    kind: str, store: QueryStore, hanging: Hanging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_WAITING", 0)
    app = create_app(settings(tmp_path, api_questions=1), store)
    with listening(app) as url, httpx2.Client(base_url=url) as api:
        hanging.is_on = True
        with on_the_wire(url, "a document"):
            assert hanging.began.wait(DEADLINE_S)
            refused = send(api, kind)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "overloaded")
            assert refused.headers["retry-after"] == "1"
            assert api.get("/health/live").status_code == 200
            hanging.is_on = False
            assert api.get("/health/ready").status_code == 200
        until(lambda: asked(app) == 0)
        assert send(api, kind).status_code < 300


def test_a_stream_that_hangs_on_its_way_ends_with_a_failure(
    store: QueryStore, hanging: Hanging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = QueryStore.sources

    def sources(*words: Any) -> Any:
        hanging.is_on = True
        return real(*words)

    monkeypatch.setattr(QueryStore, "sources", sources)
    api = client(store, settings(tmp_path, api_timeout_s=0.2))
    lines = [json.loads(line) for line in send(api, "a stream").text.splitlines()]
    assert [line["kind"] for line in lines] == ["start", "error"]
    assert lines[-1]["error"]["code"] == "question_ended"
    until(lambda: asked(api.app) == 0)  # type: ignore[arg-type]


def test_a_stream_whose_next_node_was_renamed_meanwhile_says_so(
    store: QueryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sources(self: QueryStore, ids: Sequence[str]) -> Subgraph:  # noqa: ARG001
        return Subgraph({}, {}, is_upstream=True)

    monkeypatch.setattr(QueryStore, "sources", sources)
    lines = [json.loads(line) for line in send(client(store, settings(tmp_path)), "a stream").text.splitlines()]
    assert [line["kind"] for line in lines] == ["start", "error"]
    assert lines[-1]["error"]["code"] == "graph_moved"


def test_a_client_that_reads_slowly_holds_no_question(tmp_path: Path) -> None:
    with opened(Database(f"sqlite:///{tmp_path}/lineage.db")) as wide:
        wide.record(_fan(3_000))
        app = create_app(settings(tmp_path), wide)
        with listening(app) as url, httpx2.Client(base_url=url) as api:
            with api.stream("GET", f"{API}/impact?of=raw", headers=LINES) as got:
                assert json.loads(next(got.iter_lines()))["kind"] == "start"
                until(lambda: asked(app) == 0)
            assert api.get(f"{API}/stats").status_code == 200


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SQLiteEngine, str]]:
    """A service with a walk of many parts, more than any buffer on the way holds: its engine, with one connection."""
    monkeypatch.setattr(query_store, "_ROWS_PER_PART", 100)
    with opened(Database(f"sqlite:///{tmp_path}/lineage.db")) as wide:
        wide.record([ran(f"r{n}", n, n + 0.5, ["raw"], [f"{n}{'x' * 4_000}"]) for n in range(2_500)])
        wide.stats()
        engine = cast(SQLiteEngine, wide.engine)
        assert len(engine._idle) == 1
        with listening(create_app(settings(tmp_path), wide)) as url:
            yield engine, url


def test_a_client_that_does_not_read_holds_no_cursor(
    large: tuple[SQLiteEngine, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, url = large
    monkeypatch.setattr(methods, "_PATIENCE_S", 0.2)
    with httpx2.Client(base_url=url) as api, api.stream("POST", WALK, **WHOLE) as got:
        lines = got.iter_lines()
        assert json.loads(next(lines))["part"]
        until(lambda: len(engine._idle) == 1)
        assert not any("end" in json.loads(line) for line in lines)


def test_a_client_that_leaves_in_the_middle_holds_no_cursor(
    large: tuple[SQLiteEngine, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, url = large
    monkeypatch.setattr(methods, "_PATIENCE_S", 10 * DEADLINE_S)
    with httpx2.Client(base_url=url) as api, api.stream("POST", WALK, **WHOLE) as got:
        assert json.loads(next(got.iter_lines()))["part"]
        assert len(engine._idle) == 0
    until(lambda: len(engine._idle) == 1)


def _fan(runs: int) -> list[RunFact]:
    """Return runs in ten chains, each as long as the next, that begin at one name."""
    return [ran(f"r{n}", n, n + 0.5, [f"s{n - 10}" if n >= 10 else "raw"], [f"s{n}"]) for n in range(runs)]


def _streamed(graph: Lineage) -> int:
    walk = streaming.Lines(graph.store, backward=False)
    walk.begin(graph, ["raw"])
    while walk.level:
        walk.step()
    return walk.nodes


def _peak_bytes(work: Callable[[], object]) -> int:
    """Return the most memory that Python held for this work at any moment."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_stream_holds_the_ids_of_its_nodes_and_no_more(tmp_path: Path) -> None:
    with connect(f"sqlite:///{tmp_path}/lineage.db") as graph:
        graph.record(_fan(5_000))
        nodes = _streamed(graph)
        whole = _peak_bytes(lambda: encode(graph.impact("raw").to_dict()))
        streamed = _peak_bytes(lambda: _streamed(graph))
    assert nodes == 10_001
    assert streamed < 250 * nodes
    assert streamed * 6 < whole


def test_a_walk_in_parts_holds_one_part(tmp_path: Path) -> None:
    with connect(f"sqlite:///{tmp_path}/lineage.db") as graph:
        graph.record(_fan(5_000))
        whole = _peak_bytes(lambda: graph.store.downstream(["raw@external"]))
        in_parts = _peak_bytes(lambda: deque(graph.store.walk(["raw@external"], upstream=False), maxlen=0))
    assert in_parts * 2 < whole
