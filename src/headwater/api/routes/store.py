"""The store as a whole: names that contain a text, how much there is, and its hash."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from headwater.api.asking import Reading
from headwater.api.claims import MOST_NAME
from headwater.api.documentation import API, reading
from headwater.api.routes.parameters import Size
from headwater.api.schemas import Digest, PointerList, Stats
from headwater.graph.answer import documents

router = APIRouter(prefix=API, tags=["store"])

Text = Annotated[str, Query(min_length=1, max_length=MOST_NAME, description="A part of a name, in any case.")]


@router.get("/search", **reading("search", PointerList))
async def search(ask: Reading, text: Text, limit: Size = 50) -> Response:
    """List the names that contain a text, each with its newest state."""
    return await ask.document(lambda lineage: {"pointers": documents(lineage.search(text, limit))})


@router.get("/stats", **reading("stats", Stats))
async def stats(ask: Reading) -> Response:
    """Count the components, runs, pointers and edges."""
    return await ask.document(lambda lineage: dict(lineage.stats()))


@router.get("/digest", **reading("digest", Digest))
async def digest(ask: Reading) -> Response:
    """Tell the hash of the whole graph: equal on every store that holds the same facts."""
    return await ask.document(lambda lineage: {"digest": lineage.digest()})
