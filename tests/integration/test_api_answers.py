"""How answers travel: entity tags, packed or plain, as one document or line by line; and what is seen of a request."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from headwater.api import streaming
from headwater.api.logs import JsonLines
from headwater.errors import StoreUnavailable
from headwater.graph.connect import connect
from headwater.graph.facts import Fact, RunFact
from headwater.graph.lineage.face import Lineage
from headwater.testing.strategies import fact_sets
from tests.support import http_service
from tests.support.http_service import client, served

TRACE = "/api/v1/trace?of=out.csv"
LINES = {"accept": "application/x-ndjson"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[TestClient]:
    with served(tmp_path) as found:
        yield found


def lineage(api: TestClient) -> Lineage:
    found: Lineage = api.app.state.service.lineage  # type: ignore[attr-defined]
    return found


def test_an_answer_is_sent_again_only_when_the_graph_has_changed(api: TestClient) -> None:
    first = api.get(TRACE)
    known = {"if-none-match": first.headers["etag"]}
    again = api.get(TRACE, headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    lineage(api).record([RunFact("r9")])
    assert api.get(TRACE, headers=known).status_code == 200
    several = {"if-none-match": f'"other", {api.get(TRACE).headers["etag"]}'}
    assert api.get(TRACE, headers=several).status_code == 304


def test_another_service_on_the_same_graph_has_other_tags(api: TestClient, tmp_path: Path) -> None:
    other = client(lineage(api).store, http_service.settings(tmp_path))
    assert other.get(TRACE, headers={"if-none-match": api.get(TRACE).headers["etag"]}).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity"])
@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_answers_are_packed_as_the_client_asks(api: TestClient, encoding: str, accept: str) -> None:
    plain = api.get(TRACE, headers={"accept": accept, "accept-encoding": "identity"}).content
    with api.stream("GET", TRACE, headers={"accept": accept, "accept-encoding": encoding}) as got:
        packed = b"".join(got.iter_raw())
        assert got.headers.get("content-encoding", "identity") == encoding
    if encoding == "zstd":
        packed = zstandard.ZstdDecompressor().stream_reader(packed).read()
    assert encoding == "gzip" or packed == plain


def told(text: str) -> dict[str, Any]:
    """Return the document that lines tell."""
    lines = [json.loads(line) for line in text.splitlines()]
    start, end = lines[0], lines[-1]
    nodes = [line for line in lines if line["kind"] in ("pointer", "run")]
    edges = [line for line in lines if line["kind"] in ("consumed_by", "produced")]
    assert (start.pop("kind"), end.pop("kind")) == ("start", "end")
    assert (end.pop("nodes"), end.pop("edges")) == (len(nodes), len(edges))
    found = {**start, "nodes": nodes, "edges": edges, **end}
    return by_order(found)


def by_order(walk: dict[str, Any]) -> dict[str, Any]:
    walk["nodes"] = sorted(walk["nodes"], key=lambda node: (node["hops"], node["id"]))
    walk["edges"] = sorted(walk["edges"], key=lambda edge: sorted(edge.items()))
    return walk


@pytest.mark.parametrize(
    "asked",
    [
        "trace?of=out.csv",
        "trace?of=out.csv&of=out2.csv",
        "impact?of=raw.csv",
        "impact?of=raw.csv&depth=1",
        "trace?of=out.csv&as_of=2026-01-02",
        "trace?of=out.csv&columns=true",
        "between?source=clean.csv&target=out.csv",
    ],
)
def test_lines_tell_what_the_document_tells(api: TestClient, asked: str) -> None:
    document = api.get(f"/api/v1/{asked}").json()
    lines = api.get(f"/api/v1/{asked}", headers=LINES)
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert told(lines.text) == by_order(document)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("graphs")


@settings(max_examples=40)
@given(facts=fact_sets(), backward=st.booleans())
def test_lines_tell_what_the_document_tells_of_any_graph(folder: Path, facts: list[Fact], backward: bool) -> None:
    (folder / "lineage.db").unlink(missing_ok=True)
    with connect(f"sqlite:///{folder}/lineage.db") as graph, pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, "_NODES_PER_STEP", 2)
        graph.record(facts)
        for start in [run.id for run in graph.recent(5).runs]:
            walk = streaming.Lines(graph.store, backward)
            text = walk.begin(graph, [start])
            while walk.level:
                text += walk.step()
            found = graph.trace(start) if backward else graph.impact(start)
            assert told((text + walk.end()).decode()) == by_order(found.to_dict())


def test_a_stream_that_fails_on_its_way_says_so_and_has_no_end(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = iter([lineage(api).store.sources(["out.csv@r3"])])

    def sources(*_: object) -> Any:
        found = next(steps, None)
        if found is None:
            raise StoreUnavailable("sesame:7687 is gone")
        return found

    monkeypatch.setattr(type(lineage(api).store), "sources", sources)
    lines = [json.loads(line) for line in api.get(TRACE, headers=LINES).text.splitlines()]
    assert [line["kind"] for line in lines] == ["start", "pointer", "produced", "error"]
    assert lines[-1]["error"]["message"] == "The store cannot be reached."


def test_a_stream_whose_start_means_nothing_does_not_begin(api: TestClient) -> None:
    got = api.get("/api/v1/trace?of=nothing", headers=LINES)
    assert (got.status_code, got.json()["error"]["code"]) == (404, "unknown_pointer")


def test_a_request_leaves_one_line_without_any_name(api: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "headwater.api"):
        plain = {"x-request-id": "mine", "accept-encoding": "identity"}
        got = api.get("/api/v1/components/train/history", headers=plain)
    assert got.headers["x-request-id"] == "mine"
    [record] = caplog.records
    line = json.loads(JsonLines().format(record))
    assert line.pop("seconds") >= 0
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "headwater.api",
        "event": "request",
        "request_id": "mine",
        "method": "GET",
        "route": "/api/v1/components/{name}/history",
        "status": 200,
        "size_bytes": len(got.content),
        "token": "",
    }


@pytest.mark.parametrize("given_id", ["", "a b", "x" * 129, "new\tline"])
def test_an_id_that_could_spoil_a_log_is_replaced(api: TestClient, given_id: str) -> None:
    assert api.get("/health/live", headers={"x-request-id": given_id}).headers["x-request-id"] != given_id


def test_a_defect_is_logged_by_its_place_and_not_by_its_words() -> None:
    try:
        raise RuntimeError("password=sesame")
    except RuntimeError as error:
        known = (type(error), error, error.__traceback__)
        record = logging.LogRecord("uvicorn.error", logging.ERROR, __file__, 1, "it failed", (), known)
    line = json.loads(JsonLines().format(record))
    assert (line["failure"], "sesame" in json.dumps(line)) == ("RuntimeError", False)
    assert line["where"][0].startswith(__file__)


def test_the_metrics_count_by_route_and_size_and_say_how_full_it_is(api: TestClient) -> None:
    for _ in range(2):
        api.get(TRACE)
    api.get("/nothing")
    text = api.get("/metrics").text
    counted = 'headwater_request_seconds_count{method="GET",route="/api/v1/trace",size="small",status="200"} 2.0'
    assert counted in text
    assert 'route="none",size="small",status="404"} 1.0' in text
    assert "headwater_questions_waiting 0.0" in text
    assert "/nothing" not in text
