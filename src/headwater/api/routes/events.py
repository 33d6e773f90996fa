"""Events of OpenLineage, as its clients send them: Airflow, Spark, dbt, Flink and others."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from headwater.api.asking import Asking, json_response
from headwater.api.documentation import API, event_schema, receiving, receiving_one
from headwater.api.logs import audit
from headwater.api.recording import receive, receive_each
from headwater.api.service import Writer
from headwater.api.tokens import Identity

router = APIRouter(prefix=API, tags=["openlineage"])


@router.post("/lineage", **receiving_one("receive_event", event_schema()))
async def receive_event(request: Request, ask: Asking, who: Writer) -> Response:
    """Record one event of OpenLineage; sent again it changes nothing.

    A 4xx is for good: the event is malformed, and the message names the place. After 503 and 504 send it again.
    """
    body = await request.body()
    await ask.put(lambda lineage: receive(lineage, body))
    _tell(request, who, received=1, successful=1, failed=0)
    return Response(status_code=201)


@router.post("/lineage/batch", **receiving("receive_events", {"type": "array", "items": event_schema()}))
async def receive_events(request: Request, ask: Asking, who: Writer) -> Response:
    """Record a list of events of OpenLineage; those that cannot be recorded are told, each with its reason.

    What is told as successful is durable. Send those that are `retriable` again, and the others never.
    """
    body = await request.body()
    found = (await ask.put(lambda lineage: receive_each(lineage, body))).to_dict()
    _tell(request, who, **found["summary"])
    return json_response(found)


def _tell(request: Request, who: Identity, **counts: Any) -> None:
    audit("receive", request_id=request.scope["state"]["request_id"], token=who.id, name=who.name, **counts)
