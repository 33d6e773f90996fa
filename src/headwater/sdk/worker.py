"""One thread for work that has to wait for the store but must not make the recorder wait: metrics over windows."""

from __future__ import annotations

import os
import queue
import threading
import weakref
from collections.abc import Callable

from headwater.sdk import beside
from headwater.sdk.faults import Ours, tell
from headwater.sdk.recorder import EXIT_DEADLINE_S, end_with_worker_process

CAPACITY = 1_000


class Worker:
    """Does jobs one after the other in a daemon thread that starts with the first, and anew in a forked process."""

    def __init__(self, name: str, *, capacity: int = CAPACITY) -> None:
        self._name = name
        self._capacity = capacity
        self.start_anew()
        _workers.add(self)

    def start_anew(self) -> None:
        """Forget everything that waits: in a forked process it is the parent's to do."""
        self._jobs: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], object]) -> None:
        """Take a job, or drop it and say so when too many wait. Returns at once."""
        if self._jobs.qsize() >= self._capacity:
            tell("too many runs wait for their metrics", f"metrics of runs are left out; {self._capacity:,} wait")
            return
        self._jobs.put(job)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
                end_with_worker_process(self, self.finish, priority=50)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all jobs so far are done; return whether they are."""
        if self._thread is None:
            return True
        done = threading.Event()
        self._jobs.put(done.set)
        return done.wait(timeout_s)

    def finish(self, timeout_s: float = EXIT_DEADLINE_S) -> bool:
        """Wait until all jobs so far are done, and what they have started; return whether they are."""
        return self.flush(timeout_s) and beside.join(timeout_s)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            with Ours("computing metrics"):
                job()


_workers: weakref.WeakSet[Worker] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for worker in list(_workers):
        worker.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
