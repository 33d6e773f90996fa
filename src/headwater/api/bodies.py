"""The bodies of requests: JSON of a bounded size, read whole and unpacked before anything looks at it."""

from __future__ import annotations

import asyncio
import re
import zlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headwater.api.failures import BodyTooLarge, ClientLeft, InvalidRequest, UnsupportedMedia, failure_response
from headwater.errors import HeadwaterError

_WITHOUT = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON = re.compile(r"application/(?:[\w.-]+\+)?json(?:\s*;.*)?", re.IGNORECASE)
_GZIP = 16 + zlib.MAX_WBITS


class Bodies:
    """Takes bodies of at most so many bytes, unpacked."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app, self._most = app, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a body, or pass it on plain."""
        if scope["type"] != "http" or scope["method"] in _WITHOUT:
            await self._app(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
        except HeadwaterError as error:
            scope["state"]["failure"] = error
            await failure_response(error)(scope, receive, send)
            return
        await self._app(scope, _once(body, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        headers = Headers(scope=scope)
        packed = await self._received(receive, headers.get("content-length", ""))
        if packed and not _JSON.fullmatch(headers.get("content-type", "")):
            raise UnsupportedMedia
        encoding = headers.get("content-encoding", "identity").lower()
        if encoding == "identity":
            return packed
        if encoding != "gzip":
            raise UnsupportedMedia(f"the encoding {encoding!r} of the body is not known")
        plain = await asyncio.to_thread(gunzip, packed, self._most)
        changed = MutableHeaders(scope=scope)
        del changed["content-encoding"]
        changed["content-length"] = str(len(plain))
        return plain

    async def _received(self, receive: Receive, announced: str) -> bytes:
        if announced.isdecimal() and int(announced) > self._most:
            raise self._too_large()
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            body += message.get("body", b"")
            if len(body) > self._most:
                raise self._too_large()
            more = message.get("more_body", False)
        return bytes(body)

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"the body has more than {self._most:,} bytes")


def gunzip(packed: bytes, most_bytes: int) -> bytes:
    """Return the plain bytes of a gzip file; raise BodyTooLarge as soon as they are too many."""
    plain = bytearray()
    while packed:
        member = zlib.decompressobj(_GZIP)
        try:
            plain += member.decompress(packed, most_bytes + 1 - len(plain))
        except zlib.error as exc:
            raise InvalidRequest(f"the body is not gzip: {exc}") from exc
        if len(plain) > most_bytes:
            raise BodyTooLarge(f"the body has more than {most_bytes:,} bytes when unpacked")
        if not member.eof:
            raise InvalidRequest("the body is not gzip: it ends too early")
        packed = member.unused_data
    return bytes(plain)


def _once(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body first, and then what the client does next."""
    is_told = False

    async def again() -> Message:
        nonlocal is_told
        if is_told:
            return await receive()
        is_told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
