"""Several chunks on their way to the disk or the service at once: each waits for it, and none needs another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from headwater.sdk.artifacts.entries import Chunk

AT_ONCE = 4


class ChunkPool:
    """Gives chunks to `kept` in some threads; `keep` waits while all of them are busy, so memory is bounded."""

    def __init__(self, kept: Callable[[bytes], Chunk]) -> None:
        self._kept = kept
        self._slots = threading.Semaphore(AT_ONCE)
        self._pool = ThreadPoolExecutor(AT_ONCE, "headwater-chunks")
        self._done: list[Future[Chunk]] = []
        self._failure: BaseException | None = None

    def keep(self, data: bytes) -> None:
        """Take a chunk. Raises what keeping an earlier one raised."""
        self._slots.acquire()
        if self._failure is not None:
            raise self._failure
        try:
            found = self._pool.submit(self._kept_and_told, data)
        except RuntimeError:  # the interpreter is about to end, and starts no threads
            found = Future()
            found.set_result(self._kept_and_told(data))
        self._done.append(found)

    def chunks(self) -> tuple[Chunk, ...]:
        """Return the chunks in the order of their coming, once all are kept; raises what keeping one raised."""
        return tuple(found.result() for found in self._done)

    def _kept_and_told(self, data: bytes) -> Chunk:
        try:
            return self._kept(data)
        except BaseException as exc:
            self._failure = exc
            raise
        finally:
            self._slots.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True)
