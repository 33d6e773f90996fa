"""Who asks: recognised before anything of a request is read, and refused when unknown, blocked or too fast."""

from __future__ import annotations

import asyncio
import re
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from headwater.api.buckets import Buckets
from headwater.api.failures import TooManyRequests, Unauthenticated, failure_response
from headwater.api.headers import DOCS_FILES
from headwater.api.openid import OpenID
from headwater.api.tokens import ANONYMOUS, Identity, TokenFolder
from headwater.errors import HeadwaterError

_OPEN = re.compile(rf"/health/\w+|/docs|{DOCS_FILES}/[\w.-]+|/openapi\.json")
_LOCAL_HOST = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)
# What proxies add: behind one, every client seems to be on this machine.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_WRONG_ATTEMPTS, _WRONG_PER_S = 10, 1 / 6
_DOTS_OF_JWT = 2


class Access:
    """Lets a request in with its identity.

    Without tokens only this machine is let in, and asked for by a name of this machine: a page of another site that had
    its name point here would bring its own.
    """

    def __init__(self, app: ASGIApp, tokens: TokenFolder, openid: OpenID | None, per_s: float) -> None:
        self._app, self._tokens, self._openid = app, tokens, openid
        self._rates = Buckets(per_s, 2 * per_s)
        self._wrong = Buckets(_WRONG_PER_S, _WRONG_ATTEMPTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is not let in, or pass it on."""
        if scope["type"] != "http" or _OPEN.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            scope["state"]["identity"] = await self._identify(scope)
        except HeadwaterError as error:
            scope["state"]["failure"] = error
            await failure_response(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _identify(self, scope: Scope) -> Identity:
        headers = Headers(scope=scope)
        kind, _, text = headers.get("authorization", "").partition(" ")
        if kind:
            who = await self._bearer(_address(scope), text.strip() if kind.lower() == "bearer" else "")
        elif self._openid or self._tokens.are_used or not _is_local(scope, headers):
            raise Unauthenticated
        else:
            who = ANONYMOUS
        if not self._rates.take(who.id):
            raise TooManyRequests
        return who

    async def _bearer(self, address: str, text: str) -> Identity:
        """Return whose token it is."""
        if self._openid and text.count(".") == _DOTS_OF_JWT:
            # Signatures are not guessed, so wrong ones are not counted: an old token must not lock out its neighbours.
            who = await asyncio.to_thread(self._openid.bearer, text)
        else:
            who = self._known(address, text)
        if who is None:
            raise Unauthenticated
        return who

    def _known(self, address: str, text: str) -> Identity | None:
        """Return whose token it is; wrong ones from one address about one token are counted, so that others go on."""
        attempt = address, self._tokens.knows(text)
        if not self._wrong.has_any(attempt):
            raise TooManyRequests("there were too many wrong tokens")
        who = self._tokens.bearer(text)
        if who is None:
            self._wrong.take(attempt)
        return who


def _address(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _is_local(scope: Scope, headers: Headers) -> bool:
    try:
        is_here = ip_address(_address(scope)).is_loopback
    except ValueError:
        return False
    is_direct = not any(name in headers for name in _FORWARDED)
    return is_here and is_direct and _LOCAL_HOST.fullmatch(headers.get("host", "")) is not None
