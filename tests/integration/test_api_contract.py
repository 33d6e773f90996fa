"""The OpenAPI document is a promise: whatever is sent to a route, the answer is one that the document tells of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from starlette.testclient import TestClient

from headwater.api.app import create_app
from headwater.api.documentation import NDJSON, examples
from headwater.api.tokens import Scope, TokenFolder
from headwater.graph.query_store import QueryStore
from tests.support import http_service
from tests.support.http_service import listening, pipeline
from tests.support.neo4j_database import Database
from tests.support.stores import BOTH, opened

load_all_checks()
PROMISES = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
    ]
)
# So that answers are found behind what is made up: a reference in every second question means something.
KNOWN = ["out.csv", "raw.csv", "out2.csv@r5", "r2", "r4", "model.joblib", "train", "clean"]
REFERENCES = {"of", "source", "target", "a", "b", "component", "id", "name"}
FUZZED = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True, slots=True)
class Contract:
    """The document of a running application, and the headers that let a request in."""

    schema: Any
    headers: dict[str, str]
    times: int


@pytest.fixture(scope="module", params=BOTH)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueryStore]:
    place = Database(f"sqlite:///{tmp_path_factory.mktemp('store')}/lineage.db")
    if request.param == "neo4j":
        place = Database.of(request.getfixturevalue("neo4j_server"))
        place.empty()
    with opened(place) as found:
        found.record(pipeline())
        yield found


@pytest.fixture(scope="module")
def contract(store: QueryStore, tmp_path_factory: pytest.TempPathFactory) -> Contract:
    folder = tmp_path_factory.mktemp("contract")
    _, token = TokenFolder(folder / "tokens").add("fuzz", [Scope.ADMIN])
    app = create_app(http_service.settings(folder, api_rate=1e9), store)
    is_file = "SQLite" in str(store.about()["software"])
    headers = {"authorization": f"Bearer {token}"}
    return Contract(schemathesis.openapi.from_asgi("/openapi.json", app), headers, 12 if is_file else 4)


def meaning(case: Any, draw: Any) -> Any:
    """Return the request with references that mean something in place of those that are made up."""
    for found in (case.query, case.path_parameters):
        for key in REFERENCES & (found or {}).keys():
            found[key] = draw(st.sampled_from(KNOWN))
    return case


@pytest.mark.parametrize("name", examples())
def test_whatever_fits_the_document_is_answered_by_it(contract: Contract, name: str) -> None:
    requests = contract.schema.find_operation_by_id(name).as_strategy()

    @settings(FUZZED, max_examples=contract.times)
    @given(requests, st.booleans(), st.data())
    def send(case: Any, is_meant: bool, data: st.DataObject) -> None:
        sent = meaning(case, data.draw) if is_meant else case
        sent.call_and_validate(checks=PROMISES, headers=contract.headers)

    send()


@pytest.mark.parametrize("name", [name for name in examples() if name not in ("live", "ready")])
def test_whatever_does_not_fit_the_document_is_answered_by_it_too(contract: Contract, name: str) -> None:
    mode = schemathesis.GenerationMode.NEGATIVE
    requests = contract.schema.find_operation_by_id(name).as_strategy(generation_mode=mode)

    @settings(FUZZED, max_examples=contract.times)
    @given(requests)
    def send(case: Any) -> None:
        case.call_and_validate(checks=PROMISES, headers=contract.headers)

    send()


_WORDS = (
    "id fact component inputs outputs name at params triggers of target kind value label since "
    "labels values eventTime eventType run job dataset runId namespace facets"
)
KEYS = st.sampled_from(_WORDS.split())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | KEYS, inner, max_size=4),
    max_leaves=12,
)
POSTED = ["rank", "runs", "flags", "feedback", "lineage", "lineage/batch"]
POSTED += ["deletions", "deletions/plans", "deletions/audit"]


def mutated(value: Any, draw: Any) -> Any:
    """Return a document in which something, anywhere, is another thing."""
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: mutated(value[key], draw)}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], mutated(value[place], draw), *value[place + 1 :]]
    return draw(JSON)


@pytest.fixture(scope="module")
def api(store: QueryStore, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return http_service.client(store, http_service.settings(tmp_path_factory.mktemp("api"), api_rate=1e9))


@pytest.mark.parametrize("route", POSTED)
def test_no_body_breaks_a_route(api: TestClient, store: QueryStore, route: str) -> None:
    bodies = [known["request"] for known in examples().values() if not isinstance(known["request"], str)]
    is_file = "SQLite" in str(store.about()["software"])

    @settings(FUZZED, max_examples=100 if is_file else 10)
    @given(st.data())
    def send(data: st.DataObject) -> None:
        body = mutated(data.draw(st.sampled_from(bodies)), data.draw)
        got = api.post(f"/api/v1/{route}", content=json.dumps(body), headers={"content-type": "application/json"})
        assert got.status_code in (200, 201, 207, 400, 404, 409, 413, 422), got.text
        assert got.status_code < 300 or got.json()["error"].keys() == {"code", "message", "hint"}

    send()


@pytest.mark.parametrize("route", POSTED)
def test_no_bytes_break_a_route(api: TestClient, route: str) -> None:
    @settings(FUZZED, max_examples=25)
    @given(st.binary() | st.sampled_from([b"[" * 100_000, b'{"a":' * 5_000, b"\xff\xfe[\x00]\x00", b"1e999", b"NaN"]))
    def send(body: bytes) -> None:
        got = api.post(f"/api/v1/{route}", content=body, headers={"content-type": "application/json"})
        assert got.status_code in (200, 207, 400, 404, 422), got.text

    send()


NASTY = [
    "a/b",
    "100%",
    "a%2Fb",
    "día ☃ 𝄞",
    "a b+c&d=e?f#g;h",
    "line\nend\r",
    "x/history",
    "a//b/",
    "../up",
    "..",
    "é" * 2_048,
]


@pytest.fixture(scope="module")
def real(store: QueryStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A connection to a port, for clients and servers normalize addresses."""
    app = create_app(http_service.settings(tmp_path_factory.mktemp("real"), api_rate=1e9), store)
    with listening(app) as url, httpx2.Client(base_url=f"{url}/api/v1") as client:
        yield client


def logged(real: httpx2.Client, number: int) -> str:
    """Log a run of a component with this name that wrote something of this name; return the id of the run."""
    name, run = NASTY[number], f"nasty {number}/%41"
    read = f"<{name[:2_000]}"
    claim = {"id": run, "component": name, "at": "2026-03-01T00:00:00Z", "status": "completed"}
    got = real.post("/runs", json={**claim, "inputs": [{"name": read}], "outputs": [{"name": name}]})
    assert got.json() == {"recorded": 1, "refused": []}
    return run


@pytest.mark.parametrize("number", range(len(NASTY)))
def test_a_name_goes_through_every_walk_unchanged(real: httpx2.Client, number: int) -> None:
    name, run = NASTY[number], logged(real, number)
    made = f"{name}@{run}"
    for path in ("/trace", "/impact"):
        assert real.get(path, params={"of": name}).json()["start"] == [made]
        lines = real.get(path, params={"of": name}, headers={"accept": NDJSON}).text.splitlines()
        assert json.loads(lines[0])["start"] == [made]
    between = {"source": f"<{name[:2_000]}@external", "target": made}
    assert real.get("/between", params=between).json()["nodes"][-1]["name"] == f"<{name[:2_000]}"
    assert real.get("/stale", params={"of": name}).json()["of"] == made
    assert real.get("/diff", params={"a": name, "b": made}).status_code == 200
    assert real.post("/flags", json={"of": [name], "who": name, "why": name}).json() == {"flagged": [made]}
    assert real.post("/rank", json={"outputs": [name]}).json()["slice"] == [made]
    assert real.post("/rank", json={"components": [name]}).json()["slice"] == [made]


@pytest.mark.parametrize("number", range(len(NASTY)))
def test_a_name_goes_through_every_list_unchanged(real: httpx2.Client, number: int) -> None:
    name, run = NASTY[number], logged(real, number)
    found = real.get("/search", params={"text": name, "limit": 500}).json()["pointers"]
    assert f"{name}@{run}" in {pointer["id"] for pointer in found}
    assert real.get("/runs", params={"component": name}).json()["runs"][0]["component"] == name
    assert real.get(f"/runs/{quote(run, safe='')}").json()["outputs"][0]["name"] == name
    assert name in {one["name"] for one in real.get("/components").json()["components"]}
    if set(name) != {"."}:  # which every client takes out of an address
        history = real.get(f"/components/{quote(name, safe='')}/history").json()
        assert [one["id"] for one in history["runs"]] == [run]


@pytest.mark.parametrize("name", [name[:1_000] for name in NASTY])
def test_a_name_goes_through_the_receiver_unchanged(real: httpx2.Client, name: str) -> None:
    named = {"namespace": "n", "name": name}
    event = {"eventTime": "2026-03-02T00:00:00Z", "eventType": "COMPLETE", "run": {"runId": "ol"}, "job": named}
    assert real.post("/lineage", json={**event, "outputs": [named]}).status_code == 201
    assert real.post("/lineage/batch", json=[event]).json()["summary"]["failed"] == 0
    assert real.get("/trace", params={"of": f"n/{name}"}).json()["start"] == [f"n/{name}@ol"]
