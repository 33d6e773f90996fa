"""Every route gives the document that the command line gives, and the OpenAPI page tells the truth about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from headwater.api import schemas
from headwater.api.documentation import examples
from headwater.graph.lineage import Limits, component_document, inspect_document
from headwater.graph.lineage.face import Lineage
from tests.support.http_service import served

CHANGING = {"feedback", "flag", "record_runs", "receive_event", "receive_events"}
VOLATILE = {"software", "schema_version", "watermark", "digest", "incident"}
NASTY = ["a/b", "100%", "a%2Fb", "día ☃ 𝄞", "a b+c&d=e?f#g", "line\nend", "x/history", "../up", "é" * 2_048]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service that tests ask and do not change."""
    with served(tmp_path_factory.mktemp("api")) as client:
        yield client


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[TestClient]:
    """A service that the test may change."""
    with served(tmp_path) as client:
        yield client


def lineage(api: TestClient) -> Lineage:
    found: Lineage = api.app.state.service.lineage  # type: ignore[attr-defined]
    return found


def test_walks_are_the_documents_of_the_library(api: TestClient) -> None:
    graph = lineage(api)
    assert api.get("/api/v1/trace?of=out.csv").json() == graph.trace("out.csv").to_dict()
    assert api.get("/api/v1/impact?of=raw.csv&depth=1").json() == graph.impact("raw.csv", Limits(1)).to_dict()
    two = api.get("/api/v1/trace", params={"of": ["out.csv", "out2.csv"], "stop_at": "train"}).json()
    assert two == graph.trace(["out.csv", "out2.csv"], Limits(stop_at="train")).to_dict()
    between = api.get("/api/v1/between?source=clean.csv&target=out.csv").json()
    assert between == graph.between("clean.csv", "out.csv").to_dict()


def test_look_ups_are_the_documents_of_the_library(api: TestClient) -> None:
    graph = lineage(api)
    assert api.get("/api/v1/runs/r3").json() == inspect_document(graph.inspect("r3"))
    assert api.get("/api/v1/components").json() == {"components": list(map(component_document, graph.components()))}
    assert api.get("/api/v1/diff?a=r2&b=r4").json() == graph.diff("r2", "r4").to_dict()
    assert api.get("/api/v1/stale?of=r3").json() == graph.stale("r3").to_dict()
    assert api.get("/api/v1/review").json() == graph.review().to_dict()
    assert api.get("/api/v1/digest").json() == {"digest": graph.digest()}
    assert api.get("/api/v1/stats").json() == graph.stats()


def test_columns_stand_beside_the_walk_when_they_are_asked_for(api: TestClient) -> None:
    plain, with_columns = (api.get(f"/api/v1/trace?of=out.csv{more}").json() for more in ("", "&columns=true"))
    derivations = with_columns.pop("derivations")
    assert with_columns == plain
    assert [one["source"]["state"] for one in derivations] == ["model.joblib@r2", "clean.csv@r1", "raw.csv@external"]


def test_a_trace_as_of_a_time_leaves_out_what_came_later(api: TestClient) -> None:
    found = api.get("/api/v1/impact?of=raw.csv&as_of=2026-01-01T00:05:30Z").json()
    assert {node["id"] for node in found["nodes"]} >= {"out.csv@r3"}
    assert not {node["id"] for node in found["nodes"]} & {"r4", "r5"}


def test_the_stale_components_are_those_whose_newest_run_is_stale(api: TestClient) -> None:
    found = api.get("/api/v1/stale?as_of=2026-06-01&max_age=60").json()
    at, age = datetime(2026, 6, 1, tzinfo=UTC), timedelta(days=60)
    assert found == {"stale": [one.to_dict() for one in lineage(api).stale_components(at, age)]}
    assert [one["of"] for one in schemas.StaleList.model_validate(found).model_dump()["stale"]] == ["r4", "r5"]


def test_a_ranking_is_asked_by_names_or_by_a_description(api: TestClient) -> None:
    graph = lineage(api)
    named = api.post("/api/v1/rank", json={"outputs": ["out2.csv"], "contrast": ["out.csv"]})
    assert named.json() == graph.rank(["out2.csv"], ["out.csv"]).to_dict()
    assert api.post("/api/v1/rank", json={"flagged": True}).json()["slice"] == ["out2.csv@r5"]
    labelled = api.post("/api/v1/rank", json={"label": {"key": "client", "value": "c-17"}, "since": "2026-01-01"})
    assert labelled.json()["slice"] == ["out.csv@r3"]


@pytest.mark.parametrize("question", [{}, {"outputs": ["out.csv"], "flagged": True}])
def test_a_ranking_without_one_way_to_the_outputs_is_refused(api: TestClient, question: dict[str, Any]) -> None:
    refused = api.post("/api/v1/rank", json=question)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "usage")


def test_runs_are_paged_newest_first(api: TestClient) -> None:
    ids: list[str] = []
    cursor: dict[str, Any] = {}
    for _ in range(3):
        page = api.get("/api/v1/runs", params={"limit": 2, **cursor}).json()
        ids += [run["id"] for run in page["runs"]]
        cursor = {"cursor": page["cursor"]}
    assert (ids, cursor) == (["r5", "r4", "r3", "r2", "r1"], {"cursor": None})


def test_a_history_is_found_by_the_address_and_by_a_parameter(api: TestClient) -> None:
    by_address = api.get("/api/v1/components/train/history").json()
    assert [run["id"] for run in by_address["runs"]] == ["r4", "r2"]
    assert api.get("/api/v1/runs?component=train").json() == by_address


@pytest.mark.parametrize("name", NASTY)
def test_any_name_goes_through_unchanged(fresh: TestClient, name: str) -> None:
    run = {"id": "nasty", "component": name, "inputs": [{"name": name}], "outputs": [{"name": "made"}]}
    assert fresh.post("/api/v1/runs", json=run).json() == {"recorded": 1, "refused": []}
    history = fresh.get("/api/v1/runs", params={"component": name}).json()
    assert [found["component"] for found in history["runs"]] == [name]
    assert fresh.get("/api/v1/impact", params={"of": f"{name}@external"}).json()["start"] == [f"{name}@external"]
    assert name in {
        pointer["name"] for pointer in fresh.get("/api/v1/search", params={"text": name}).json()["pointers"]
    }


def test_a_flag_is_set_and_cleared_with_who_and_why(fresh: TestClient) -> None:
    assert fresh.post("/api/v1/flags", json={"of": ["out.csv"], "why": "all zero"}).json() == {
        "flagged": ["out.csv@r3"]
    }
    [said] = [note for note in lineage(fresh).store.annotations(["out.csv@r3"]) if note.kind == "flag"]
    assert (said.value, said.who, said.why) == (True, "anonymous", "all zero")
    cleared = fresh.post("/api/v1/flags", json={"of": ["out.csv"], "flagged": False, "who": "ann"})
    assert cleared.json() == {"unflagged": ["out.csv@r3"]}


MODELS: dict[str, type[BaseModel]] = {
    "trace": schemas.Walk,
    "impact": schemas.Walk,
    "between": schemas.Walk,
    "rank": schemas.RankingDocument,
    "review": schemas.RankingDocument,
    "list_runs": schemas.RunList,
    "history": schemas.RunList,
    "record_runs": schemas.Recorded,
    "receive_events": schemas.Batch,
    "inspect": schemas.InspectedRun,
    "diff": schemas.DiffDocument,
    "stale": schemas.StalenessDocument,
    "components": schemas.ComponentList,
    "metrics": schemas.MetricList,
    "alerts": schemas.AlertList,
    "feedback": schemas.Feedback,
    "flag": schemas.Flagged,
    "search": schemas.PointerList,
    "stats": schemas.Stats,
    "store_limits": schemas.StoreLimits,
    "ask_store": schemas.StoreAnswer,
    "digest": schemas.Digest,
    "live": schemas.Health,
    "ready": schemas.Readiness,
}


def asked(api: TestClient, name: str) -> Any:
    """Send the example of a route."""
    known = examples()[name]["request"]
    if isinstance(known, str):
        return api.get(known.removeprefix("GET ")).json()
    path = next(path for path, found in api.get("/openapi.json").json()["paths"].items() if _is(found, name))
    got = api.post(path.replace("{method}", "resolve"), json=known)
    return got.json() if got.content else None


def _is(operations: dict[str, Any], name: str) -> bool:
    return bool(operations.get("post", {}).get("operationId") == name)


def settled(value: Any) -> Any:
    """Return a document without what depends on the version of something."""
    if isinstance(value, dict):
        return {key: settled(inner) for key, inner in value.items() if key not in VOLATILE}
    return [settled(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", [name for name in examples() if not name.startswith("deletion_")])
def test_each_example_of_the_page_is_what_the_service_answers(
    api: TestClient, request: pytest.FixtureRequest, name: str
) -> None:
    found = asked(request.getfixturevalue("fresh") if name in CHANGING else api, name)
    assert settled(found) == settled(examples()[name]["response"])
    if found is not None:
        MODELS[name].model_validate(found)


def test_every_route_of_the_page_has_an_example_and_tells_its_failures(api: TestClient) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    operations = [(path, found) for path, methods in paths.items() for found in methods.values()]
    assert {found["operationId"] for _, found in operations} == examples().keys()
    for path, found in operations:
        if found["operationId"] != "receive_event":
            assert found["responses"]["200"]["content"]["application/json"]["example"]
        assert "requestBody" not in found or "example" in json.dumps(found["requestBody"])
        if path.startswith("/api"):
            assert {"401", "403", "422", "429", "503", "504"} <= found["responses"].keys()
            assert found["security"]


def test_every_reference_of_the_page_leads_somewhere(api: TestClient) -> None:
    page = api.get("/openapi.json").json()
    named = {part.split('"')[0] for part in json.dumps(page).split("#/components/schemas/")[1:]}
    assert named <= page["components"]["schemas"].keys()
    assert {"RunClaim", "ComponentClaim", "AnnotationClaim", "Walk"} <= named
