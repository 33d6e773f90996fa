"""How good components are: metrics, alerts, and the outputs and labels that metrics are computed from."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request, Response

from headwater.api.asking import Asking, Reading, json_response
from headwater.api.claims import MOST_NAME, FeedbackClaim
from headwater.api.documentation import API, examples, uncached, writing
from headwater.api.logs import audit
from headwater.api.routes.parameters import Size
from headwater.api.schemas import AlertList, Feedback, MetricList
from headwater.api.service import Writer
from headwater.graph.lineage import incident_document, metrics_document
from headwater.graph.lineage.face import Lineage

router = APIRouter(prefix=API, tags=["metrics"])


@router.get("/components/{name:name}/metrics", **uncached("metrics", MetricList))
async def metrics(ask: Reading, name: Annotated[str, Path(max_length=MOST_NAME)], limit: Size = 20) -> Response:
    """Tell the metrics of a component, each with its newest values, and what its SLAs say of them."""
    return json_response(await ask.put(lambda lineage: metrics_document(name, lineage.metrics(name, limit))))


@router.get("/alerts", **uncached("alerts", AlertList))
async def alerts(
    ask: Reading,
    with_closed: Annotated[bool, Query(alias="all", description="Closed ones as well.")] = False,
    limit: Size = 50,
) -> Response:
    """List the incidents in which an SLA does not hold, the open ones first."""

    def found(lineage: Lineage) -> dict[str, Any]:
        return {"alerts": [incident_document(one) for one in lineage.alerts(only_open=not with_closed, size=limit)]}

    return json_response(await ask.put(found))


@router.post("/feedback", **writing("feedback", Feedback))
async def feedback(
    request: Request,
    ask: Asking,
    who: Writer,
    claim: Annotated[FeedbackClaim, Body(examples=[examples()["feedback"]["request"]])],
) -> Response:
    """Log outputs of a component, labels that turned out to be true, or both, by id; again changes nothing."""
    facts = claim.facts()
    await ask.put(lambda lineage: lineage.record(facts))
    found = {"outputs": len(claim.outputs), "labels": len(claim.labels)}
    audit("feedback", request_id=request.scope["state"]["request_id"], token=who.id, name=who.name, **found)
    return json_response(found)
