"""Headwater's own failures are told once in a while, and are nobody else's."""

from __future__ import annotations

import logging

import pytest

from headwater import clock
from headwater.sdk import faults
from headwater.sdk.faults import Ours


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [0.0]
    monkeypatch.setattr(faults, "_told_at", {})
    monkeypatch.setattr(clock, "monotonic_s", lambda: time[0])
    return time


def test_a_failure_of_one_kind_is_told_once_an_interval(now: list[float], caplog: pytest.LogCaptureFixture) -> None:
    for second in (0, 30, 59, 60, 61):
        now[0] = second
        with Ours("capturing"):
            raise ValueError(f"at {second}")
    with Ours("recording"):
        raise KeyError("other")
    assert caplog.messages == [
        "capturing: ValueError: at 0",
        "capturing: ValueError: at 60",
        "recording: KeyError: 'other'",
    ]


@pytest.mark.usefixtures("now")
def test_what_is_meant_for_the_program_passes() -> None:
    with pytest.raises(KeyboardInterrupt), Ours("capturing"):
        raise KeyboardInterrupt


@pytest.mark.usefixtures("now")
def test_a_log_that_fails_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError(record.msg)

    monkeypatch.setattr(faults.log, "handlers", [Broken()])
    with Ours("capturing") as attempt:
        raise ValueError("mine")
    assert attempt.has_failed
