"""Traces of the service: what the spans of a request and of its questions say, and what they keep quiet."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from starlette.testclient import TestClient

from headwater.api import tracing
from headwater.errors import StoreUnavailable
from headwater.graph.query_store import QueryStore
from tests.support.http_service import process, served

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
LINES = {"accept": "application/x-ndjson"}


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "tracer", lambda: provider.get_tracer("tests"))
    yield exporter
    provider.shutdown()


@pytest.fixture
def api(spans: InMemorySpanExporter, tmp_path: Path) -> Iterator[TestClient]:
    with served(tmp_path, api_traces=True) as client:
        yield client
    spans.clear()


def told(spans: InMemorySpanExporter) -> tuple[ReadableSpan, list[ReadableSpan]]:
    """Return the span of the only request and those of its questions."""
    *questions, request = spans.get_finished_spans()
    assert request.context is not None
    for question in questions:
        assert question.parent is not None
        assert (question.name, question.parent.span_id) == ("question", request.context.span_id)
    return request, questions


def test_a_request_is_a_span_with_a_question_under_it(api: TestClient, spans: InMemorySpanExporter) -> None:
    plain = {"accept-encoding": "identity", "x-request-id": "mine"}
    got = api.get("/api/v1/components/train/history?limit=1", headers=plain)
    request, questions = told(spans)
    assert (request.name, request.kind) == ("GET /api/v1/components/{name}/history", SpanKind.SERVER)
    assert (len(questions), request.parent, request.status.status_code) == (1, None, StatusCode.UNSET)
    assert dict(request.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/api/v1/components/{name}/history",
        "http.response.status_code": 200,
        "http.response.body.size": len(got.content),
        "headwater.request_id": "mine",
    }


def test_the_caller_of_a_request_is_above_it(api: TestClient, spans: InMemorySpanExporter) -> None:
    api.get("/api/v1/stats", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    request, [question] = told(spans)
    assert request.parent is not None
    assert (f"{request.parent.trace_id:032x}", f"{request.parent.span_id:016x}") == (TRACE, PARENT)
    assert question.context is not None
    assert f"{question.context.trace_id:032x}" == TRACE


@pytest.mark.parametrize("parent", ["", "nonsense", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01"])
def test_a_caller_that_cannot_be_is_not_believed(api: TestClient, spans: InMemorySpanExporter, parent: str) -> None:
    assert api.get("/api/v1/stats", headers={"traceparent": parent}).status_code == 200
    assert told(spans)[0].parent is None


def test_who_does_not_want_to_be_traced_is_not(api: TestClient, spans: InMemorySpanExporter) -> None:
    api.get("/api/v1/stats", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    assert spans.get_finished_spans() == ()


def test_a_stream_is_one_span_with_a_question_a_step(api: TestClient, spans: InMemorySpanExporter) -> None:
    got = api.get("/api/v1/trace?of=out.csv", headers={**LINES, "accept-encoding": "identity"})
    request, questions = told(spans)
    assert len(questions) > 2
    assert (request.attributes or {})["http.response.body.size"] == len(got.content)


def test_a_failure_is_told_by_its_code_and_not_by_its_words(
    api: TestClient, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stats(_: object) -> None:
        raise StoreUnavailable("sesame:7687 is gone")

    monkeypatch.setattr(QueryStore, "stats", stats)
    assert api.get("/api/v1/stats").status_code == 503
    request, [question] = told(spans)
    for span in (request, question):
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "store_unavailable")
    assert "sesame" not in json.dumps([span.to_json() for span in (request, question)])


def test_no_name_and_no_parameter_stands_in_a_span(api: TestClient, spans: InMemorySpanExporter) -> None:
    api.get("/api/v1/trace?of=out.csv&stop_at=train")
    api.post("/api/v1/runs", json={"id": "sesame", "component": "sesame"})
    api.get("/sesame?of=out.csv")
    text = json.dumps([span.to_json() for span in spans.get_finished_spans()])
    assert not [word for word in ("out.csv", "sesame", "train") if word in text]


WHOLE_PROCESS = """
import sys
from pathlib import Path
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.support.http_service import served

exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
with served(Path(sys.argv[1]), api_traces=sys.argv[2] == "on") as api:
    assert api.get("/api/v1/stats").status_code == 200
print(*(span.name for span in exporter.get_finished_spans()), sep=", ")
"""


@pytest.mark.parametrize(("switch", "spans"), [("off", ""), ("on", "question, GET /api/v1/stats")])
def test_the_service_makes_its_own_spans_if_it_shall_and_no_others(tmp_path: Path, switch: str, spans: str) -> None:
    command = [sys.executable, "-c", WHOLE_PROCESS, str(tmp_path), switch]
    done = subprocess.run(command, cwd=Path(__file__).resolve().parents[2], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == spans


def test_a_service_by_itself_sends_its_spans_to_the_collector(tmp_path: Path) -> None:
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        collector = f"http://127.0.0.1:{server.server_port}"
        environ = {"HEADWATER_API_TRACES": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": collector}
        store = f"sqlite:///{tmp_path}/lineage.db"
        with process(store, "--port", "0", folder=tmp_path, **environ) as (address, _):
            assert httpx2.get(f"{address}/api/v1/stats").status_code == 200
        server.shutdown()
        thread.join()
    [(path, body)] = received
    assert path == "/v1/traces"
    assert b"GET /api/v1/stats" in (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
