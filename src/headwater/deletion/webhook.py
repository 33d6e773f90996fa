"""A rerunner that asks a service over HTTP, by requests that are signed, and waits until the run is over."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

from headwater import clock
from headwater.deletion.rerunners import Task
from headwater.errors import RerunFailed, UsageError

SIGNATURE, TIMESTAMP = "X-Headwater-Signature", "X-Headwater-Timestamp"
_MOST_BYTES = 1 << 20
_TOLD = 500


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts the `Task` as JSON to `url`, and waits at most `timeout_s` seconds for the end of the run.

    The service answers 200 with `{"status": "completed"}` (or `"failed"`, with a `message`), or 202 with the address
    at which it is then asked every `poll_s` seconds, in `Location` or as `"poll"`. `"run"` may name the recorded run.
    Requests carry X-Headwater-Timestamp and X-Headwater-Signature: sha256=HMAC(secret, timestamp + "." + body), and
    the run's id as Idempotency-Key: the same id asks for the same run again.
    """

    url: str
    secret: str = field(repr=False)
    timeout_s: float = 3_600.0
    poll_s: float = 2.0
    answer_s: float = 30.0

    resumes = True

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{self.url!r} is no address of a webhook", hint="use https://host/path")
        if not self.secret:
            raise UsageError("the webhook has no secret", hint="its receiver recognises requests by their signature")

    def __call__(self, task: Task, /) -> str | None:
        """Ask for the run and wait for its end; raises RerunFailed."""
        deadline = clock.monotonic_s() + self.timeout_s
        body = json.dumps(task.to_dict(), separators=(",", ":")).encode()
        found, poll = self._ask(self.url, body, task.id)
        while found.get("status") not in ("completed", "failed"):
            if poll is None:
                raise RerunFailed(f"the webhook answered {str(found)[:_TOLD]}, which is no end and no address to ask")
            if clock.monotonic_s() > deadline:
                raise RerunFailed(f"the run was not over after {self.timeout_s:g} s")
            threading.Event().wait(self.poll_s)
            found, further = self._ask(poll, b"", task.id)
            poll = further or poll
        if found["status"] == "failed":
            raise RerunFailed(f"the webhook says: {str(found.get('message', 'failed'))[:_TOLD]}")
        run = found.get("run")
        return run if isinstance(run, str) else None

    def _ask(self, url: str, body: bytes, key: str) -> tuple[Mapping[str, Any], str | None]:
        """Return the document of an answer, and where to ask for the next."""
        request = urllib.request.Request(url, data=body or None, headers=self._headers(body, key))
        try:
            with _opener.open(request, timeout=self.answer_s) as answer:
                return self._read(answer.read(_MOST_BYTES), answer.headers)
        except urllib.error.HTTPError as exc:
            with exc:
                raise RerunFailed(f"the webhook answered {exc.code} {exc.reason}") from exc
        except OSError as exc:
            raise RerunFailed(f"the webhook cannot be reached: {exc}") from exc

    def _read(self, content: bytes, headers: Message) -> tuple[Mapping[str, Any], str | None]:
        try:
            found = json.loads(content or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise RerunFailed("the webhook's answer is no JSON object")
        told = headers.get("Location") or found.get("poll")
        return found, self._own(str(told)) if told else None

    def _own(self, told: str) -> str:
        """Return an address of the same service: signatures go nowhere else."""
        url = urljoin(self.url, told)
        if urlsplit(url)[:2] != urlsplit(self.url)[:2]:
            raise RerunFailed(f"the webhook wants to be asked at {url!r}, which is another service")
        return url

    def _headers(self, body: bytes, key: str) -> dict[str, str]:
        stamp = str(int(clock.now().timestamp()))
        signed = hmac.new(self.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        own = {TIMESTAMP: stamp, SIGNATURE: f"sha256={signed}", "Idempotency-Key": key}
        return {"Content-Type": "application/json", "Accept": "application/json", **own}


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: it would lead signatures, and names, elsewhere."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        """Refuse it."""


_opener = urllib.request.build_opener(_Stay)
