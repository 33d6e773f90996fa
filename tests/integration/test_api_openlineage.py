"""The service receives OpenLineage: from the official client, and whatever else is sent to the two addresses."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import requests
from openlineage.client import OpenLineageClient
from openlineage.client import event_v2 as ol
from openlineage.client.transport.http import HttpConfig, HttpTransport
from starlette.testclient import TestClient

from headwater.api.app import create_app
from headwater.api.tokens import Scope, TokenFolder
from headwater.errors import InvalidFact, StoreUnavailable
from headwater.graph.facts import Fact
from headwater.graph.lineage.face import Lineage
from headwater.graph.query_store import QueryStore
from headwater.testing.oracle import expected_digest
from tests.support.http_service import client, listening, settings
from tests.support.neo4j_database import Database
from tests.support.openlineage import SETS, Event, dataset, facts_of, run_event, shared_events
from tests.support.stores import opened

ONE, BATCH = "/api/v1/lineage", "/api/v1/lineage/batch"
RUN = "019127de-fd25-7707-bfa4-3ec02693a531"


@pytest.fixture
def store(place: Database) -> Iterator[QueryStore]:
    with opened(place) as found:
        yield found


@pytest.fixture
def file(tmp_path: Path) -> Iterator[QueryStore]:
    with opened(Database(f"sqlite:///{tmp_path}/lineage.db")) as found:
        yield found


@pytest.fixture
def api(file: QueryStore, tmp_path: Path) -> TestClient:
    return client(file, settings(tmp_path))


def sender(url: str, **options: object) -> OpenLineageClient:
    return OpenLineageClient(transport=HttpTransport(HttpConfig.from_dict({"url": url, **options})))


def event(state: ol.RunState, time: str) -> ol.RunEvent:
    return ol.RunEvent(
        eventType=state,
        eventTime=time,
        run=ol.Run(RUN),
        job=ol.Job("etl", "load"),
        inputs=[ol.InputDataset("db", "día ☃/%2F")],
        outputs=[ol.OutputDataset("db", "out")],
    )


def test_the_official_client_sends_packed_events_with_its_key(store: QueryStore, tmp_path: Path) -> None:
    _, token = TokenFolder(tmp_path / "tokens").add("airflow", [Scope.WRITE])
    with listening(create_app(settings(tmp_path), store)) as url:
        sends = sender(url, auth={"type": "api_key", "apiKey": token}, compression="gzip")
        sends.emit(event(ol.RunState.START, "2026-01-01T00:00:00Z"))
        sends.emit(event(ol.RunState.COMPLETE, "2026-01-01T00:01:00Z"))
        sends.close()
    run = store.run(RUN)
    assert (run.run.component, run.run.status) == ("etl/load", "completed")
    assert [pointer.name for _, pointer in run.inputs] == ["db/día ☃/%2F"]


def test_the_client_gives_up_at_once_without_the_scope(file: QueryStore, tmp_path: Path) -> None:
    _, token = TokenFolder(tmp_path / "tokens").add("reader", [Scope.READ])
    with listening(create_app(settings(tmp_path), file)) as url:
        sends = sender(url, auth={"type": "api_key", "apiKey": token})
        with pytest.raises(requests.HTTPError, match="403"):
            sends.emit(event(ol.RunState.START, "2026-01-01T00:00:00Z"))
        sends.close()


class FailsOnce(QueryStore):
    """A store that cannot be reached at first."""

    failures = 1

    def record(self, facts: Iterable[Fact]) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable
        super().record(facts)


def test_the_client_sends_again_what_the_store_could_not_take(file: QueryStore, tmp_path: Path) -> None:
    failing = FailsOnce(file.engine)
    with listening(create_app(settings(tmp_path), failing)) as url:
        sends = sender(url, retry={"backoff_factor": 0, "respect_retry_after_header": False})
        sends.emit(event(ol.RunState.START, "2026-01-01T00:00:00Z"))
        sends.close()
    assert (file.run(RUN).run.component, failing.failures) == ("etl/load", 0)


@pytest.mark.parametrize("name", SETS)
def test_a_public_set_comes_to_the_graph_of_its_import(name: str, store: QueryStore, tmp_path: Path) -> None:
    events = shared_events(name)
    api = client(store, settings(tmp_path))
    half = len(events) // 2
    assert {api.post(ONE, json=one).status_code for one in events[:half]} <= {201}
    told = api.post(BATCH, json=events[half:]).json()
    assert told["summary"] == {"received": len(events) - half, "successful": len(events) - half, "failed": 0}
    assert store.digest() == expected_digest(facts_of(events))


def test_one_event_is_answered_with_nothing(api: TestClient) -> None:
    got = api.post(ONE, json=run_event("START", "a", 1))
    assert (got.status_code, got.content) == (201, b"")


def nameless() -> Event:
    return run_event("COMPLETE", "b", 2, inputs=[{"namespace": "db"}])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (nameless(), "/inputs/0/name is missing"),
        ({}, "the event has none of run, job and dataset"),
        ([], "the event is list, not an object"),
        (7, "the event is 7, not an object"),
        (run_event("START", "a", 1) | {"eventTime": "yesterday"}, "/eventTime is 'yesterday', not a date and time"),
        (run_event("START", "a", 1, job="x\0"), "holds a NUL character"),
    ],
)
def test_an_event_that_is_malformed_is_refused_for_good(api: TestClient, body: object, reason: str) -> None:
    got = api.post(ONE, json=body)
    assert got.status_code == 422
    assert reason in got.json()["error"]["message"]


def test_a_list_tells_each_event_that_is_malformed_and_keeps_the_others(api: TestClient, file: QueryStore) -> None:
    good = [run_event("COMPLETE", "a", 1, outputs=[dataset("x")]), run_event("COMPLETE", "c", 3)]
    told = api.post(BATCH, json=[good[0], nameless(), good[1], None])
    assert told.status_code == 200
    assert told.json() == {
        "status": "PARTIAL",
        "summary": {"received": 4, "successful": 2, "failed": 2},
        "failed_events": [
            {"index": 1, "reason": "/inputs/0/name is missing", "retriable": False},
            {"index": 3, "reason": "the event is missing", "retriable": False},
        ],
    }
    assert file.digest() == expected_digest(facts_of(good))


@pytest.mark.parametrize(("body", "status"), [([], "SUCCESS"), ([{}], "FAILURE")])
def test_a_list_says_how_it_went(api: TestClient, body: list[Event], status: str) -> None:
    assert api.post(BATCH, json=body).json()["status"] == status


@pytest.mark.parametrize(("body", "status"), [({}, 422), ([{}] * 10_001, 413)])
def test_what_is_no_list_or_too_long_is_refused(api: TestClient, body: object, status: int) -> None:
    assert api.post(BATCH, json=body).status_code == status


class RefusesTogether(QueryStore):
    """A store that refuses batches, and is gone when the second event comes by itself."""

    calls = 0

    def record(self, facts: Iterable[Fact]) -> None:
        self.calls += 1
        if self.calls == 1:
            raise InvalidBatch
        if self.calls == 3:
            raise StoreUnavailable
        super().record(facts)


class InvalidBatch(InvalidFact):
    """Something in the batch cannot be stored."""


def test_an_event_that_the_store_missed_may_be_sent_again(file: QueryStore, tmp_path: Path) -> None:
    api = client(RefusesTogether(file.engine), settings(tmp_path))
    told = api.post(BATCH, json=[run_event("START", run, 1) for run in "abc"]).json()
    [failed] = told["failed_events"]
    assert (failed["index"], failed["retriable"]) == (1, True)
    assert {run.id for run in Lineage(file).recent().runs} == {"a", "c"}


def test_the_service_being_down_is_said_with_the_time_to_wait(file: QueryStore, tmp_path: Path) -> None:
    for path, body in ((ONE, run_event("START", "a", 1)), (BATCH, [run_event("START", "a", 1)])):
        got = client(FailsOnce(file.engine), settings(tmp_path)).post(path, json=body)
        assert (got.status_code, got.headers["retry-after"]) == (503, "1")


def test_who_sent_how_many_events_stands_in_the_log(api: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "headwater.audit"):
        api.post(BATCH, json=[run_event("START", "a", 1), {}])
    [line] = [record for record in caplog.records if record.name == "headwater.audit"]
    said = line.fields  # type: ignore[attr-defined]
    assert (line.message, said["name"], said["successful"], said["failed"]) == ("receive", "anonymous", 1, 1)
