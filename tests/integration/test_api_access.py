"""Who may do what: tokens with scopes, this machine without any, limits on wrong and on many requests."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from headwater import clock
from headwater.api.buckets import Buckets
from headwater.api.tokens import Scope, TokenFolder
from headwater.errors import NotFound, UsageError
from headwater.graph.connect import open_store
from headwater.graph.store import Store
from tests.support.http_service import client, pipeline, settings

STATS = "/api/v1/stats"


@dataclass(frozen=True, slots=True)
class Place:
    """A store with a pipeline, and a folder of tokens."""

    store: Store
    folder: Path

    @property
    def tokens(self) -> TokenFolder:
        return TokenFolder(self.folder / "tokens")

    def client(self, token: str | None = None, **changed: float) -> TestClient:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return client(self.store, settings(self.folder, **changed), **headers)

    def token(self, *scopes: Scope) -> str:
        return self.tokens.add("ci", scopes)[1]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_store(f"sqlite:///{tmp_path}/lineage.db") as store:
        store.record(pipeline())
        yield Place(store, tmp_path)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that have passed; the test lets them pass."""
    passed = [0.0]
    monkeypatch.setattr(clock, "monotonic_s", lambda: passed[0])
    return passed


def test_without_tokens_this_machine_may_do_everything(place: Place) -> None:
    assert place.client().post("/api/v1/flags", json={"of": ["out.csv"]}).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        {"host": "evil.example"},
        {"x-forwarded-for": "10.0.0.1"},
        {"forwarded": "for=10.0.0.1"},
        {"via": "1.1 proxy"},
        {"authorization": "Bearer hw_000000000000_" + "x" * 43},
        {"authorization": "Basic YTpi"},
    ],
)
def test_without_tokens_nobody_else_is_answered(place: Place, header: dict[str, str]) -> None:
    got = place.client().get(STATS, headers=header)
    assert (got.status_code, got.json()["error"]["code"]) == (401, "unauthenticated")
    assert got.headers["www-authenticate"] == "Bearer"


def test_without_tokens_another_machine_is_not_answered(place: Place) -> None:
    other = TestClient(place.client().app, "http://localhost", client=("10.0.0.7", 50_000))
    assert other.get(STATS).status_code == 401


def test_with_tokens_this_machine_needs_one_too(place: Place) -> None:
    text = place.token(Scope.READ)
    assert place.client().get(STATS).status_code == 401
    assert place.client(text).get(STATS).status_code == 200


ROUTES = [
    ("GET", STATS, None, Scope.READ),
    ("GET", "/metrics", None, Scope.READ),
    ("POST", "/api/v1/rank", {"outputs": ["out.csv"]}, Scope.READ),
    ("POST", "/api/v1/runs", {"id": "r9"}, Scope.WRITE),
    ("POST", "/api/v1/flags", {"of": ["out.csv"]}, Scope.FLAG),
]


@pytest.mark.parametrize("scope", Scope)
def test_a_token_allows_what_its_scope_says(place: Place, scope: Scope) -> None:
    asker = place.client(place.token(scope))
    found = {(path, asker.request(method, path, json=body).status_code) for method, path, body, _ in ROUTES}
    allowed = {path for _, path, _, needed in ROUTES if scope in (needed, Scope.ADMIN)}
    assert found == {(path, 200 if path in allowed else 403) for _, path, _, _ in ROUTES}


def test_an_erasure_needs_the_scope_delete_beside_that_of_writing(place: Place) -> None:
    item = {"fact": "erasure", "kind": "payload", "request": "d1", "target": "out.csv@r3"}
    refused = place.client(place.token(Scope.WRITE)).post("/api/v1/runs", json=[{"id": "r9"}, item])
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    taken = place.client(place.token(Scope.WRITE, Scope.DELETE)).post("/api/v1/runs", json=[{"id": "r9"}, item])
    assert taken.json() == {"recorded": 2, "refused": []}
    reader = place.client(place.token(Scope.READ))
    assert reader.get("/api/v1/trace?of=out.csv").json()["nodes"][0]["erased"]["request"] == "d1"


def test_health_and_the_page_need_no_token(place: Place) -> None:
    place.token(Scope.READ)
    open_to_all = place.client()
    for path in ("/health/live", "/health/ready", "/docs", "/openapi.json"):
        assert open_to_all.get(path).status_code == 200


def test_tokens_are_made_and_revoked_while_the_service_runs(place: Place) -> None:
    first, second = place.token(Scope.READ), place.token(Scope.READ)
    service = place.client()

    def status(text: str) -> int:
        return service.get(STATS, headers={"authorization": f"bearer {text}"}).status_code

    assert (status(first), status(second)) == (200, 200)
    place.tokens.revoke(first.split("_")[1])
    assert (status(first), status(second)) == (401, 200)
    place.tokens.revoke(second.split("_")[1])
    assert service.get(STATS).status_code == 401


def test_only_the_hash_of_a_token_is_kept_and_only_its_owner_reads_it(place: Place) -> None:
    token, text = place.tokens.add("ci", [Scope.READ])
    file = place.folder / "tokens" / f"{token.id}.json"
    assert text.split("_", 2)[2] not in file.read_text()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert place.tokens.tokens() == [token]
    assert place.tokens.bearer(text) == token.identity


def test_a_token_without_a_scope_or_name_is_refused_and_an_unknown_one_cannot_be_revoked(place: Place) -> None:
    for name, scopes in (("", [Scope.READ]), ("ci", [])):
        with pytest.raises(UsageError):
            place.tokens.add(name, scopes)
    for ident in ("000000000000", "../../etc/passwd", ""):
        with pytest.raises(NotFound):
            place.tokens.revoke(ident)


@given(st.text())
def test_no_other_text_is_a_token(text: str) -> None:
    assert TokenFolder(Path("/nowhere")).bearer(text) is None
    assert TokenFolder(Path("/nowhere")).bearer(f"hw_000000000000_{text}") is None


def test_wrong_tokens_are_counted_and_harm_nobody_else(place: Place, now: list[float]) -> None:
    right = place.token(Scope.READ)
    service = place.client(right)
    wrong = {"authorization": f"Bearer {right[:-1]}{'x' if right[-1] != 'x' else 'y'}"}
    unknown = {"authorization": "Bearer hw_000000000000_" + "x" * 43}
    assert [service.get(STATS, headers=wrong).status_code for _ in range(11)] == [401] * 10 + [429]
    assert service.get(STATS).status_code == 429
    assert service.get(STATS, headers=unknown).status_code == 401
    assert service.get(STATS, headers={"authorization": f"Bearer {place.token(Scope.READ)}"}).status_code == 200
    now[0] += 6.0
    assert service.get(STATS).status_code == 200


def test_one_token_is_answered_so_often_and_others_are_not_slowed(place: Place, now: list[float]) -> None:
    service = place.client(place.token(Scope.READ), api_rate=2.0)
    assert [service.get(STATS).status_code for _ in range(5)] == [200] * 4 + [429]
    refused = service.get(STATS)
    assert (refused.headers["retry-after"], refused.json()["error"]["code"]) == ("1", "too_many_requests")
    other = {"authorization": f"Bearer {place.token(Scope.READ)}"}
    assert service.get(STATS, headers=other).status_code == 200
    now[0] += 0.5
    assert service.get(STATS).status_code == 200


@given(st.lists(st.floats(0, 3), max_size=60))
def test_a_bucket_never_gives_more_than_its_rate(waits: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        passed = [0.0]
        patch.setattr(clock, "monotonic_s", lambda: passed[0])
        bucket, taken = Buckets(2.0, 4.0), 0
        for wait in waits:
            passed[0] += wait
            taken += bucket.take("key")
        assert taken <= 4 + 2 * passed[0] + 1e-3


def test_changes_leave_a_line_that_says_who(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    token, text = place.tokens.add("ann's laptop", [Scope.ADMIN])
    service = place.client(text)
    with caplog.at_level(logging.INFO, "headwater.audit"):
        service.post("/api/v1/flags", json={"of": ["out.csv"]})
        service.post("/api/v1/runs", json=[{"id": "r9"}, {"id": ""}], headers={"x-request-id": "mine"})
    changes = [record for record in caplog.records if record.name == "headwater.audit"]
    flagged, recorded = [(record.getMessage(), vars(record)["fields"]) for record in changes]
    assert (flagged[0], flagged[1]["token"], flagged[1]["count"]) == ("flag", token.id, 1)
    assert recorded == (
        "record",
        {"request_id": "mine", "token": token.id, "name": "ann's laptop", "recorded": 1, "refused": 1},
    )
    assert text not in json.dumps([flagged, recorded])


def test_other_sites_are_let_in_only_by_name(place: Place) -> None:
    asked = {"origin": "https://a.example", "access-control-request-method": "GET"}
    closed = place.client().options(STATS, headers=asked)
    assert (closed.status_code, "access-control-allow-origin" in closed.headers) == (405, False)
    known = client(place.store, settings(place.folder, api_origins=("https://a.example",)))
    assert known.options(STATS, headers=asked).headers["access-control-allow-origin"] == "https://a.example"
    other = known.get(STATS, headers={"origin": "https://b.example"})
    assert "access-control-allow-origin" not in other.headers
