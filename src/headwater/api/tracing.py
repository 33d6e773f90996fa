"""Traces of the service itself, by OpenTelemetry: a span a request, and under it one a question to the store.

No name, parameter or message stands in a span, for the same reason as in the log: only where, how long, how large, and
the code of a failure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, get_tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headwater.errors import HeadwaterError

T = TypeVar("T")
_FAILED = 500
_PARENT = TraceContextTextMapPropagator()


class _FromHeaders(Getter[Headers]):
    """Lets the propagator read the headers of a request."""

    def get(self, carrier: Headers, key: str) -> list[str] | None:
        """Return the values of a header."""
        return carrier.getlist(key) or None

    def keys(self, carrier: Headers) -> list[str]:
        """Return the names of the headers."""
        return carrier.keys()


_HEADERS = _FromHeaders()


class Traced:
    """Gives each request of an application a span, under the one that its `traceparent` names."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._tracer = app, tracer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on within its span."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parent = _PARENT.extract(Headers(scope=scope), getter=_HEADERS)
        with self._tracer.start_as_current_span(
            scope["method"], parent, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            status, size = _FAILED, 0

            async def watched(message: Message) -> None:
                nonlocal status, size
                status = message.get("status", status)
                size += len(message.get("body", b""))
                await send(message)

            try:
                await self._app(scope, receive, watched)
            finally:
                _tell(span, scope, status, size)


def tracer() -> Tracer:
    """Return what makes spans: that of the process, which does nothing until somebody has set a provider."""
    return get_tracer("headwater.api")


def in_a_span(work: Callable[[], T]) -> Callable[[], T]:
    """Return the same question in a span of its own, under that of its request."""

    def asked() -> T:
        with tracer().start_as_current_span("question", record_exception=False, set_status_on_exception=False) as span:
            try:
                return work()
            except HeadwaterError as error:
                span.set_status(Status(StatusCode.ERROR, error.code))
                raise

    return asked


def _tell(span: Span, scope: Scope, status: int, size_bytes: int) -> None:
    route = getattr(scope.get("route"), "path_format", None)
    span.set_attribute("http.request.method", scope["method"])
    span.set_attribute("http.response.status_code", status)
    span.set_attribute("http.response.body.size", size_bytes)
    span.set_attribute("headwater.request_id", scope["state"].get("request_id", ""))
    if route is not None:
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute("http.route", route)
    if status >= _FAILED:
        failure = scope["state"].get("failure")
        span.set_status(Status(StatusCode.ERROR, getattr(failure, "code", type(failure).__name__)))
