"""How the service is: for those who start it, watch it and measure it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from headwater.api.asking import json_response
from headwater.api.documentation import open_to_all
from headwater.api.schemas import Health, Readiness
from headwater.api.service import InService, Reader
from headwater.graph.lineage.face import Lineage

router = APIRouter(tags=["service"])

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/health/live", **open_to_all("live", Health))
async def live() -> Response:
    """Tell that the service is there."""
    return json_response({"status": "live"})


@router.get("/health/ready", **open_to_all("ready", Readiness, 500, 502, 503, 504))
async def ready(request: Request, service: InService) -> Response:
    """Tell that the store answers, and what it is."""
    return await service.readiness.ask(request, lambda: json_response(_state(service.lineage)))


def _state(lineage: Lineage) -> dict[str, object]:
    mark, about = lineage.store.watermark(), lineage.store.about()
    known = {"software": about["software"], "schema_version": about["schema"]}
    return {"status": "ready", **known, "watermark": mark.position, "rebinding": mark.rebinding}


@router.get("/metrics", include_in_schema=False)
async def metrics(service: InService, _: Reader) -> Response:
    """Give what the service counts of itself, in the format of Prometheus."""
    return Response(service.metrics.text(), media_type=_PROMETHEUS)
