"""What a service answers in place of an answer, as the failures that its own store would raise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus

from headwater.errors import (
    AuthenticationFailed,
    HeadwaterError,
    NotAStore,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    TooLarge,
    UsageError,
)

_TOKEN_HINT = "set HEADWATER_TOKEN to a token that `headwater tokens add` made where the service runs"
# Codes of the service alone go by their status.
_BY_STATUS: Mapping[int, type[HeadwaterError]] = {
    HTTPStatus.UNAUTHORIZED: AuthenticationFailed,
    HTTPStatus.FORBIDDEN: AuthenticationFailed,
    HTTPStatus.NOT_FOUND: NotAStore,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge,
    HTTPStatus.UNPROCESSABLE_ENTITY: UsageError,
    HTTPStatus.TOO_MANY_REQUESTS: StoreBusy,
    HTTPStatus.SERVICE_UNAVAILABLE: StoreBusy,
}
_PROXY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})


class ForAWhile(Exception):
    """What went wrong may be right again: when the service says, or soon."""

    def __init__(self, error: HeadwaterError, after_s: float | None = None) -> None:
        super().__init__(error)
        self.error, self.after_s = error, after_s


def failure_of(told: Mapping[str, str], status: int = 500) -> HeadwaterError:
    """Return the exception that a failure's document means: the one of its code, else one for its status."""
    message, hint = told["message"], told["hint"]
    if status == HTTPStatus.UNAUTHORIZED:
        hint = _TOKEN_HINT
    known = {kind.code: kind for kind in _descendants(HeadwaterError)}
    return known.get(told["code"], _BY_STATUS.get(status, StoreError))(message, hint=hint)


def unnamed(url: str, status: int, location: str | None) -> HeadwaterError:
    """Return the failure of an answer that no service gives: something else answers, or stands before it."""
    if location is not None:
        return NotAStore(f"{url} sends to another address", hint=f"if you trust it, use {location.partition('?')[0]}")
    if status in _PROXY:
        return StoreUnavailable(f"what stands before {url} answers {status}")
    return NotAStore(f"what answers at {url} with {status} is no service of Headwater", hint="check the address")


def for_a_while(error: HeadwaterError, after_s: float | None = None) -> Exception:
    """Return what to raise for a failure of the service, of which some pass."""
    return ForAWhile(error, after_s) if type(error) in (StoreBusy, StoreUnavailable) else error


def _descendants(kind: type[HeadwaterError]) -> Iterator[type[HeadwaterError]]:
    """Give the failures that stand in `errors`; others, such as a component's, have no document."""
    for one in kind.__subclasses__():
        if one.__module__ == kind.__module__:
            yield one
            yield from _descendants(one)
