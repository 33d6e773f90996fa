"""The routes for Headwater's own clients: every method of a store, who may ask it, and that no question breaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from headwater.api import methods
from headwater.api.documentation import NDJSON
from headwater.api.logs import JsonLines
from headwater.api.tokens import Scope, TokenFolder
from headwater.errors import StoreUnavailable
from headwater.graph.connect import open_store
from headwater.graph.metrics.store import MetricStore
from headwater.graph.model import Pointer
from headwater.graph.protocol import METRICS, PATH, READS, WRITES, Method, method_of
from headwater.graph.store import DeletionStore, Store
from tests.integration.test_api_questions import Statement
from tests.support import http_service
from tests.support.http_service import pipeline, until

KNOWN = st.sampled_from(["out.csv", "raw.csv", "out2.csv@r5", "r2", "r4", "model.joblib", "train"])
FUZZED = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/lineage.db") as found:
        found.record(pipeline())
        yield found


@pytest.fixture(scope="module")
def api(store: Store, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return http_service.client(store, http_service.settings(tmp_path_factory.mktemp("api"), api_rate=1e9))


def question(method: Method) -> st.SearchStrategy[dict[str, Any]]:
    """Return questions that a method may be asked."""
    return st.fixed_dictionaries({name: fitting(form.schema) for name, form in method.params.items()})


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return documents that fit a schema; every second text means something that is there."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(list(map(fitting, schema["anyOf"])))
    if "prefixItems" in schema:
        return st.tuples(*map(fitting, schema["prefixItems"])).map(list)
    if "properties" in schema:
        return st.fixed_dictionaries({name: fitting(one) for name, one in schema["properties"].items()})
    if schema.get("type") == "array":
        return st.lists(fitting(schema["items"]), max_size=3)
    times = st.datetimes().map(lambda at: f"{at.isoformat()}Z")
    texts = times if schema.get("format") == "date-time" else KNOWN | st.text(max_size=9)
    leaves = {"string": texts, "integer": st.integers(), "boolean": st.booleans()}
    return leaves.get(schema["type"], st.none())


def parts(text: str) -> list[dict[str, Any]]:
    """Return the lines of a stream."""
    return [json.loads(line) for line in filter(None, text.splitlines())]


def test_every_method_of_a_store_is_asked_by_its_name_alone() -> None:
    public = {name for name in (*vars(Store), *vars(DeletionStore)) if not name.startswith("_")}
    public |= {f"{METRICS}{name}" for name in vars(MetricStore) if not name.startswith("_")}
    of_walk_or_of_the_client_itself = {"upstream", "downstream", "close"}
    assert {*READS, *WRITES} == public - of_walk_or_of_the_client_itself


@pytest.mark.parametrize("name", READS)
def test_whatever_a_method_is_asked_its_answer_can_be_read(api: TestClient, name: str) -> None:
    method = method_of(name)

    @settings(FUZZED, max_examples=25)
    @given(question(method))
    def send(document: dict[str, Any]) -> None:
        got = api.post(f"{PATH}/{name}", json=document)
        if got.status_code == 200 and got.headers["content-type"].startswith(NDJSON):
            *told, end = parts(got.text)
            assert end == {"end": True}
            items = [item for part in told for item in part["part"]]
        elif got.status_code == 200:
            items = [got.json()["answer"]]
        else:
            assert (got.status_code, got.json()["error"].keys()) in (
                (status, {"code", "message", "hint"}) for status in (400, 404, 422)
            ), got.text
            return
        for item in items:
            method.answer.decode(item)

    send()


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_no_body_breaks_a_method(api: TestClient, name: str) -> None:
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    )
    names = st.sampled_from([*method_of(name).params, "other"])

    @settings(FUZZED, max_examples=25)
    @given(st.dictionaries(names, values) | values)
    def send(body: Any) -> None:
        got = api.post(f"{PATH}/{name}", content=json.dumps(body), headers={"content-type": "application/json"})
        assert got.status_code in (200, 400, 404, 422), got.text

    send()


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"ids":' * 5_000, b"\xff", b"NaN", b"[]"])
def test_what_is_no_object_is_refused(api: TestClient, body: bytes) -> None:
    got = api.post(f"{PATH}/sources", content=body, headers={"content-type": "application/json"})
    assert (got.status_code, got.json()["error"]["code"]) == (422, "invalid_request")


def test_a_method_that_is_unknown_or_too_much_is_told(api: TestClient) -> None:
    unknown = api.post(f"{PATH}/close", json={})
    assert (unknown.status_code, unknown.json()["error"]["message"]) == (404, "stores are not asked for 'close'")
    asked = [("search", {"text": "x", "most": 10**9}), ("runs", {"page": {"size": 10**9}})]
    for name, question in (*asked, ("metrics.incidents", {"most": -1})):
        assert api.post(f"{PATH}/{name}", json=question).json()["error"]["message"] == "the answer would be too long"


def test_a_batch_is_recorded_whole_or_not_at_all(api: TestClient, store: Store) -> None:
    before = store.digest()
    got = api.post(f"{PATH}/record", json={"facts": [{"fact": "run", "id": "new"}, {"fact": "run", "id": "a@b"}]})
    assert (got.status_code, got.json()["error"]["code"]) == (422, "invalid_name")
    assert store.digest() == before
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    got = api.post(f"{PATH}/record", json={"facts": [{"fact": "run", "id": "new", "params": {"p": deep}}]})
    assert (got.status_code, store.digest()) == (422, before)


FLAG = {"fact": "annotation", "target": "r1", "kind": "flag", "value": True, "at": "2026-01-02T00:00:00Z"}
ERASURE = {"fact": "erasure", "kind": "payload", "request": "d1", "target": "r1", "at": "2026-01-03T00:00:00Z"}
RUN = {"fact": "run", "id": "r1", "at": "2026-01-01T00:00:00Z"}
METRIC_QUESTIONS: dict[str, Any] = {
    "metrics.incidents": {"most": 1},
    "metrics.record": {"facts": [{"fact": "logged", "component": "predict", "values": {"a": 1}}]},
    "metrics.claim": {"component": "predict", "lease_s": 1},
}


@pytest.mark.parametrize(
    ("scope", "answered"),
    [
        (Scope.READ, {"stats", "metrics.incidents"}),
        (Scope.WRITE, {"runs", "flags", "mixed", "metrics.record", "metrics.claim"}),
        (Scope.FLAG, {"flags"}),
        (Scope.DELETE, {"erasures", "kept"}),
        (Scope.ADMIN, {"stats", "runs", "flags", "mixed", "erasures", "kept", *METRIC_QUESTIONS}),
    ],
)
def test_a_method_wants_the_scope_of_what_it_does(
    store: Store, tmp_path: Path, scope: Scope, answered: set[str]
) -> None:
    _, token = TokenFolder(tmp_path / "tokens").add("one", [scope])
    api = http_service.client(store, http_service.settings(tmp_path), authorization=f"Bearer {token}")
    asked = {"runs": [RUN], "flags": [FLAG], "mixed": [FLAG, RUN], "erasures": [RUN, ERASURE]}
    statuses = {key: api.post(f"{PATH}/record", json={"facts": facts}).status_code for key, facts in asked.items()}
    others = {"stats": {}, "kept": {}, **METRIC_QUESTIONS}
    statuses |= {name: api.post(f"{PATH}/{name}", json=document).status_code for name, document in others.items()}
    assert statuses == {key: 200 if key in answered else 403 for key in statuses}
    assert api.get(PATH).status_code == 200


def test_a_writing_is_logged_with_who_did_it(store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _, token = TokenFolder(tmp_path / "tokens").add("nightly", [Scope.WRITE])
    api = http_service.client(store, http_service.settings(tmp_path), authorization=f"Bearer {token}")
    with caplog.at_level("INFO", "headwater.audit"):
        api.post(f"{PATH}/record", json={"facts": [RUN, RUN]})
    line = json.loads(JsonLines().format(caplog.records[-1]))
    assert (line["event"], line["name"], line["facts"]) == ("record", "nightly", 2)


def test_the_metrics_tell_the_methods_apart(api: TestClient) -> None:
    api.post(f"{PATH}/watermark", json={})
    assert f'route="{PATH}/watermark"' in api.get("/metrics").text


def test_a_long_question_is_told_to_be_alive(api: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "_BEAT_S", 0.0)
    text = api.post(f"{PATH}/digest", json={}).text
    assert text.startswith("\n")
    assert parts(text) == [{"part": [store.digest()]}, {"end": True}]


def test_a_stream_that_fails_says_so_at_its_end(api: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[Pointer]:
        yield Pointer("x", "x", "data")
        raise StoreUnavailable("/secret/path is gone")

    monkeypatch.setattr(methods, "islice", lambda items, _: islice(items, 1))
    monkeypatch.setattr(type(store), "unmade", broken)
    first, failure = parts(api.post(f"{PATH}/unmade", json={}).text)
    assert [one["id"] for one in first["part"]] == ["x"]
    assert failure["error"]["code"] == "store_unavailable"
    assert "secret" not in failure["error"]["message"]


def test_a_long_question_that_nobody_waits_for_is_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    statement = Statement()
    monkeypatch.setattr(type(store), "digest", statement)
    monkeypatch.setattr(methods, "_LONGEST_S", 0.05)
    api = http_service.client(store, http_service.settings(tmp_path))
    [failure] = parts(api.post(f"{PATH}/digest", json={}).text)
    assert failure["error"]["code"] == "question_ended"
    until(statement.ended.is_set)
