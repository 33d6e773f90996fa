"""What a route does: it asks the lineage graph one question and sends the document that answers it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, TypeVar

from fastapi import Depends, Request, Response

from headwater.api.service import InService, Reader, Service
from headwater.graph.lineage.face import Lineage

T = TypeVar("T")
Document: TypeAlias = dict[str, Any]

_NOT_MODIFIED = 304
_CACHE = {"cache-control": "private, no-cache", "vary": "Accept, Authorization"}


@dataclass(frozen=True, slots=True)
class Asker:
    """One request's way to the store."""

    request: Request
    service: Service

    async def put(self, work: Callable[[Lineage], T], timeout_s: float | None = None) -> T:
        """Return what `work` finds, in the service's time for a question if no other is given."""
        lineage = self.service.lineage
        return await self.service.questions.ask(self.request, lambda: work(lineage), timeout_s)

    async def document(self, work: Callable[[Lineage], Document], timeout_s: float | None = None) -> Response:
        """Send what `work` tells; nothing but 304 when the graph has not changed since the client asked the same."""
        return await self.put(lambda lineage: self._told(lineage, work), timeout_s)

    def _told(self, lineage: Lineage, work: Callable[[Lineage], Document]) -> Response:
        mark = lineage.store.watermark()
        if mark.rebinding:
            return json_response(work(lineage))
        # Weak, for one answer has several encodings.
        tag = f'W/"{self.service.born}-{mark.position}"'
        headers = {**_CACHE, "etag": tag}
        if tag in self._tags():
            return Response(status_code=_NOT_MODIFIED, headers=headers)
        found = work(lineage)
        return json_response(found, headers=headers if _is_repeatable(found) else None)

    def _tags(self) -> list[str]:
        return [tag.strip() for tag in self.request.headers.get("if-none-match", "").split(",")]


def encode(document: Document) -> bytes:
    """Return a document as the text of JSON."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def json_response(document: Document, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return the response that holds a document."""
    return Response(encode(document), status, headers, "application/json")


def _is_repeatable(document: Document) -> bool:
    """Whether the same graph gives the same answer: a walk that ran out of time may get further the next time."""
    truncated = document.get("truncated")
    return truncated is None or truncated["reason"] != "time"


async def _asker(request: Request, service: InService) -> Asker:
    return Asker(request, service)


async def _reader(request: Request, service: InService, _: Reader) -> Asker:
    return Asker(request, service)


Asking: TypeAlias = Annotated[Asker, Depends(_asker)]
Reading: TypeAlias = Annotated[Asker, Depends(_reader)]
