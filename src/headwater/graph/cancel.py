"""Ending questions from outside: what a context asks of a store ends when another thread says so.

with cancellable() as question:      # in the thread that asks
lineage.trace(...)
question.cancel()                    # in any other: the database stops working, the asker gets QuestionEnded
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from headwater.errors import QuestionEnded


class Cancellation:
    """Whether what a context asks shall end, and how to end what is running for it right now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []
        self._is_cancelled = False

    @property
    def is_cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._is_cancelled

    @property
    def is_running(self) -> bool:
        """Whether a statement runs for the context at this moment."""
        return bool(self._ends)

    def cancel(self) -> None:
        """End what is running, and whatever the context asks from now on.

        A statement that is on its way to a server may be missed: call again while the asker has not come back.
        """
        with self._lock:
            self._is_cancelled = True
            # Under the lock: a connection that is back in its pool may already work for somebody else.
            for end in self._ends:
                end()

    @contextmanager
    def running(self, end: Callable[[], None]) -> Iterator[None]:
        """Run a statement that `end` can stop from another thread; raise QuestionEnded if it comes too late."""
        with self._lock:
            if self._is_cancelled:
                raise QuestionEnded
            self._ends.append(end)
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)


_current: ContextVar[Cancellation | None] = ContextVar("headwater_question", default=None)


@contextmanager
def cancellable() -> Iterator[Cancellation]:
    """Give the handle that ends what this context, and threads that copy it, ask of a store."""
    token = _current.set(question := Cancellation())
    try:
        yield question
    finally:
        _current.reset(token)


def is_cancelled() -> bool:
    """Return whether what this context asks shall end."""
    question = _current.get()
    return question is not None and question.is_cancelled


@contextmanager
def running(end: Callable[[], None]) -> Iterator[None]:
    """Run a statement for this context; `end` stops it from another thread."""
    question = _current.get()
    if question is None:
        yield
        return
    with question.running(end):
        yield
