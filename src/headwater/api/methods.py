"""The methods of the store as questions: what a client that has no store of its own asks, read and answered.

A stream is a line of JSON a part, asked for one by one as any question is, so that it takes turns with others, ends
when its client goes away, and needs the memory of one part.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from headwater.api.asking import Asker, encode
from headwater.api.documentation import NDJSON
from headwater.api.failures import ClientLeft, Forbidden, InvalidRequest, public_document
from headwater.api.recording import MOST_DEPTH, is_deeper, parsed
from headwater.api.tokens import Identity, Scope
from headwater.errors import HeadwaterError, NotFound, UsageError
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation
from headwater.graph.protocol import READS, WRITES, Method, method_of
from headwater.graph.store import Store

MOST_ITEMS = 100_000
_LONGEST_S = 3600.0
_BEAT_S = 5.0
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One method with its parameters, which whoever asks may ask."""

    method: Method
    given: Mapping[str, Any]

    @classmethod
    def of(cls, method: Method, body: bytes, who: Identity) -> Asked:
        """Return what a body asks. Raises InvalidRequest, InvalidFact, Forbidden, UsageError."""
        asked = cls(method, _given(method, parsed(body or b"{}")))
        asked._check(who)
        return asked

    def answer(self, store: Store) -> bytes:
        """Return the text of the answer."""
        return self.method.answer.write({"answer": self.method.answer.encode(self._asked(store))})

    def only_part(self, store: Store) -> bytes:
        """Return the answer as the only part of a stream."""
        return _line({"part": [self.method.answer.encode(self._asked(store))]})

    def parts(self, store: Store) -> Generator[bytes]:
        """Give the lines of an answer that is a stream, and the one that says that it is whole."""
        items: Iterator[Any] = iter(self._asked(store))
        while found := list(map(self.method.answer.encode, islice(items, self.method.items_per_line))):
            yield self.method.answer.write({"part": found}) + b"\n"
        yield _line({"end": True})

    def _asked(self, store: Store) -> Any:
        return self.method.of(store)(**self.given)

    def _check(self, who: Identity) -> None:
        """Raise Forbidden or UsageError for what may not be asked, or for more than one answer should hold."""
        scopes = self._scopes()
        if not any(map(who.may, scopes)):
            raise Forbidden(f"the token {who.name!r} has not the scope {scopes[0]}")
        page = self.given.get("page")
        # Below zero is no limit at all.
        if not all(0 <= most <= MOST_ITEMS for most in (self.given.get("most", 0), page.size if page else 0)):
            raise UsageError("the answer would be too long", hint=f"ask for at most {MOST_ITEMS:,} items")

    def _scopes(self) -> list[Scope]:
        """Return the scopes of which one is enough."""
        needed = [Scope(WRITES.get(self.method.name, Scope.READ))]
        facts = self.given.get("facts", ())
        if any(isinstance(fact, Erasure) for fact in facts):
            return [Scope.DELETE]
        are_flags = facts and all(isinstance(fact, Annotation) and fact.kind == "flag" for fact in facts)
        return [*needed, Scope.FLAG] if are_flags else needed


def method_named(name: str) -> Method:
    """Return the method that is asked by this name; raises NotFound."""
    if name not in (*READS, *WRITES):
        raise NotFound(f"stores are not asked for {name!r}", hint="the service may be older than its client")
    return method_of(name)


def _given(method: Method, document: Any) -> dict[str, Any]:
    # The parameters, the list of facts and each fact itself.
    if not isinstance(document, dict) or is_deeper(document, MOST_DEPTH + 2):
        raise InvalidRequest(f"the body is no object, or nested more than {MOST_DEPTH} levels deep")
    try:
        return method.understood(document)
    except HeadwaterError:
        raise
    except ValueError as exc:
        raise InvalidRequest(str(exc)) from exc


class _Lines(StreamingResponse):
    """Lines that end with their response, also when the client has left in the middle of them."""

    def __init__(self, lines: AsyncGenerator[bytes]) -> None:
        super().__init__(lines, media_type=NDJSON)
        self._lines = lines

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Send the lines."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._lines.aclose()


async def stream(asker: Asker, read: Callable[[], Asked]) -> StreamingResponse:
    """Return the response that asks on while it is read; what fails before the first part has a status of its own."""

    def begin(store: Store) -> tuple[bytes, Generator[bytes]]:
        parts = read().parts(store)
        return next(parts), parts

    line, parts = await asker.put(lambda lineage: begin(lineage.store))
    has_left = False

    def more(_: object) -> bytes:
        try:
            return next(parts, b"")
        finally:
            if has_left:
                _close(parts)

    async def lines() -> AsyncGenerator[bytes]:
        nonlocal line, has_left
        try:
            while line:
                # A client that does not read keeps no cursor in the database: what it asked breaks off.
                waiting = asyncio.get_running_loop().call_later(_PATIENCE_S, parts.close)
                try:
                    yield line
                finally:
                    waiting.cancel()
                line = await asker.put(more)
        finally:
            has_left = True
            _close(parts)

    return _Lines(_told(asker, lines()))


def _close(parts: Generator[bytes]) -> None:
    """Close what gives the parts; while one is being made that is for whoever makes it, when it is made."""
    with suppress(ValueError):
        parts.close()


async def patiently(asker: Asker, read: Callable[[], Asked]) -> StreamingResponse:
    """Return the response to a long question: empty lines while it is worked on, so that nobody takes it for dead."""

    async def lines() -> AsyncGenerator[bytes]:
        working = asyncio.ensure_future(asker.put(lambda lineage: read().only_part(lineage.store), _LONGEST_S))
        try:
            while not (await asyncio.wait([working], timeout=_BEAT_S))[0]:
                yield b"\n"
        finally:
            working.cancel()
        yield working.result()
        yield _line({"end": True})

    return _Lines(_told(asker, lines()))


async def _told(asker: Asker, lines: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Give the lines, and as the last one what went wrong."""
    try:
        async with aclosing(lines):
            async for line in lines:
                yield line
    except ClientLeft:
        return
    except HeadwaterError as error:
        asker.request.scope["state"]["failure"] = error
        yield _line(public_document(error))


def _line(document: Mapping[str, Any]) -> bytes:
    return encode(dict(document)) + b"\n"
