"""Alerts go out beside the program, once each, through whatever fails on the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from headwater.errors import UsageError
from headwater.graph.lineage.face import Lineage
from headwater.graph.measures import Measured, Terms
from headwater.graph.metrics.store import Alert, metrics_of
from headwater.sdk import recording
from headwater.sdk.alerting import AlertNotSent, Webhook, deliver, signature
from headwater.sdk.component import Component
from headwater.sdk.metrics import SLA, Metric
from headwater.testing.rules import at
from tests.support.recorded import DEADLINE_S, recording_in

BREACH = Measured("predict", "recall", "r1", 0.5, 120, "7 d", Terms(">= 0.9"), at=at(0))
ALERT = Alert("i.opened", "opened", "i", BREACH)


@dataclass(slots=True)
class Receiver:
    """A real server that answers with these statuses in turn, then always with the last."""

    statuses: Sequence[int]
    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiver(*statuses: int) -> Iterator[Receiver]:
    found = Receiver(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that the library calls
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append((dict(self.headers), body))
            self.send_response(found.statuses[min(len(found.got), len(found.statuses)) - 1])
            self.send_header("location", "/elsewhere")
            self.end_headers()

        do_GET = do_POST  # noqa: N815  # the name that the library calls

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        found.url = f"http://127.0.0.1:{server.server_port}/alerts?token=abc"
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lineage]:
    with recording_in(tmp_path, monkeypatch) as lineage:
        yield lineage


def test_a_webhook_tries_again_until_it_is_taken_and_signs_what_it_sends() -> None:
    with receiver(503, 429, 200) as server:
        Webhook(server.url, secret="s3cret", pauses_s=(0, 0, 0))(ALERT)  # a test's
    assert len(server.got) == 3
    headers, body = server.got[-1]
    seconds, hexadecimal = (part.partition("=")[2] for part in headers["Headwater-Signature"].split(","))
    assert hexadecimal == signature("s3cret", int(seconds), body)
    assert hexadecimal != signature("other", int(seconds), body)
    assert {got[0]["Idempotency-Key"] for got in server.got} == {"i.opened"}
    assert json.loads(body) == ALERT.to_dict()


def test_an_alert_says_all_that_a_person_needs() -> None:
    assert ALERT.to_dict() == {
        "id": "i.opened",
        "phase": "opened",
        "incident": "i",
        "text": "incident opened: recall of predict is 0.5 over 120 rows (7 d), >= 0.9 is agreed (run r1)",
        "component": "predict",
        "metric": "recall",
        "run": "r1",
        "value": 0.5,
        "rows": 120,
        "window": "7 d",
        "at": "2026-01-01T00:00:00.000000Z",
        "bound": ">= 0.9",
        "severity": "error",
    }


@pytest.mark.parametrize(("statuses", "tries"), [((400,), 1), ((302,), 1), ((500,), 3)])
def test_a_webhook_gives_up_with_a_name_and_without_its_address(statuses: tuple[int, ...], tries: int) -> None:
    with receiver(*statuses) as server, pytest.raises(AlertNotSent, match=f"status {statuses[0]}") as caught:
        Webhook(server.url, pauses_s=(0, 0))(ALERT)
    assert len(server.got) == tries
    assert "abc" not in f"{caught.value} {Webhook(server.url)!r}"


def test_a_webhook_to_nobody_gives_up() -> None:
    with receiver(200) as server:
        url = server.url
    with pytest.raises(AlertNotSent, match=r"127\.0\.0\.1 did not take an alert"):
        Webhook(url, pauses_s=())(ALERT)


@pytest.mark.parametrize("url", ["ftp://host/x", "host/x", "http://", "http://[", ""])
def test_a_webhook_needs_an_address(url: str) -> None:
    with pytest.raises(UsageError, match="address"):
        Webhook(url)


def test_a_sink_that_fails_keeps_no_other_from_its_alert(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Alert) -> None:
        raise RuntimeError("boom")

    seen: list[Alert] = []
    deliver([ALERT], [broken, seen.append])
    assert seen == [ALERT]
    assert "sending an alert to broken: RuntimeError: boom" in caplog.text
    assert str(ALERT) in caplog.text


def test_each_incident_alerts_once_when_it_opens_and_once_when_it_closes(lineage: Lineage) -> None:
    seen: list[tuple[str, float | None]] = []
    threads: set[str] = set()

    def sink(alert: Alert) -> None:
        seen.append((alert.phase, alert.value.value))
        threads.add(threading.current_thread().name)

    def share(rows: float) -> float:
        return rows

    metrics: list[Metric | SLA] = [SLA(Metric("share", share), ">= 0.5", clear_after=2), Metric("intermediate", share)]

    @Component("predict", metrics=metrics, sinks=[sink]).run
    def predict(rows: float) -> None: ...

    for rows in (0.9, 0.4, 0.3, 0.6, 0.2, 0.7, 0.8, 0.9, 0.1):
        predict(rows)
        assert recording.flush(DEADLINE_S)
    assert seen == [("opened", 0.4), ("closed", 0.8), ("opened", 0.1)]
    assert threads == {"headwater-alerts"}
    assert [incident.opened.metric for incident in lineage.alerts(only_open=False)] == ["share", "share"]
    assert metrics_of(lineage.store).claim("predict", 0) == []


def test_a_program_does_not_wait_for_a_sink(lineage: Lineage) -> None:
    let_go = threading.Event()

    @Component("predict", metrics=[SLA(Metric("one", lambda: 1), "> 1")], sinks=[lambda _: let_go.wait(DEADLINE_S)]).run
    def predict() -> int:
        return 1

    assert [predict(), predict()] == [1, 1]
    assert recording.worker.flush(DEADLINE_S)
    let_go.set()
    assert recording.flush(DEADLINE_S)
    assert len(lineage.alerts()) == 1
