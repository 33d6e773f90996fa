"""Bodies: bounded, unpacked, JSON; and what a list of runs becomes, item by item."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from headwater.api import recording
from headwater.api.bodies import gunzip
from headwater.api.failures import BodyTooLarge, InvalidRequest
from headwater.errors import InvalidValue
from headwater.graph.facts import Fact
from headwater.graph.lineage.face import Lineage
from tests.support.http_service import served

RUNS = "/api/v1/runs"
JSON = {"content-type": "application/json"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[TestClient]:
    with served(tmp_path, api_body_bytes=10_000) as client:
        yield client


def lineage(api: TestClient) -> Lineage:
    found: Lineage = api.app.state.service.lineage  # type: ignore[attr-defined]
    return found


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=3))
def test_what_was_packed_in_any_number_of_members_is_unpacked(parts: list[bytes]) -> None:
    packed = b"".join(map(gzip.compress, parts))
    assert gunzip(packed, 900) == b"".join(parts)


@given(st.binary(min_size=1, max_size=60))
def test_what_is_no_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        gunzip(b"\0" + body, 1_000)
    with pytest.raises(InvalidRequest):
        gunzip(gzip.compress(body)[:-9], 1_000)


def test_a_body_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(BodyTooLarge):
        gunzip(bomb, 1_000)


def test_a_packed_run_is_recorded(api: TestClient) -> None:
    body = gzip.compress(b'{"id": "r9"}')
    got = api.post(RUNS, content=body, headers={**JSON, "content-encoding": "gzip"})
    assert got.json() == {"recorded": 1, "refused": []}
    unknown = api.post(RUNS, content=body, headers={**JSON, "content-encoding": "lzma"})
    assert unknown.status_code == 415


def test_a_body_of_unannounced_length_is_bounded_too(api: TestClient) -> None:
    parts = (b" " * 1_000 for _ in range(11))
    assert api.post(RUNS, content=parts, headers=JSON).status_code == 413


def test_a_run_is_told_at_its_start_and_at_its_end(api: TestClient) -> None:
    begun = {"id": "r9", "component": "report", "status": "running", "started_at": "2026-02-01T00:00:00Z"}
    ended = {"id": "r9", "ended_at": "2026-02-01T00:05:00Z", "outputs": [{"name": "report.pdf"}]}
    for claim in (ended, begun, begun):
        assert api.post(RUNS, json=claim).json() == {"recorded": 1, "refused": []}
    run = api.get(f"{RUNS}/r9").json()
    assert (run["component"], run["status"], run["started_at"]) == (
        "report",
        "completed",
        "2026-02-01T00:00:00.000000Z",
    )
    assert [output["id"] for output in run["outputs"]] == ["report.pdf@r9"]


def test_runs_that_were_recorded_change_nothing_when_they_are_sent_again(api: TestClient) -> None:
    batch = [{"id": f"b{n}", "component": "load", "ended_at": f"2026-02-01T00:0{n}:00Z"} for n in range(5)]
    api.post(RUNS, json=batch)
    before = lineage(api).digest()
    assert api.post(RUNS, json=[*batch[::-1], batch[0]]).json() == {"recorded": 6, "refused": []}
    assert lineage(api).digest() == before


def test_the_others_of_a_batch_are_recorded_and_each_refusal_has_its_reason(api: TestClient) -> None:
    nested: Any = []
    for _ in range(70):
        nested = [nested]
    batch = [
        {"id": "b1"},
        {"id": "b@2"},
        "b3",
        {"id": "b4", "params": {"deep": nested}},
        {"id": "b5", "color": "red"},
        {"fact": "component", "name": "load", "owner": "ann"},
        {"fact": "annotation", "target": "b1", "kind": "note", "value": "first"},
    ]
    got = api.post(RUNS, json=batch)
    assert got.status_code == 207
    found = got.json()
    assert found["recorded"] == 3
    assert [(one["index"], one["error"]["code"]) for one in found["refused"]] == [
        (1, "invalid_name"),
        (2, "invalid_fact"),
        (3, "invalid_fact"),
        (4, "invalid_fact"),
    ]
    assert [component["owner"] for component in api.get("/api/v1/components").json()["components"]][1] == "ann"
    assert api.get(f"{RUNS}/b1").json()["annotations"][0]["value"] == "first"


def test_an_item_that_only_the_store_refuses_is_found(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    store = lineage(api).store
    record = type(store).record

    def picky(self: Any, facts: Any) -> None:
        found: list[Fact] = list(facts)
        if any(getattr(fact, "id", "") == "b2" for fact in found):
            raise InvalidValue("no store can hold b2")
        record(self, found)

    monkeypatch.setattr(type(store), "record", picky)
    got = api.post(RUNS, json=[{"id": "b1"}, {"id": "b2"}, {"id": "b3"}])
    assert (got.status_code, got.json()["recorded"]) == (207, 2)
    assert [(one["index"], one["error"]["message"]) for one in got.json()["refused"]] == [(1, "no store can hold b2")]


def test_a_list_is_bounded(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST_ITEMS", 2)
    got = api.post(RUNS, json=[{"id": "b1"}] * 3)
    assert (got.status_code, got.json()["error"]["message"]) == (413, "3 items at once")
    assert api.post(RUNS, json=[]).json() == {"recorded": 0, "refused": []}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
KEYS = ["id", "fact", "name", "component", "inputs", "outputs", "started_at", "params", "at", "target", "kind", "value"]


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), JUNK, max_size=6) | JUNK, max_size=4))
def test_any_json_is_recorded_or_refused_by_name(batch: list[Any]) -> None:
    told = recording.record_each(_Deaf(), json.dumps(batch).encode())
    assert told.recorded + len(told.refused) == len(batch)
    assert all(refused["error"]["code"] for refused in told.to_dict()["refused"])


class _Deaf(Lineage):
    """Takes everything and keeps nothing."""

    def __init__(self) -> None:
        pass

    def record(self, facts: Any) -> None:
        list(facts)
