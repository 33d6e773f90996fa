"""Asking the store: a bounded number of questions at once, each ended when its time is over or its asker is gone.

The one place where the service waits for a store. A question runs in a thread of its own; whoever waits for it stops
waiting at once when it is ended, and its place is free when the thread has really come back.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, Protocol, TypeVar

from fastapi import Request

from headwater.api.failures import ClientLeft, Overloaded
from headwater.errors import QuestionEnded
from headwater.graph.cancel import Cancellation, cancellable

T = TypeVar("T")

_AGAIN_S = 0.2


class Around(Protocol):
    """Does something around the work of each question, in its thread."""

    def __call__(self, work: Callable[[], T], /) -> Callable[[], T]:
        """Return the work with what is around it."""
        ...


def nothing_around(work: Callable[[], T]) -> Callable[[], T]:
    """Return the work as it is."""
    return work


class Questions:
    """Room for `running` questions, and for `waiting` more that begin when one of those has ended."""

    def __init__(self, running: int, waiting: int, timeout_s: float, around: Around = nothing_around) -> None:
        self.timeout_s, self._around = timeout_s, around
        self._running, self._room = running, running + waiting
        self._threads = ThreadPoolExecutor(running, "question")
        self._lock = threading.Lock()
        self._asked = 0

    @property
    def asked(self) -> int:
        """How many are running or waiting."""
        return self._asked

    @property
    def waiting(self) -> int:
        """How many have not begun."""
        return max(0, self._asked - self._running)

    async def ask(self, request: Request | None, work: Callable[[], T], timeout_s: float | None = None) -> T:
        """Return what `work` returns, in seconds at most; without a request, the asker is gone when it is cancelled.

        Raises QuestionEnded when the time is over, ClientLeft when the client is gone, Overloaded when no room is left.
        """
        with cancellable() as question:
            job = self._begin(work)
            answered, left = asyncio.wrap_future(job), asyncio.ensure_future(_left(request))
            either: set[asyncio.Future[Any]] = {answered, left}
            try:
                await asyncio.wait(either, timeout=timeout_s or self.timeout_s, return_when="FIRST_COMPLETED")
                if answered.done():
                    return answered.result()
                raise ClientLeft if left.done() else QuestionEnded
            finally:
                left.cancel()
                if not answered.done():
                    answered.cancel()
                    threading.Thread(target=_end, args=(question, job), name="end-question", daemon=True).start()

    def close(self) -> None:
        """Take no more questions; those that run are left to their end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self, work: Callable[[], T]) -> Future[T]:
        with self._lock:
            if self._asked >= self._room:
                raise Overloaded
            self._asked += 1
        job = self._threads.submit(copy_context().run, self._around(work))
        job.add_done_callback(self._leave)
        return job

    def _leave(self, _: Future[T]) -> None:
        with self._lock:
            self._asked -= 1


def _end(question: Cancellation, job: Future[T]) -> None:
    """End a question until its thread has come back: a statement on its way to a server is missed at first."""
    while not job.done():
        question.cancel()
        wait([job], _AGAIN_S)


async def _left(request: Request | None) -> None:
    """Return when the client has gone away."""
    if request is None:
        await asyncio.Event().wait()
    while request and (await request.receive())["type"] != "http.disconnect":
        pass
