"""The way to a service: HTTP by the standard library, over connections that threads share and forks do not.

A question ends at the service when its asker does not wait any longer, for then its connection is closed. What fails
for a while is tried again: every question may be asked twice, and recording a fact again changes nothing.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import random
import socket
import ssl
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from typing import TypeVar, cast

from headwater import clock
from headwater.errors import HeadwaterError, QuestionEnded, StoreBusy, StoreClosed, StoreUnavailable
from headwater.graph import cancel
from headwater.graph.refusals import ForAWhile, failure_of, for_a_while, unnamed

T = TypeVar("T")

CONNECT_TIMEOUT_S = 10.0
_IDLE = 8
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 2.0
_GZIP, _PACKED_BYTES = 16 + zlib.MAX_WBITS, 1_000
_CHUNK_BYTES = 1 << 18
_OK = 200
_BROKEN = (OSError, http.client.HTTPException, zlib.error)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service answers: below `path` at a host and port."""

    host: str
    port: int | None
    path: str
    is_encrypted: bool
    is_loopback: bool
    url: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question on its way: without a body it is a GET."""

    path: str
    body: bytes | None = None
    timeout_s: float = CONNECT_TIMEOUT_S


@dataclass(slots=True)
class Transport:
    """Connections to one service. `retry_s` is for how long a service that is gone or busy is asked again."""

    address: Address
    token: str | None = field(repr=False)
    retry_s: float
    has_answered: bool = False
    _idle: deque[http.client.HTTPConnection] = field(default_factory=deque, repr=False)
    _pid: int = field(default_factory=os.getpid)
    _is_closed: bool = False

    def answer(self, request: Request) -> bytes:
        """Return the body of the answer. Raises ForAWhile, and the failure that the service names."""
        with self._exchange(request) as response:
            return _unpacked(response, response.read())

    def lines(self, request: Request) -> Iterator[bytes]:
        """Give the lines of the answer as they come. Raises as `answer` does, also in the middle."""
        with self._exchange(request) as response:
            is_packed = response.headers.get("content-encoding") == "gzip"
            unpack = zlib.decompressobj(_GZIP).decompress if is_packed else bytes
            rest: list[bytes] = []
            while chunk := response.read1(_CHUNK_BYTES):
                first, *others = unpack(chunk).split(b"\n")
                rest.append(first)
                for part in others:
                    yield b"".join(rest)
                    rest = [part]

    def persist(self, work: Callable[[], T]) -> T:
        """Return what `work` returns; if it fails for a while, do it again as long as `retry_s` allows."""
        give_up_at, pause_s = clock.monotonic_s() + self.retry_s, _FIRST_PAUSE_S
        while True:
            try:
                return work()
            except ForAWhile as again:
                wait_s = again.after_s if again.after_s is not None else pause_s * random.uniform(0.5, 1)
                if clock.monotonic_s() + wait_s > give_up_at:
                    raise again.error from again.__cause__
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            woken = threading.Event()
            with cancel.running(woken.set):
                woken.wait(wait_s)

    def close(self) -> None:
        """Close the connections that nobody uses, and let nobody use another."""
        self._is_closed = True
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    @contextmanager
    def _exchange(self, request: Request) -> Iterator[http.client.HTTPResponse]:
        if self._is_closed:
            raise StoreClosed(f"the store {self.address.url} was closed")
        connection = self._borrow()
        try:
            with cancel.running(partial(_hang_up, connection)):
                response = self._send(connection, request)
                failure = None if response.status == _OK else self._failure(response)
                if failure is None:
                    yield response
        except BaseException as exc:
            connection.close()
            # A failure that the service names may be an OSError as well.
            if isinstance(exc, _BROKEN) and not isinstance(exc, HeadwaterError):
                raise self._translated(exc, request) from exc
            raise
        self.has_answered = True
        self._give_back(connection, response)
        if failure is not None:
            raise failure

    def _send(self, connection: http.client.HTTPConnection, request: Request) -> http.client.HTTPResponse:
        """Send a request; a connection that was kept may be one that the service has closed meanwhile."""
        was_kept = connection.sock is not None
        try:
            return self._sent(connection, request)
        except (ConnectionError, http.client.BadStatusLine):
            if not was_kept or cancel.is_cancelled():
                raise
            connection.close()
            return self._sent(connection, request)

    def _sent(self, connection: http.client.HTTPConnection, request: Request) -> http.client.HTTPResponse:
        _connected(connection).settimeout(request.timeout_s)
        headers = self._headers()
        body = request.body
        if body is not None:
            headers["content-type"] = "application/json"
            if not self.address.is_loopback and len(body) > _PACKED_BYTES:
                body, headers["content-encoding"] = gzip.compress(body, 1), "gzip"
        method = "GET" if body is None else "POST"
        connection.request(method, f"{self.address.path}{request.path}", body, headers)
        return connection.getresponse()

    def _headers(self) -> dict[str, str]:
        packing = "identity" if self.address.is_loopback else "gzip"
        headers = {"accept-encoding": packing, "user-agent": _agent()}
        return headers if self.token is None else {**headers, "authorization": f"Bearer {self.token}"}

    def _borrow(self) -> http.client.HTTPConnection:
        if self._pid != os.getpid():
            # Those of the parent are the parent's; it goes on using them.
            self._idle, self._pid = deque(), os.getpid()
        with suppress(IndexError):
            return self._idle.pop()
        if self.address.is_encrypted:
            return http.client.HTTPSConnection(self.address.host, self.address.port, context=_tls())
        return http.client.HTTPConnection(self.address.host, self.address.port)

    def _give_back(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        if response.isclosed() and not response.will_close and len(self._idle) < _IDLE and not self._is_closed:
            self._idle.append(connection)
        else:
            connection.close()

    def _translated(self, error: Exception, request: Request) -> Exception:
        """Return the failure that an error of the connection is."""
        url = self.address.url
        if cancel.is_cancelled():
            return QuestionEnded()
        if isinstance(error, ssl.SSLCertVerificationError):
            hint = "let SSL_CERT_FILE name the certificates of your company's authority"
            return StoreUnavailable(f"{url} is not who it should be: {error.verify_message}", hint=hint)
        if isinstance(error, TimeoutError):
            return ForAWhile(StoreBusy(f"{url} did not answer within {request.timeout_s:.0f} s"))
        gone = StoreUnavailable(f"the service {url} cannot be reached: {error}")
        # One that has answered before is expected back; an address that was wrong from the start is not.
        return ForAWhile(gone) if self.has_answered else gone

    def _failure(self, response: http.client.HTTPResponse) -> Exception:
        """Return the failure that an answer tells of."""
        after = response.headers.get("retry-after", "")
        try:
            told = json.loads(_unpacked(response, response.read()))["error"]
        except (ValueError, KeyError, TypeError):
            error = unnamed(self.address.url, response.status, response.headers.get("location"))
        else:
            error = failure_of(told, response.status)
        return for_a_while(error, float(after) if after.isdecimal() else None)


def _unpacked(response: http.client.HTTPResponse, body: bytes) -> bytes:
    return gzip.decompress(body) if response.headers.get("content-encoding") == "gzip" else body


@cache
def _agent() -> str:
    return f"headwater/{version('headwater')}"


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """End what is sent and received over a connection that another thread waits for, and let the service see it."""
    if (sock := connection.sock) is not None:
        with suppress(OSError):
            # Not that of SSLSocket, which would take the layer away that the other thread is in.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _connected(connection: http.client.HTTPConnection) -> socket.socket:
    """Return the socket, made now if there is none, on which the system notices within half a minute a machine gone."""
    sock: socket.socket | None = connection.sock
    if sock is not None:
        return sock
    connection.timeout = CONNECT_TIMEOUT_S
    connection.connect()
    sock = cast(socket.socket, connection.sock)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 4), ("TCP_USER_TIMEOUT", 30_000)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return sock
