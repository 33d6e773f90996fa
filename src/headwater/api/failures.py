"""Failures that only a service has, and the one place where any failure becomes a response.

Every failure is `{"error": {"code", "message", "hint"}}`. What the store says of itself (paths, addresses, statements)
stays in the log: a client is told the kind of failure and what to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from headwater.api.headers import headers_of
from headwater.errors import HeadwaterError, NotFound, QuestionEnded, StoreError

RETRY_AFTER_S = 1


class Unauthenticated(HeadwaterError):
    """The request carries no token that is known here."""

    code = "unauthenticated"
    status = 401
    hint = "send `Authorization: Bearer TOKEN`; `headwater tokens add` makes a token"


class Forbidden(HeadwaterError):
    """The token does not allow this."""

    code = "forbidden"
    status = 403
    hint = "ask for a token with the scope that is named"


class BodyTooLarge(HeadwaterError):
    """The body is larger than this service takes."""

    code = "body_too_large"
    status = 413
    hint = "send it in parts"


class UnsupportedMedia(HeadwaterError):
    """The body is not JSON."""

    code = "unsupported_media"
    status = 415
    hint = "send `Content-Type: application/json`, plain or with `Content-Encoding: gzip`"


class InvalidRequest(HeadwaterError):
    """The request is not what this route takes."""

    code = "invalid_request"
    status = 422
    hint = "/docs shows what each route takes"


class TooManyRequests(HeadwaterError):
    """There were too many requests in a short time."""

    code = "too_many_requests"
    status = 429
    hint = "wait as long as Retry-After says"


class ClientLeft(HeadwaterError):
    """The client went away before its answer was there."""

    code = "client_left"
    status = 499


class Overloaded(HeadwaterError):
    """The service answers as many questions as it can."""

    code = "overloaded"
    status = 503
    hint = "wait as long as Retry-After says"


class IssuerUnavailable(HeadwaterError):
    """The issuer of tokens cannot be asked for its keys."""

    code = "issuer_unavailable"
    status = 503
    hint = "wait as long as Retry-After says; the service's log tells the rest"


class OutOfTime(QuestionEnded):
    """The time for a question was over before all was reached."""

    code = "out_of_time"
    hint = "what was reached is in `answer`; ask on from its frontier, or with limits"

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer


def answer_failures(app: FastAPI) -> None:
    """Answer everything that goes wrong in the application in the one shape."""
    app.add_exception_handler(HeadwaterError, _on_named)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(Exception, _on_unexpected)


def failure_response(error: HeadwaterError) -> Response:
    """Return the response that tells a failure."""
    body = _text(error)
    if isinstance(error, OutOfTime):
        body = body[:-1] + b',"answer":' + error.answer + b"}"
    return Response(body, error.status, _headers(error), "application/json")


def public_document(error: HeadwaterError) -> dict[str, dict[str, str]]:
    """Return the document of a failure without what the store says of itself."""
    message = str(type(error).__doc__) if isinstance(error, StoreError) else error.message
    return {"error": {**error.to_dict()["error"], "message": message}}


def _text(error: HeadwaterError) -> bytes:
    return json.dumps(public_document(error)).encode()


def _headers(error: HeadwaterError) -> dict[str, str]:
    if error.status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    if error.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return {"Retry-After": str(RETRY_AFTER_S)}
    return {}


def _on_named(request: Request, error: Exception) -> Response:
    assert isinstance(error, HeadwaterError)
    request.scope["state"]["failure"] = error
    return failure_response(error)


def _on_http(request: Request, error: Exception) -> Response:
    """Answer for the framework: no such route, a method that a route has not, a body that cannot be read."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.NOT_FOUND:
        return _on_named(request, NotFound("there is nothing at this address", hint="/docs lists the routes"))
    if status is HTTPStatus.BAD_REQUEST:
        return _on_named(request, InvalidRequest("the body cannot be read as JSON"))
    found = {"code": status.name.lower(), "message": f"{status.phrase}.", "hint": "/docs lists the routes"}
    body = json.dumps({"error": found}).encode()
    return Response(body, status, error.headers, "application/json")


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _on_named(request, InvalidRequest("; ".join(map(_complaint, error.errors()[:5]))))


def _complaint(fault: Mapping[str, object]) -> str:
    place = fault["loc"]
    assert isinstance(place, tuple)
    return f"{'.'.join(map(str, place))}: {fault['msg']}"


def _on_unexpected(request: Request, error: Exception) -> Response:
    """Answer for a defect; the framework's outermost layer sends this, beyond the one that adds headers."""
    request.scope["state"]["failure"] = error
    response = failure_response(HeadwaterError("the service failed", hint="its log tells the rest by the request id"))
    response.headers.update(headers_of(request.scope))
    return response
