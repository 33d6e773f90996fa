"""Which runs are to blame."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response

from headwater.api.asking import Reading, json_response
from headwater.api.claims import RankQuestion
from headwater.api.documentation import API, examples, reading, writing
from headwater.api.routes.parameters import Formula
from headwater.api.schemas import RankingDocument
from headwater.errors import UsageError
from headwater.graph.store import OutputFilter

router = APIRouter(prefix=API, tags=["ranking"])


@router.post("/rank", **writing("rank", RankingDocument))
async def rank(
    ask: Reading, question: Annotated[RankQuestion, Body(examples=[examples()["rank"]["request"]])]
) -> Response:
    """Rank the runs behind bad outputs, which are named or described, most suspicious first."""
    where = _described(question)
    if bool(question.outputs) == (where != OutputFilter()):
        raise UsageError("name the bad outputs, or describe them: one of the two", hint="`outputs` names them")
    bad = question.outputs or where
    return await ask.put(lambda graph: json_response(graph.rank(bad, question.contrast, question.formula).to_dict()))


@router.get("/review", **reading("review", RankingDocument))
async def review(ask: Reading, formula: Formula = None) -> Response:
    """Rank the runs behind everything that is flagged."""
    return await ask.document(lambda lineage: lineage.review(formula).to_dict())


def _described(question: RankQuestion) -> OutputFilter:
    label = question.label
    return OutputFilter(
        components=question.components,
        since=question.since,
        until=question.until,
        pattern=question.pattern,
        flagged=question.flagged or None,
        label=None if label is None else (label.key, label.value),
    )
