"""Runs: what they were, how they differ, what is stale, and logging them from any language."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from headwater.api.asking import Asking, Reading, json_response
from headwater.api.claims import MOST_NAME
from headwater.api.documentation import API, facts_schema, reading, recording
from headwater.api.logs import audit
from headwater.api.recording import record_each
from headwater.api.routes.parameters import AsOf, Cursor, Reference, Size
from headwater.api.schemas import DiffDocument, InspectedRun, RunList, StaleList, StalenessDocument
from headwater.api.service import Writer
from headwater.api.tokens import Scope
from headwater.graph.lineage import inspect_document
from headwater.graph.lineage.face import Lineage

router = APIRouter(prefix=API, tags=["runs"])

_SOME_FAILED = 207
Component = Annotated[str | None, Query(max_length=MOST_NAME, description="Of this component only.")]
MaxAge = Annotated[
    float | None,
    Query(ge=0, le=1_000_000, allow_inf_nan=False, description="An input older than this many days is old (30)."),
]


@router.get("/runs", **reading("list_runs", RunList))
async def list_runs(ask: Reading, limit: Size = 20, cursor: Cursor = None, component: Component = None) -> Response:
    """List the newest runs, of all components or of one."""

    def page(lineage: Lineage) -> dict[str, Any]:
        if component is None:
            return lineage.recent(limit, cursor).to_dict()
        return lineage.history(component, limit, cursor).to_dict()

    return await ask.document(page)


@router.post("/runs", **recording("record_runs", facts_schema()))
async def record_runs(request: Request, ask: Asking, who: Writer) -> Response:
    """Record a run, or a list of runs: at their start, at their end, or whole; again changes nothing.

    An item of a list that cannot be recorded is told (207) and the others are recorded; components, annotations and,
    with the scope delete, erasures may stand among them.
    """
    body = await request.body()
    told = await ask.put(lambda lineage: record_each(lineage, body, may_erase=who.may(Scope.DELETE)))
    found = {"recorded": told.recorded, "refused": len(told.refused)}
    audit("record", request_id=request.scope["state"]["request_id"], token=who.id, name=who.name, **found)
    return json_response(told.to_dict(), _SOME_FAILED if told.refused else 200)


@router.get("/runs/{id:name}", **reading("inspect", InspectedRun))
async def inspect(ask: Reading, run: Annotated[str, Path(alias="id", max_length=MOST_NAME)]) -> Response:
    """Show one run whole: inputs, outputs, parameters, triggers, annotations."""
    return await ask.document(lambda lineage: inspect_document(lineage.inspect(run)))


@router.get("/diff", **reading("diff", DiffDocument))
async def diff(ask: Reading, a: Reference, b: Reference) -> Response:
    """Tell where two runs, or the traces of two pointers, first differ."""
    return await ask.document(lambda lineage: lineage.diff(a, b).to_dict())


@router.get("/stale", **reading("stale", StalenessDocument | StaleList))  # type: ignore[arg-type]
async def stale(
    ask: Reading,
    of: Annotated[str | None, Query(min_length=1, max_length=MOST_NAME)] = None,
    as_of: AsOf = None,
    max_age: MaxAge = None,
) -> Response:
    """Tell what is stale and why: a run or pointer, or without one the newest run of each component."""
    age = None if max_age is None else timedelta(days=max_age)

    def question(lineage: Lineage) -> dict[str, Any]:
        if of is not None:
            return lineage.stale(of, as_of, age).to_dict()
        return {"stale": [one.to_dict() for one in lineage.stale_components(as_of, age)]}

    return await ask.document(question)
