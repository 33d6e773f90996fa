"""Questions end with their time or their asker, and there is room for so many and no more."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request
from starlette.testclient import TestClient
from starlette.types import Message

from headwater.api.failures import ClientLeft, Overloaded
from headwater.api.questions import Questions
from headwater.errors import QuestionEnded
from headwater.graph import cancel
from headwater.graph.lineage import walk
from headwater.graph.lineage.face import Lineage
from tests.support.http_service import DEADLINE_S, served, until


class Statement:
    """A statement that runs until it is ended."""

    def __init__(self) -> None:
        self.began, self.ended = threading.Event(), threading.Event()

    def __call__(self, *_: object) -> Any:
        with cancel.running(self.ended.set):
            self.began.set()
            assert self.ended.wait(DEADLINE_S)
        raise QuestionEnded


def asker(has_left: threading.Event | None = None) -> Request:
    """Return a request whose client stays, or leaves when the test says so."""

    async def receive() -> Message:
        if has_left is None:
            await asyncio.Event().wait()
        else:
            await asyncio.to_thread(has_left.wait, DEADLINE_S)
        return {"type": "http.disconnect"}

    return Request({"type": "http"}, receive)


@pytest.fixture
def questions() -> Iterator[Questions]:
    found = Questions(running=1, waiting=1, timeout_s=DEADLINE_S)
    yield found
    found.close()


def test_an_answer_comes_back_and_so_does_a_failure(questions: Questions) -> None:
    assert asyncio.run(questions.ask(asker(), lambda: 42)) == 42
    with pytest.raises(ZeroDivisionError):
        asyncio.run(questions.ask(asker(), lambda: 1 // 0))
    until(lambda: questions.asked == 0)


def test_a_question_ends_with_its_time(questions: Questions) -> None:
    statement = Statement()
    with pytest.raises(QuestionEnded):
        asyncio.run(questions.ask(asker(), statement, 0.01))
    until(lambda: statement.ended.is_set() and questions.asked == 0)


def test_a_question_ends_with_its_asker(questions: Questions) -> None:
    statement = Statement()
    with pytest.raises(ClientLeft):
        asyncio.run(questions.ask(asker(has_left=statement.began), statement))
    until(lambda: statement.ended.is_set() and questions.asked == 0)


def test_a_question_that_waits_for_its_turn_is_forgotten_with_its_time(questions: Questions) -> None:
    first, second = Statement(), Statement()

    async def both() -> None:
        running = asyncio.ensure_future(questions.ask(asker(), first))
        await asyncio.to_thread(first.began.wait, DEADLINE_S)
        assert questions.waiting == 0
        with pytest.raises(QuestionEnded):
            await questions.ask(asker(), second, 0.01)
        running.cancel()

    asyncio.run(both())
    until(lambda: questions.asked == 0)
    assert not second.began.is_set()


def test_what_does_not_fit_is_refused_at_once(questions: Questions) -> None:
    statements = [Statement(), Statement()]

    async def three() -> None:
        asked = [asyncio.ensure_future(questions.ask(asker(), statement)) for statement in statements]
        await asyncio.to_thread(statements[0].began.wait, DEADLINE_S)
        assert (questions.asked, questions.waiting) == (2, 1)
        with pytest.raises(Overloaded):
            await questions.ask(asker(), Statement())
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    asyncio.run(three())
    until(lambda: questions.asked == 0)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[TestClient]:
    with served(tmp_path, api_timeout_s=1.0) as client:
        yield client


def lineage(api: TestClient) -> Lineage:
    found: Lineage = api.app.state.service.lineage  # type: ignore[attr-defined]
    return found


def test_a_trace_whose_statement_takes_too_long_is_walked_level_by_level(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = lineage(api)
    expected = graph.trace("out.csv").to_dict()
    monkeypatch.setattr(type(graph.store), "upstream", Statement())
    got = api.get("/api/v1/trace?of=out.csv")
    assert (got.status_code, got.json()) == (200, expected)


def test_a_trace_without_enough_time_tells_what_was_reached(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count(0, 10)
    monkeypatch.setattr(walk, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    got = api.get("/api/v1/trace?of=out.csv&depth=9")
    assert (got.status_code, got.json()["error"]["code"]) == (504, "out_of_time")
    reached = got.json()["answer"]
    assert [node["id"] for node in reached["nodes"]] == ["out.csv@r3"]
    assert (reached["complete"], reached["truncated"]) == (False, {"reason": "time", "frontier": ["out.csv@r3"]})


def test_a_time_limit_of_the_client_is_an_answer_and_no_failure(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count(0, 10)
    monkeypatch.setattr(walk, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    got = api.get("/api/v1/trace?of=out.csv&time=0.1")
    assert (got.status_code, got.json()["truncated"]["reason"]) == (200, "time")
    assert "etag" not in got.headers


def test_a_question_without_parts_is_ended_with_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path, api_timeout_s=0.05) as api:
        statement = Statement()
        monkeypatch.setattr(type(lineage(api).store), "digest", statement)
        got = api.get("/api/v1/digest")
        assert (got.status_code, got.json()["error"]["code"]) == (504, "question_ended")
        until(statement.ended.is_set)
