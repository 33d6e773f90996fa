"""The service on both stores, over a real connection: what clients do to it and what happens to its store."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from headwater.api.app import create_app
from headwater.api.documentation import examples
from headwater.api.tokens import Scope, TokenFolder
from headwater.graph import embedded, neo4j
from headwater.graph.metrics.store import metrics_of
from headwater.graph.query_store import QueryStore
from headwater.queries.catalogue import Catalogue, catalogue, load
from tests.integration.test_cancel import CYPHER, HEADER, SQL, running
from tests.support.http_service import client, lines, listening, pipeline, process, quality, settings, until
from tests.support.neo4j_database import Database
from tests.support.neo4j_server import Neo4jServer
from tests.support.query_files import with_header
from tests.support.stores import neo4j_store, opened

API = "/api/v1"
NAMES = ["a/b", "100%", "a%2Fb", "día ☃ 𝄞", "a b+c&d=e?f#g", "line\nend", "x/history", "a//b/", "é" * 2_048]


@pytest.fixture
def store(place: Database) -> Iterator[QueryStore]:
    with opened(place) as found:
        found.record(pipeline())
        metrics_of(found).record(quality())
        yield found


def _without_marks(document: Any) -> Any:
    """Return a document without what depends on the store and its history."""
    unlike = {"watermark", "software", "schema_version", "incident"}
    if isinstance(document, dict):
        return {key: _without_marks(value) for key, value in document.items() if key not in unlike}
    return [_without_marks(value) for value in document] if isinstance(document, list) else document


def test_both_stores_give_the_answers_of_the_page(store: QueryStore, tmp_path: Path) -> None:
    api = client(store, settings(tmp_path))
    asked = {name: known for name, known in examples().items() if isinstance(known["request"], str)}
    # What deletions answer depends on those before: tests/integration/test_api_deletions.py plays them as a session.
    asked = {name: known for name, known in asked.items() if not name.startswith("deletion_")}
    for name, known in asked.items():
        got = api.get(known["request"].removeprefix("GET "))
        assert _without_marks(got.json()) == _without_marks(known["response"]), name


def test_both_stores_take_runs_and_flags(store: QueryStore, tmp_path: Path) -> None:
    api = client(store, settings(tmp_path))
    for name, path in (("record_runs", "runs"), ("flag", "flags"), ("rank", "rank")):
        got = api.post(f"{API}/{path}", json=examples()[name]["request"])
        assert _without_marks(got.json()) == _without_marks(examples()[name]["response"])
    with_the_run = api.get(f"{API}/trace?of=out3.csv").json()
    assert {"r6", "r4", "r1"} <= {node["id"] for node in with_the_run["nodes"]}


def test_any_name_goes_through_an_address_unchanged(store: QueryStore, tmp_path: Path) -> None:
    with listening(create_app(settings(tmp_path), store)) as url, httpx2.Client(base_url=url) as api:
        runs = [{"id": f"run {n}", "component": name, "inputs": [{"name": name}]} for n, name in enumerate(NAMES)]
        assert api.post(f"{API}/runs", json=runs).json() == {"recorded": len(NAMES), "refused": []}
        for n, name in enumerate(NAMES):
            history = api.get(f"{API}/components/{quote(name, safe='')}/history").json()
            assert [run["id"] for run in history["runs"]] == [f"run {n}"]
            walked = api.get(f"{API}/between", params={"source": f"{name}@external", "target": f"run {n}"}).json()
            assert [node["id"] for node in walked["nodes"]] == [f"run {n}", f"{name}@external"]


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let both engines run a search that takes hours."""
    folder = tmp_path / "queries" / "trace"
    folder.mkdir(parents=True)
    (folder / "search.cypher").write_text(with_header(HEADER, CYPHER, "cypher"))
    (folder / "search.sql").write_text(with_header(HEADER, SQL, "sql"))
    queries = Catalogue([*(q for q in catalogue() if q.name != "trace/search"), *load(tmp_path / "queries")])

    def make_slow() -> None:
        for engine in (embedded, neo4j):
            monkeypatch.setattr(engine, "catalogue", lambda: queries)

    return make_slow


def test_a_question_whose_client_leaves_is_gone_from_the_database(
    place: Database, store: QueryStore, slow: Callable[[], None], tmp_path: Path
) -> None:
    slow()
    app = create_app(settings(tmp_path), store)
    questions = app.state.service.questions
    is_server = not place.url.startswith("sqlite")
    with listening(app) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(f"GET {API}/search?text=x HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            until(lambda: questions.asked == 1 and (not is_server or running(place) == 1))
        until(lambda: questions.asked == 0 and (not is_server or running(place) == 0))


def test_a_question_that_takes_too_long_is_gone_from_the_database(
    place: Database, store: QueryStore, slow: Callable[[], None], tmp_path: Path
) -> None:
    slow()
    api = client(store, settings(tmp_path, api_timeout_s=0.5))
    got = api.get(f"{API}/search?text=x")
    assert (got.status_code, got.json()["error"]["code"]) == (504, "question_ended")
    questions = api.app.state.service.questions  # type: ignore[attr-defined]
    until(lambda: questions.asked == 0)
    if not place.url.startswith("sqlite"):
        until(lambda: running(place) == 0)


def test_a_service_that_is_killed_has_kept_what_it_acknowledged(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lineage.db"
    with process(url, "--port", "0", folder=tmp_path) as (address, service), httpx2.Client(base_url=address) as api:
        sent = [{"id": f"k{n}", "component": "load"} for n in range(30)]
        acknowledged = [run["id"] for run in sent if api.post(f"{API}/runs", json=run).status_code == 200]
        service.kill()
        service.wait()
    with opened(Database(url)) as store:
        assert [store.run(run).run.id for run in acknowledged] == [f"k{n}" for n in range(30)]


def test_many_clients_at_once_are_all_answered(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lineage.db"
    with opened(Database(url)) as store:
        store.record(pipeline())
    with process(url, "--port", "0", folder=tmp_path) as (address, _):
        assert set(asyncio.run(_ask_at_once(address, clients=64, times=4))) == {200}


async def _ask_at_once(address: str, clients: int, times: int) -> list[int]:
    async with httpx2.AsyncClient(base_url=address, timeout=60) as api:

        async def one(number: int) -> list[int]:
            found = []
            for turn in range(times):
                if number % 10:
                    got = await api.get(f"{API}/trace?of=out.csv")
                else:
                    got = await api.post(f"{API}/runs", json={"id": f"c{number}-{turn}", "component": "load"})
                found.append(got.status_code)
            return found

        return [status for found in await asyncio.gather(*map(one, range(clients))) for status in found]


@pytest.mark.slow
def test_a_restart_of_the_server_is_a_503_and_then_forgotten(neo4j_process: Neo4jServer, tmp_path: Path) -> None:
    database = Database.of(neo4j_process)
    database.empty()
    with neo4j_store(database, retry_s=0.1) as store:
        api = client(store, settings(tmp_path, api_timeout_s=5.0))
        assert api.post(f"{API}/runs", json={"id": "before"}).status_code == 200
        neo4j_process.stop()
        assert api.get("/health/ready").status_code in (503, 504)
        assert api.post(f"{API}/runs", json={"id": "lost"}).status_code in (503, 504)
        neo4j_process.start()
        until(lambda: api.get("/health/ready").status_code == 200)
        assert api.get(f"{API}/runs/before").status_code == 200


def test_a_service_for_other_machines_wants_tokens_first(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="without tokens only this machine is answered"):
        _serve_to_all(tmp_path)
    TokenFolder(tmp_path / "tokens").add("ci", [Scope.READ])
    _serve_to_all(tmp_path)
    assert [line["access"] for line in lines(tmp_path) if line["event"] == "serving"] == ["with tokens"]


def _serve_to_all(folder: Path) -> None:
    with process(f"sqlite:///{folder}/lineage.db", "--host", "0.0.0.0", "--port", "0", folder=folder):
        pass
