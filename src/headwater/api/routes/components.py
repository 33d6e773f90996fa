"""Components and their histories."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from headwater.api.asking import Reading
from headwater.api.claims import MOST_NAME
from headwater.api.documentation import API, reading
from headwater.api.routes.parameters import Cursor, Size
from headwater.api.schemas import ComponentList, RunList
from headwater.graph.lineage import component_document

router = APIRouter(prefix=API, tags=["components"])


@router.get("/components", **reading("components", ComponentList))
async def components(ask: Reading) -> Response:
    """List all components."""
    return await ask.document(lambda lineage: {"components": list(map(component_document, lineage.components()))})


@router.get("/components/{name:name}/history", **reading("history", RunList))
async def history(
    ask: Reading, name: Annotated[str, Path(max_length=MOST_NAME)], limit: Size = 20, cursor: Cursor = None
) -> Response:
    """List the newest runs of a component.

    `/runs?component=` does so too, and takes names of dots, which addresses cannot hold.
    """
    return await ask.document(lambda lineage: lineage.history(name, limit, cursor).to_dict())
