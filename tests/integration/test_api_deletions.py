"""Deletions over HTTP are those of the library: the same steps, the same documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from headwater.api import deleting
from headwater.api.app import create_app
from headwater.api.documentation import examples
from headwater.api.tokens import Scope, TokenFolder
from headwater.deletion import Deletions
from headwater.graph.connect import open_store
from headwater.graph.lineage.face import Lineage
from tests.support.http_service import client, pipeline, served, settings, until

URL = "/api/v1/deletions"
RERUN = '[[rerun]]\ncomponent = "*"\ncommand = "true"\n'
MODELS: dict[str, type[BaseModel]] = {
    "deletion_request": deleting.OneRequest,
    "deletion_list": deleting.RequestList,
    "deletion_plan": deleting.PlanDocument,
    "deletion_show": deleting.PlanDocument,
    "deletion_schedule": deleting.ScheduleDocument,
    "deletion_approve": deleting.OnePlan,
    "deletion_execute": deleting.OutcomeDocument,
    "deletion_verify": deleting.VerificationDocument,
    "deletion_report": deleting.ReportDocument,
    "deletion_export": deleting.ChainDocument,
    "deletion_audit": deleting.AuditDocument,
    "deletion_withdraw": deleting.OneRequest,
}
PATHS = {
    "deletion_request": "",
    "deletion_plan": "/plans",
    "deletion_approve": "/plans/newest/approval",
    "deletion_execute": "/plans/newest/execution",
    "deletion_audit": "/audit",
    "deletion_withdraw": "/{id}/withdrawal",
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "forget.toml").write_text(RERUN)
    with served(tmp_path, forget=tmp_path / "forget.toml") as found:
        yield found


def lineage(api: TestClient) -> Lineage:
    found: Lineage = api.app.state.service.lineage  # type: ignore[attr-defined]
    return found


def posted(api: TestClient, path: str, status: int = 200, **body: Any) -> Any:
    got = api.post(f"{URL}{path}", json=body)
    assert got.status_code == status, got.text
    return got.json()


def planned(api: TestClient) -> str:
    """Request and plan; return the request's id."""
    found = posted(api, "", subjects=["raw.csv"], reason="ticket 4711", by="ann")
    posted(api, "/plans", by="ann")
    return str(found["request"]["id"])


def shape(value: Any) -> Any:
    """Return what a document is made of, without what is said in it."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value)


def test_the_examples_of_the_page_are_a_session_that_goes_like_this(api: TestClient) -> None:
    known = {name: found for name, found in examples().items() if name.startswith("deletion_")}
    ident = chain = ""
    for name, found in known.items():
        asked = found["request"]
        if isinstance(asked, str):
            got = api.get(asked.removeprefix("GET ")).json()
        else:
            body = {**asked, "chain": chain} if "chain" in asked else asked
            got = api.post(URL + PATHS[name].format(id=ident), json=body).json()
        ident, chain = ident or got["request"]["id"], got.get("chain", chain)
        MODELS[name].model_validate(got)
        if name not in ("deletion_show", "deletion_plan", "deletion_report"):  # their keys are ids, or of states
            assert shape(got) == shape(found["response"]), name
        assert got.keys() == found["response"].keys()
    assert known.keys() == MODELS.keys()


def test_answers_are_the_documents_of_the_library(api: TestClient) -> None:
    request = planned(api)
    deletions = Deletions(lineage(api), {"*": "true"})

    assert api.get(URL).json()["requests"] == [one.to_dict() for one in deletions.requests()]
    plan = api.get(f"{URL}/plans/newest").json()
    assert plan == json.loads(json.dumps({"id": deletions.planned().digest, **deletions.planned().to_dict()}))
    assert api.get(f"{URL}/{request}/report").json() == deletions.report(request)
    verified = api.get(f"{URL}/{request}/verification").json()
    assert {**verified, "at": None} == {**deletions.verify(request).to_dict(), "at": None}
    assert api.get(f"{URL}/register").json()["chain"] == "".join(deletions.export())


def test_an_execution_goes_on_behind_its_answer(api: TestClient) -> None:
    request = planned(api)
    refused = posted(api, "/plans/newest/execution", 409, dry_run=False)
    posted(api, "/plans/newest/approval", by="bob")

    begun = posted(api, "/plans/newest/execution", 202, dry_run=False, by="bob")

    assert (refused["error"]["code"], begun["status"]) == ("not_approved", "executing")
    until(lambda: api.get(f"{URL}/{request}/report").json()["request"]["status"] == "completed")
    assert api.get(f"{URL}/{request}/verification").json()["done"]


def test_only_the_scope_delete_is_let_in(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/lineage.db") as store:
        store.record(pipeline())
        folder = TokenFolder(tmp_path / "tokens")
        scopes = [scope for scope in Scope if scope not in (Scope.DELETE, Scope.ADMIN)]
        wrong, right = folder.add("others", scopes)[1], folder.add("officer", [Scope.DELETE])[1]
        api = client(store, settings(tmp_path))
        paths = [found for found in create_app(settings(tmp_path), store).openapi()["paths"] if "deletions" in found]

        for path in paths:
            where = path.replace("{plan}", "newest").replace("{request_id}", "newest")
            got = [getattr(api, method)(where, headers=bearer(wrong)) for method in ("get", "post")]
            assert 403 in {one.status_code for one in got} <= {403, 405, 422}
        body = {"subjects": ["raw.csv"], "reason": "ticket", "by": "somebody else"}
        made = api.post(URL, json=body, headers=bearer(right)).json()
        assert made["request"]["by"] == "officer"


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("", {"subjects": [], "reason": "x"}, 422, "invalid_request"),
        ("", {"subjects": ["raw.csv"], "reason": " "}, 400, "usage"),
        ("", {"subjects": ["no-such"], "reason": "x"}, 404, "unknown_pointer"),
        ("", {"subjects": ["raw.csv"], "reason": "x", "law": "none"}, 400, "invalid_policy"),
        ("/plans", {}, 404, "unknown_request"),
        ("/plans/newest/approval", {}, 404, "unknown_request"),
        ("/plans/newest/execution", {}, 404, "unknown_request"),
        ("/nothing/withdrawal", {}, 404, "unknown_request"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    api: TestClient, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    got = api.post(f"{URL}{path}", json=body)

    assert (got.status_code, got.json()["error"]["code"]) == (status, code)


def test_the_log_of_changes_names_no_subject(api: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        planned(api)

    told = [record for record in caplog.records if record.name == "headwater.audit"]
    assert [record.message for record in told] == ["deletion_request", "deletion_plan"]
    assert "raw.csv" not in str([record.__dict__ for record in told])
