"""Traces and impact within the service's time: what takes longer is answered as far as it was reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from fastapi import Response

from headwater.api.asking import Asker, Document, encode
from headwater.api.failures import OutOfTime
from headwater.errors import QuestionEnded
from headwater.graph.lineage import UNLIMITED, Limits
from headwater.graph.lineage.face import Lineage

Question: TypeAlias = Callable[[Lineage, Limits], Document]


async def walk(asker: Asker, question: Question, limits: Limits, as_of: datetime | None) -> Response:
    """Send what the question finds within the limits.

    The whole answer comes from one statement, which is the fastest but tells nothing when it is ended; so half of the
    time is left to walk level by level. Raises OutOfTime with what that reached.
    """
    time_s = asker.service.questions.timeout_s
    if limits == UNLIMITED and as_of is None:
        try:
            return await asker.document(lambda lineage: question(lineage, UNLIMITED), time_s / 2)
        except QuestionEnded:
            time_s /= 2
    return await asker.document(_bounded(question, limits, time_s / 2), time_s)


def _bounded(question: Question, limits: Limits, time_s: float) -> Callable[[Lineage], Document]:
    """Return the question with a time limit of the service, which the client has not asked for."""
    is_asked = limits.time_s is not None and limits.time_s <= time_s
    within = limits if is_asked else replace(limits, time_s=time_s)

    def work(lineage: Lineage) -> Document:
        found = question(lineage, within)
        if not is_asked and found["truncated"] is not None and found["truncated"]["reason"] == "time":
            raise OutOfTime(encode(found))
        return found

    return work
