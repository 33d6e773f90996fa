"""What is seen of every request: its id, its line in the log, its time, and the headers of its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headwater import clock, ids
from headwater.api.headers import REQUEST_ID, headers_of
from headwater.api.logs import log_request
from headwater.api.metrics import Metrics
from headwater.errors import StoreError

_GIVEN_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})


@dataclass(slots=True)
class _Seen:
    """What went out so far; 500 until something did, for then the outermost layer answers."""

    status: int = 500
    size_bytes: int = 0


class Observed:
    """Watches the requests of an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and tell of it when it is over."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["request_id"] = _request_id(scope)
        seen, began = _Seen(), clock.monotonic_s()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                MutableHeaders(scope=message).update(headers_of(scope))
            seen.size_bytes += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._tell(scope, seen, clock.monotonic_s() - began)

    def _tell(self, scope: Scope, seen: _Seen, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        # The pattern of the route: what stands in its place may be a name, and there is no end of names.
        route = scope["state"].get("route") or getattr(scope.get("route"), "path_format", "none")
        failure = scope["state"].get("failure")
        self._metrics.observe(method, route, seen.status, seen.size_bytes, seconds)
        if isinstance(failure, StoreError):
            self._metrics.fail(failure)
        fields = {
            "request_id": scope["state"]["request_id"],
            "method": method,
            "route": route,
            "status": seen.status,
            "size_bytes": seen.size_bytes,
            "seconds": round(seconds, 6),
            "token": getattr(scope["state"].get("identity"), "id", None),
        }
        log_request(fields, failure)


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get(REQUEST_ID, "")
    return given if _GIVEN_ID.fullmatch(given) else ids.new_run_id()
