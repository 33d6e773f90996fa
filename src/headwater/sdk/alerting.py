"""Where alerts go: the log, a webhook, any function. Sinks run beside the program, and their failures stay there."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException
from typing import IO, TypeAlias
from urllib.parse import urlsplit

from headwater import clock
from headwater.errors import HeadwaterError, UsageError
from headwater.graph.metrics.store import Alert
from headwater.sdk.faults import Ours, log

Sink: TypeAlias = Callable[[Alert], object]

_ASK_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class AlertNotSent(HeadwaterError):
    """A webhook did not take an alert."""

    code = "alert_not_sent"
    status = 502
    hint = "check that the address is right and its server runs; the incident is in `headwater alerts`"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Sends alerts as JSON by POST to an address; what fails for a while is tried again after each of the pauses.

    With a `secret` the header `Headwater-Signature` is `t=SECONDS,v1=HEX`: the HMAC-SHA256 of `SECONDS.BODY`. The
    header `Idempotency-Key` is the same for each try of one alert. Raises UsageError for an address that is not http or
    https.
    """

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    timeout_s: float = 10.0
    pauses_s: Sequence[float] = (1.0, 5.0, 30.0, 120.0)

    def __post_init__(self) -> None:
        try:
            is_address = urlsplit(self.url).scheme in ("http", "https") and urlsplit(self.url).hostname
        except ValueError:
            is_address = None
        if not is_address:
            raise UsageError("the webhook has no http or https address", hint="pass https://host/path")

    def __call__(self, alert: Alert) -> None:
        """Send the alert; raise AlertNotSent when it was refused, or when the last try has failed too."""
        body = json.dumps(alert.to_dict()).encode()
        for pause_s in (*self.pauses_s, None):
            failure = self._try(alert.id, body)
            if failure is None:
                return
            code, why = failure
            if pause_s is None or (code is not None and code not in _ASK_AGAIN):
                raise AlertNotSent(f"{urlsplit(self.url).hostname} did not take an alert: {why}")
            threading.Event().wait(pause_s)

    def _try(self, ident: str, body: bytes) -> tuple[int | None, str] | None:
        """Send once; return the status and reason of a failure, None when it was taken."""
        request = urllib.request.Request(self.url, body, self._headers(ident, body), method="POST")
        try:
            with _opener.open(request, timeout=self.timeout_s):
                return None
        except urllib.error.HTTPError as exc:
            exc.close()
            return exc.code, f"status {exc.code}"
        except (OSError, HTTPException) as exc:
            return None, f"{type(exc).__name__}: {exc}"

    def _headers(self, ident: str, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "headwater", "Idempotency-Key": ident}
        if self.secret is not None:
            seconds = int(clock.now().timestamp())
            headers["Headwater-Signature"] = f"t={seconds},v1={signature(self.secret, seconds, body)}"
        return headers


def signature(secret: str, seconds: int, body: bytes) -> str:
    """Return the HMAC-SHA256 of the time and the body, as hexadecimal text: what a receiver compares."""
    return hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()


def deliver(alerts: Sequence[Alert], sinks: Sequence[Sink]) -> None:
    """Log each alert and give it to each sink; one that fails is told in the log, and keeps no other from its alert."""
    for alert in alerts:
        (log.warning if alert.phase == "opened" else log.info)("%s", alert)
        for sink in sinks:
            with Ours(f"sending an alert to {getattr(sink, '__name__', type(sink).__name__)}"):
                sink(alert)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses to be sent elsewhere: a signed alert is for the address that was named."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Return nothing, so that the redirect is a failure."""


_opener = urllib.request.build_opener(_NoRedirect)
