"""Saving behind the program: a bounded queue of work, and a thread that is there while there is some."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from headwater.sdk import beside
from headwater.sdk.faults import Ours

MOST_BYTES = 1 << 30
MOST_JOBS = 10_000
EXIT_DEADLINE_S = 30.0


class Job(NamedTuple):
    """Something to save, how much of this machine it holds meanwhile, and what to do when it was not done."""

    work: Callable[[], None]
    size_bytes: int
    given_up: Callable[[str], None]


class Saver:
    """Does jobs one after the other. `flush` waits for its thread, which is one of those `beside` the program."""

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Forget everything that was on its way: in a forked process it is the parent's to save."""
        self._lock = threading.Lock()
        self._jobs: deque[Job] = deque()
        self._held_bytes = 0
        self._is_idle = threading.Event()
        self._is_idle.set()
        self._is_watched = False

    def put(self, job: Job) -> None:
        """Take a job, or give it up when too much waits. Returns at once, but when the interpreter ends."""
        with self._lock:
            is_full = len(self._jobs) >= MOST_JOBS or self._held_bytes + job.size_bytes > MOST_BYTES
            if not is_full:
                self._jobs.append(job)
                self._held_bytes += job.size_bytes
            starts = self._is_idle.is_set() and not is_full
            if starts:
                self._is_idle.clear()
        if is_full:
            job.given_up(f"too much waits to be saved ({len(self._jobs):,} artifacts)")
        if starts:
            self._start()

    def finish(self, timeout_s: float = EXIT_DEADLINE_S) -> None:
        """Wait until all is saved; give up what is not by then."""
        self._is_idle.wait(timeout_s)
        while (job := self._next()) is not None:
            job.given_up("the program ended before it was saved")

    def _start(self) -> None:
        self._watch_worker_process()
        try:
            beside.start(self._work, "headwater-artifacts")
        except RuntimeError:  # the interpreter is about to end
            self._work()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            with Ours("saving an artifact") as attempt:
                job.work()
            if attempt.has_failed:
                job.given_up(str(attempt.error))
            with self._lock:
                self._held_bytes -= job.size_bytes

    def _next(self) -> Job | None:
        with self._lock:
            if self._jobs:
                return self._jobs.popleft()
            self._is_idle.set()
            return None

    def _watch_worker_process(self) -> None:
        """In a worker of multiprocessing, which ends without `atexit`, finish before the recorder does."""
        processes = sys.modules.get("multiprocessing.process")
        if self._is_watched or processes is None or processes.parent_process() is None:
            return
        from multiprocessing.util import Finalize

        self._is_watched = True
        Finalize(self, self.finish, exitpriority=200)


saver = Saver()
atexit.register(saver.finish)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=saver.start_anew)
