"""The recorder: takes claims from the program in a microsecond and brings them to the store in a thread of its own.

A bounded queue that drops and counts, and never blocks. What the store refuses to take goes to the spool, and from
there to the store when it answers again. Facts may be sent twice and in any order, so nothing here has to be exact
about what was acknowledged: in doubt it is sent again.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from headwater import clock
from headwater.errors import InvalidFact
from headwater.graph.facts import Fact
from headwater.graph.measures import MetricFact
from headwater.sdk.counts import Counts
from headwater.sdk.faults import Ours, tell
from headwater.sdk.spool import Spool

Told: TypeAlias = Fact | MetricFact
Sink: TypeAlias = Callable[[Sequence[Any]], None]  # of all that is told; one for runs alone may name less
Make: TypeAlias = Callable[[], Told]

CAPACITY = 10_000
LINGER_S = 0.02
LINGER_WHILE_DOWN_S = 1.0
MOST_AT_ONCE = 500
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
EXIT_DEADLINE_S = 5.0
COUNTED_EVERY_S = 60.0


class Item(NamedTuple):
    """One claim on its way: `make` builds the fact; when it is stored or spooled `after` runs, and `done` is set."""

    make: Make | None
    done: threading.Event | None = None
    after: Callable[[], None] | None = None
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class RecorderStats:
    """What became of this process's claims, and how many facts wait on disk, whoever put them there."""

    queued: int
    sent: int
    dropped: int
    refused: int
    spooled: int


class Recorder:
    """Brings claims to a sink. Its thread starts with the first claim, and anew in a forked process."""

    def __init__(
        self,
        sink: Sink,
        spool: Spool,
        counts: Counts | None = None,
        *,
        capacity: int = CAPACITY,
        linger_s: float = LINGER_S,
    ) -> None:
        self._sink = sink
        self._spool = spool
        self._counts = counts
        self._capacity = capacity
        self._linger_s = linger_s
        self.start_anew()
        _recorders.add(self)

    def start_anew(self) -> None:
        """Forget everything that was on its way: in a forked process it is the parent's to send."""
        self._queue: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._lock = threading.RLock()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_stopped = False
        self._in_flight: Sequence[Told] = ()
        self._sent = self._dropped = self._refused = 0
        self._counted: Counter[str] = Counter()
        self._counted_at = clock.monotonic_s()
        self._pause_s = FIRST_PAUSE_S
        self._down_until = 0.0

    def put(self, make: Make, after: Callable[[], None] | None = None) -> None:
        """Take one claim; count it as dropped when the queue is full. Returns at once."""
        if self._is_stopped:
            self._keep([make])
        elif self._queue.qsize() >= self._capacity:
            with self._lock:
                self._dropped += 1
            tell("the recorder's queue is full", f"claims are dropped; {self._capacity:,} wait for the store")
        else:
            self._queue.put(Item(make, None, after))
            if self._thread is None:
                self._start()

    def after(self, work: Callable[[], None]) -> None:
        """Run something quick behind all claims so far, in the recorder's thread, unless the store is down then."""
        if not self._is_stopped and self._queue.qsize() < self._capacity:
            self._queue.put(Item(None, None, work))
            if self._thread is None:
                self._start()

    def put_and_wait(self, make: Make, timeout_s: float) -> None:
        """Take one claim and return when it is in the store, or else, at the latest after the timeout, on disk."""
        done = threading.Event()
        has_room = not self._is_stopped and self._queue.qsize() < self._capacity
        if has_room:
            self._send(Item(make, done))
        if not (has_room and done.wait(timeout_s)):
            self._keep([make])

    def ask(self, question: Callable[[], None], timeout_s: float) -> bool:
        """Run a question to the store behind all claims so far, in the recorder's thread, for the store may hang.

        Return whether it is over, one way or the other; its failure is logged, and while the store is down it is left.
        """
        if self._is_stopped:
            return False
        done = threading.Event()
        self._send(Item(None, done, question))
        return done.wait(timeout_s)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was put before is in the store or on disk; return whether it is."""
        if self._thread is None or self._is_stopped:
            return self._queue.empty()
        done = threading.Event()
        self._send(Item(None, done))
        return done.wait(timeout_s)

    def shutdown(self, timeout_s: float = EXIT_DEADLINE_S) -> bool:
        """Flush, stop the thread, and put on disk what the store did not take in time; return whether it took all.

        Doing it again does nothing. Claims that come later go to the disk.
        """
        if self._is_stopped or self._thread is None:
            self._is_stopped = True
            return True
        self._send(Item(None, is_last=True))
        self._is_stopped = True
        self._thread.join(timeout_s)
        late = [item.make for item in self._drain(sys.maxsize) if item.make is not None]
        kept = [*self._in_flight]
        if kept or late:
            self._keep(late, kept)
        self._count()
        return not (kept or late)

    def stats(self) -> RecorderStats:
        """Return the counts."""
        waiting = 0
        with Ours("counting the spool"):
            waiting = self._spool.waiting()
        return RecorderStats(self._queue.qsize(), self._sent, self._dropped, self._refused, waiting)

    def _count(self) -> None:
        """Keep what was counted since the last time, so that other programs can tell it."""
        now = Counter(sent=self._sent, dropped=self._dropped, refused=self._refused)
        more = now - self._counted
        self._counted_at = clock.monotonic_s()
        if more and self._counts is not None:
            with Ours("keeping the counts"):
                self._counts.add(more)
                self._counted = now

    def _send(self, item: Item) -> None:
        self._queue.put(item)
        self._hurry.set()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="headwater-recorder", daemon=True)
                thread.start()
                self._thread = thread
                end_with_worker_process(self, self.shutdown, priority=100)

    def _work(self) -> None:
        _inside.is_recorder = True
        is_last = False
        while not is_last:
            items = self._next_items()
            is_last = any(item.is_last for item in items)
            with Ours("recording"):
                self._handle(items)
            if clock.monotonic_s() - self._counted_at > COUNTED_EVERY_S:
                self._count()
            for item in sorted(items, key=lambda item: item.after is not None):
                self._conclude(item)

    def _next_items(self) -> list[Item]:
        """Wait for a claim, then a little longer for more, unless somebody waits for this one."""
        try:
            first = self._queue.get(timeout=self._pause_s if self._down_until else None)
        except queue.Empty:
            return []
        if not self._hurry.is_set():
            self._hurry.wait(LINGER_WHILE_DOWN_S if self._down_until else self._linger_s)
        self._hurry.clear()
        return [first, *self._drain(MOST_AT_ONCE)]

    def _drain(self, most: int) -> list[Item]:
        found: list[Item] = []
        with suppress(queue.Empty):
            while len(found) < most:
                found.append(self._queue.get_nowait())
        return found

    def _handle(self, items: Sequence[Item]) -> None:
        facts = self._built([item.make for item in items if item.make is not None])
        self._in_flight = facts
        if clock.monotonic_s() >= self._down_until and self._delivered(facts):
            self._send_spooled()
        else:
            self._spooled(facts)
        self._in_flight = ()

    def _conclude(self, item: Item) -> None:
        """Do what is to be done behind a claim, unless the store is down, and tell who waits for it."""
        if item.after is not None and not self._down_until:
            with Ours("asking the store"):
                item.after()
        if item.done is not None:
            item.done.set()

    def _built(self, makers: Sequence[Make]) -> list[Told]:
        facts: list[Told] = []
        for make in makers:
            with Ours("describing a run") as attempt:
                facts.append(make())
            self._refused += attempt.has_failed
        return facts

    def _delivered(self, facts: Sequence[Told]) -> bool:
        """Bring the facts to the store, without those that it refuses; return False when it is down."""
        if not facts:
            return True
        try:
            self._sink(facts)
        except InvalidFact as exc:
            return self._delivered_one_by_one(facts, exc)
        except Exception as exc:  # noqa: BLE001  # whatever a store may raise, it is down and the program goes on
            tell("the store does not take what was recorded, which goes to disk", f"{type(exc).__name__}: {exc}")
            self._down_until = clock.monotonic_s() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
            return False
        self._sent += len(facts)
        self._pause_s, self._down_until = FIRST_PAUSE_S, 0.0
        return True

    def _delivered_one_by_one(self, facts: Sequence[Told], why: InvalidFact) -> bool:
        """Find the facts that the store refuses among these by halves, and leave them out."""
        if len(facts) > 1:
            half = len(facts) // 2
            return self._delivered(facts[:half]) and self._delivered(facts[half:])
        self._refused += 1
        tell("the store refuses a fact", why)
        return True

    def _send_spooled(self) -> None:
        for path in self._spool.files():
            if not self._delivered(self._spool.read(path)):
                return
            self._spool.remove(path)

    def _keep(self, makers: Sequence[Make], facts: Sequence[Told] = ()) -> None:
        self._spooled([*facts, *self._built(makers)])

    def _spooled(self, facts: Sequence[Told]) -> None:
        if facts:
            with Ours("writing to the spool") as attempt:
                self._spool.write(facts)
            self._dropped += len(facts) * attempt.has_failed


def is_recording_thread() -> bool:
    """Whether the caller runs in a recorder's thread: what Headwater does itself is not recorded."""
    return getattr(_inside, "is_recorder", False)


_inside = threading.local()
_recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    _inside.is_recorder = False
    for recorder in list(_recorders):
        recorder.start_anew()


def end_with_worker_process(owner: object, end: Callable[[], object], priority: int) -> None:
    """In a worker of multiprocessing, which ends without `atexit`, do this when the worker is done."""
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and processes.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(owner, end, exitpriority=priority)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
