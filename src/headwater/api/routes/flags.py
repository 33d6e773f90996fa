"""Flags: what somebody wants to be looked into."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from headwater.api.asking import Asking, json_response
from headwater.api.claims import FlagClaim
from headwater.api.documentation import API, examples, writing
from headwater.api.logs import audit
from headwater.api.schemas import Flagged
from headwater.api.service import Flagger

router = APIRouter(prefix=API, tags=["flags"])


@router.post("/flags", **writing("flag", Flagged))
async def flag(
    request: Request,
    ask: Asking,
    who: Flagger,
    claim: Annotated[FlagClaim, Body(examples=[examples()["flag"]["request"]])],
) -> Response:
    """Flag outputs or runs for review, or clear their flags; `who` is the name of the token if not given."""
    by = claim.who or who.name
    if claim.flagged:
        found = await ask.put(lambda lineage: lineage.flag(claim.of, by, claim.why))
    else:
        found = await ask.put(lambda lineage: lineage.unflag(claim.of, by, claim.why))
    action = "flag" if claim.flagged else "unflag"
    audit(action, request_id=request.scope["state"]["request_id"], token=who.id, name=who.name, count=len(found))
    return json_response({f"{action}ged": found})
