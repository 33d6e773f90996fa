"""The store itself, for Headwater's own clients: `headwater.connect("https://...")` asks here what a store is asked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from headwater.api.asking import Asking, json_response
from headwater.api.documentation import asking_store, reading
from headwater.api.logs import audit
from headwater.api.methods import Asked, method_named, patiently, stream
from headwater.api.schemas import StoreLimits
from headwater.api.service import InService, Known
from headwater.api.tokens import Identity
from headwater.graph.protocol import LONG, PATH, WRITES
from headwater.graph.store import Store

router = APIRouter(prefix=PATH, tags=["clients"])

Name = Annotated[str, Path(max_length=64, description="The name of the method.")]


@router.get("", **reading("store_limits", StoreLimits))
async def store_limits(service: InService, _: Known) -> Response:
    """Tell a client how large a question may be, and how long it may wait for an answer."""
    settings = service.settings
    return json_response({"body_bytes": settings.api_body_bytes, "timeout_s": settings.api_timeout_s})


@router.post("/{method}", **asking_store("ask_store"))
async def ask_store(request: Request, ask: Asking, who: Known, method: Name) -> Response:
    """Ask the store: a method of it by name, with its parameters.

    Facts are recorded all or none. An answer of any length comes line by line: `part` holds some items, the last line
    has `end`; a stream without it is not whole.
    """
    known, body = method_named(method), await request.body()
    request.scope["state"]["route"] = f"{PATH}/{method}"

    def read() -> Asked:
        return Asked.of(known, body, who)

    if method in LONG:
        return await patiently(ask, read)
    if known.is_streamed:
        return await stream(ask, read)
    return await ask.put(lambda lineage: _answered(request, who, lineage.store, read()))


def _answered(request: Request, who: Identity, store: Store, asked: Asked) -> Response:
    found, name = Response(asked.answer(store), media_type="application/json"), asked.method.name
    if name in WRITES:
        changed = {key: len(items) for key, items in asked.given.items() if isinstance(items, list)}
        audit(name, request_id=request.scope["state"]["request_id"], token=who.id, name=who.name, **changed)
    return found
