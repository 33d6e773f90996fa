from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from headwater.deletion.rerunners import Task
from headwater.deletion.webhook import Webhook
from headwater.errors import RerunFailed, UsageError

RERUN = Task("new", "old", "train", ("a.csv",), ("m.joblib",), {"lr": 0.1})
Answer = tuple[int, dict[str, Any], dict[str, str]]


@contextmanager
def service(*answers: Answer) -> Iterator[tuple[str, list[tuple[str, str, dict[str, str], bytes]]]]:
    """A service that gives these answers, one after the other; gives its address and the requests that came."""
    came: list[tuple[str, str, dict[str, str], bytes]] = []
    rest = iter(answers)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            came.append((self.command, self.path, dict(self.headers.items()), body))
            status, document, headers = next(rest)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        do_GET = do_POST = _answer  # noqa: N815  # the names that the library calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_service_may_answer_when_the_run_is_over() -> None:
    with service((200, {"status": "completed", "run": "theirs"}, {})) as (url, came):
        found = Webhook(f"{url}/rerun", "s3cret")(RERUN)

    [(method, path, headers, body)] = came
    signed = hmac.new(b"s3cret", headers["X-Headwater-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert (found, method, path) == ("theirs", "POST", "/rerun")
    assert headers["X-Headwater-Signature"] == f"sha256={signed}"
    assert headers["Idempotency-Key"] == "new"
    assert json.loads(body) == RERUN.to_dict()


@pytest.mark.parametrize("told", [({}, {"Location": "/jobs/7"}), ({"poll": "/jobs/7"}, {})])
def test_a_service_may_be_asked_until_the_run_is_over(told: tuple[dict[str, str], dict[str, str]]) -> None:
    answers = [(202, *told), (200, {"status": "running"}, {}), (200, {"status": "completed"}, {})]
    with service(*answers) as (url, came):
        found = Webhook(url, "s3cret", poll_s=0.001)(RERUN)

    assert found is None
    assert [(method, path) for method, path, *_ in came[1:]] == [("GET", "/jobs/7"), ("GET", "/jobs/7")]
    assert all("X-Headwater-Signature" in headers for _, _, headers, _ in came)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, {"status": "failed", "message": "no GPU"}, {}), "no GPU"),
        ((500, {}, {}), "answered 500"),
        ((302, {}, {"Location": "http://elsewhere.invalid/"}), "answered 302"),
        ((202, {"status": "running", "poll": "http://elsewhere.invalid/7"}, {}), "another service"),
        ((200, {"status": "soon"}, {}), "no end and no address"),
        ((200, ["completed"], {}), "no JSON object"),
    ],
)
def test_an_answer_that_is_no_completed_run_is_a_failed_rerun(answer: Answer, why: str) -> None:
    with service(answer) as (url, _), pytest.raises(RerunFailed, match=why):
        Webhook(url, "s3cret", poll_s=0.001)(RERUN)


def test_a_service_that_never_ends_is_left() -> None:
    answers: list[Answer] = [(202, {"status": "running", "poll": "/7"}, {})] * 100
    with service(*answers) as (url, _), pytest.raises(RerunFailed, match="not over after"):
        Webhook(url, "s3cret", timeout_s=0.01, poll_s=0.001)(RERUN)


def test_a_service_that_is_not_there_is_a_failed_rerun() -> None:
    with service() as (url, _):
        pass
    with pytest.raises(RerunFailed, match="cannot be reached"):
        Webhook(url, "s3cret")(RERUN)


@pytest.mark.parametrize(("url", "secret"), [("file:///etc/passwd", "s"), ("https:///x", "s"), ("https://h/x", "")])
def test_a_webhook_needs_an_address_and_a_secret(url: str, secret: str) -> None:
    with pytest.raises(UsageError):
        Webhook(url, secret)


def test_a_webhook_does_not_show_its_secret() -> None:
    assert "s3cret" not in repr(Webhook("https://host/rerun", "s3cret"))
