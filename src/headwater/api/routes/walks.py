"""Traces, impact, and what lies between two things."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from headwater.api import streaming
from headwater.api.asking import Asker, Document, Reading
from headwater.api.documentation import API, walking
from headwater.api.routes.parameters import AsOf, Reference, References, Within
from headwater.api.walking import walk
from headwater.graph.lineage import UNLIMITED, Limits
from headwater.graph.lineage.face import Lineage

router = APIRouter(prefix=API, tags=["lineage"])

Columns = Annotated[bool, Query(description="Tell which column derives from which, where a tool told it.")]
ColumnName = Annotated[str | None, Query(max_length=4_096, description="Follow this column of the start alone.")]


@router.get("/trace", **walking("trace"))
async def trace(
    ask: Reading,
    of: References,
    limits: Within,
    as_of: AsOf = None,
    columns: Columns = False,
    column: ColumnName = None,
) -> Response:
    """Tell what outputs were derived from: the backward trace."""
    return await _walk(ask, of, limits, as_of, columns or column is not None, column, backward=True)


@router.get("/impact", **walking("impact"))
async def impact(
    ask: Reading,
    of: References,
    limits: Within,
    as_of: AsOf = None,
    columns: Columns = False,
    column: ColumnName = None,
) -> Response:
    """Tell what derives from inputs: the forward trace, for deletion requests and bad sources."""
    return await _walk(ask, of, limits, as_of, columns or column is not None, column, backward=False)


@router.get("/between", **walking("between"))
async def between(ask: Reading, source: Reference, target: Reference) -> Response:
    """Tell how the target derives from the source: everything on a path between them."""
    if streaming.is_wanted(ask):
        return await ask.put(lambda lineage: streaming.lines_of(lineage.between(source, target).to_dict()))
    return await ask.document(lambda lineage: lineage.between(source, target).to_dict())


async def _walk(
    ask: Asker,
    of: Sequence[str],
    limits: Limits,
    as_of: datetime | None,
    with_columns: bool,
    column: str | None,
    *,
    backward: bool,
) -> Response:
    def question(lineage: Lineage, within: Limits) -> Document:
        answer = (lineage.trace if backward else lineage.impact)(of, within, as_of)
        if not with_columns:
            return answer.to_dict()
        found = lineage.derivations(answer, column, backward=backward)
        return {**answer.to_dict(), "derivations": [one.to_dict() for one in found]}

    if not streaming.is_wanted(ask):
        return await walk(ask, question, limits, as_of)
    if limits == UNLIMITED and as_of is None and not with_columns:
        return await streaming.stream(ask, of, backward=backward)
    return await ask.put(lambda lineage: streaming.lines_of(question(lineage, limits)))
