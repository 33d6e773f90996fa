"""Several chunks on their way to the disk or the service at once: each waits for it, and none needs another.

In daemon threads: the interpreter waits for those of an executor when it ends, and a place may hang.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 4


class Pool(Generic[T, R]):
    """Gives items to `work` in some threads; `put` waits while all of them are busy, so memory is bounded."""

    def __init__(self, work: Callable[[T], R], at_once: int = AT_ONCE) -> None:
        self._work = work
        self._slots = threading.Semaphore(at_once)
        self._threads: list[threading.Thread] = []
        self._found: dict[int, R] = {}
        self._failure: BaseException | None = None

    def put(self, item: T) -> None:
        """Take an item. Raises what an earlier one has raised."""
        self._slots.acquire()
        if self._failure is not None:
            raise self._failure
        thread = threading.Thread(
            target=self._do, args=(len(self._threads), item), name="headwater-chunks", daemon=True
        )
        self._threads.append(thread)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is about to end, and starts no threads
            self._do(len(self._threads) - 1, item)

    def results(self) -> list[R]:
        """Return what came of the items, in their order; raises what one has raised."""
        self._join()
        if self._failure is not None:
            raise self._failure
        return [self._found[number] for number in range(len(self._threads))]

    def _do(self, number: int, item: T) -> None:
        try:
            self._found[number] = self._work(item)
        except BaseException as exc:  # noqa: BLE001  # it is raised where the results are asked for
            self._failure = exc
        finally:
            self._slots.release()

    def _join(self) -> None:
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._join()
