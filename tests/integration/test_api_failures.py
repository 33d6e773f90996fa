"""Whatever goes wrong is told in one shape, and tells nothing that it should not."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from starlette.testclient import TestClient

from headwater.errors import HeadwaterError, StoreError, StoreUnavailable
from tests.support.http_service import served

API = "/api/v1"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(tmp_path_factory.mktemp("api"), api_body_bytes=1_000) as client:
        yield client


REFUSED = [
    ("GET", "/nothing", None, 404, "not_found"),
    ("GET", f"{API}/trace?of=nothing", None, 404, "unknown_pointer"),
    ("GET", f"{API}/trace", None, 422, "invalid_request"),
    ("GET", f"{API}/trace?of=", None, 422, "invalid_request"),
    ("GET", f"{API}/trace?of=out.csv&depth=-1", None, 422, "invalid_request"),
    ("GET", f"{API}/trace?of=out.csv&time=nan", None, 422, "invalid_request"),
    ("GET", f"{API}/trace?of=out.csv&as_of=yesterday", None, 422, "invalid_request"),
    ("GET", f"{API}/trace?of={'x' * 5_000}", None, 422, "invalid_request"),
    ("GET", f"{API}/trace?{'of=out.csv&' * 1_001}", None, 422, "invalid_request"),
    ("GET", f"{API}/runs/nothing", None, 404, "unknown_run"),
    ("GET", f"{API}/runs?cursor=x", None, 400, "invalid_cursor"),
    ("GET", f"{API}/runs?limit=1001", None, 422, "invalid_request"),
    ("GET", f"{API}/components/nothing/history", None, 404, "unknown_component"),
    ("GET", f"{API}/review?formula=magic", None, 400, "usage"),
    ("DELETE", f"{API}/runs", None, 405, "method_not_allowed"),
    ("POST", f"{API}/rank", b"", 422, "invalid_request"),
    ("POST", f"{API}/rank", b"{", 422, "invalid_request"),
    ("POST", f"{API}/rank", b"[" * 900, 422, "invalid_request"),
    ("POST", f"{API}/rank", b'{"outputs": ["out.csv"], "formular": 1}', 422, "invalid_request"),
    ("POST", f"{API}/rank", b'{"pattern": "\\ud800"}', 422, None),
    ("POST", f"{API}/flags", b'{"of": []}', 422, "invalid_request"),
    ("POST", f"{API}/flags", b'{"of": ["nothing"]}', 404, "unknown_pointer"),
    ("POST", f"{API}/runs", b"nonsense", 422, "invalid_request"),
    ("POST", f"{API}/runs", b'{"id": "r9"', 422, "invalid_request"),
    ("POST", f"{API}/runs", b'{"id": "a@b"}', 422, "invalid_name"),
    ("POST", f"{API}/runs", b'{"id": "r9", "colour": 1}', 422, "invalid_fact"),
    ("POST", f"{API}/runs", b'{"id": "r9", "params": {"x": NaN}}', 422, "invalid_value"),
    ("POST", f"{API}/runs", b" " * 1_001, 413, "body_too_large"),
]


@pytest.mark.parametrize(("method", "address", "body", "status", "code"), REFUSED)
def test_a_refusal_has_its_status_and_code(
    api: TestClient, method: str, address: str, body: bytes | None, status: int, code: str | None
) -> None:
    got = api.request(method, address, content=body, headers={"content-type": "application/json"})
    assert got.status_code == status, got.text
    error = got.json()["error"]
    assert error.keys() == {"code", "message", "hint"}
    assert code in (None, error["code"])
    assert "Traceback" not in got.text


def test_a_body_that_is_not_json_is_refused(api: TestClient) -> None:
    got = api.post(f"{API}/runs", content=b'{"id": "r9"}', headers={"content-type": "text/plain"})
    assert (got.status_code, got.json()["error"]["code"]) == (415, "unsupported_media")


def breaking(api: TestClient, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let counting fail as a defect or a store may."""

    def stats(_: object) -> NoReturn:
        raise error

    store = api.app.state.service.lineage.store  # type: ignore[attr-defined]
    monkeypatch.setattr(type(store), "stats", stats)


@pytest.mark.parametrize(
    ("error", "status", "code", "message"),
    [
        (RuntimeError("password=sesame"), 500, "error", "the service failed"),
        (StoreError("MATCH (n) WHERE n.password = 'sesame'"), 500, "store_error", "The store failed."),
        (StoreUnavailable("sesame:7687 is gone"), 503, "store_unavailable", "The store cannot be reached."),
    ],
)
def test_a_failure_inside_keeps_its_secrets(
    api: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    code: str,
    message: str,
) -> None:
    breaking(api, monkeypatch, error)
    with caplog.at_level(logging.INFO, "headwater"):
        got = api.get(f"{API}/stats")
    assert got.status_code == status
    assert {key: got.json()["error"][key] for key in ("code", "message")} == {"code": code, "message": message}
    assert got.headers["x-request-id"]
    assert got.headers["x-content-type-options"] == "nosniff"
    [line] = [record for record in caplog.records if record.getMessage() == "request"]
    fields: dict[str, Any] = vars(line)["fields"]
    assert fields["status"] == status
    assert "sesame" not in json.dumps(fields) or isinstance(error, StoreUnavailable)


def test_a_store_that_cannot_be_reached_asks_to_come_back(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(api, monkeypatch, StoreUnavailable())
    assert api.get(f"{API}/stats").headers["retry-after"] == "1"
    assert 'headwater_store_errors_total{code="store_unavailable"}' in api.get("/metrics").text


def test_a_store_that_fails_is_not_ready(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def about(_: object) -> NoReturn:
        raise StoreUnavailable from sqlite3.OperationalError("no such table: x")

    store = api.app.state.service.lineage.store  # type: ignore[attr-defined]
    monkeypatch.setattr(type(store), "about", about)
    got = api.get("/health/ready")
    assert (got.status_code, got.json()["error"]["code"]) == (503, "store_unavailable")
    assert api.get("/health/live").status_code == 200


def test_every_failure_of_the_service_has_a_code_of_its_own() -> None:
    kinds = _below(HeadwaterError)
    codes = [kind.code for kind in kinds]
    assert sorted(set(codes)) == sorted(codes)


def _below(kind: type[HeadwaterError]) -> list[type[HeadwaterError]]:
    found = [kind]
    for inner in kind.__subclasses__():
        found += _below(inner)
    return [one for one in found if one.__module__.startswith(("headwater.api.", "headwater.errors"))]
