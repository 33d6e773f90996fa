"""Stopwatches: everything that is compared is measured in turns, so that a noisy machine slows both sides alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Pair:
    """Seconds of both sides, turn by turn."""

    ours: Sequence[float]
    theirs: Sequence[float]

    @property
    def speed(self) -> float:
        """How fast ours is in units of theirs: the median over the turns."""
        return median(their / our for our, their in zip(self.ours, self.theirs, strict=True))


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` took."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def typical(work: Callable[[], object], repeats: int) -> float:
    """Return the median of some repeats, after one that is not counted."""
    work()
    return median(seconds(work) for _ in range(repeats))


def paired(ours: Callable[[], object], theirs: Callable[[], object], repeats: int) -> Pair:
    """Run both sides in turns, after one turn that is not counted."""
    return in_turns([(ours, theirs)] * (repeats + 1), uncounted=1)


def in_turns(turns: Iterable[tuple[Callable[[], object], Callable[[], object]]], uncounted: int = 0) -> Pair:
    """Run (ours, theirs) one after the other for each turn."""
    found = [(seconds(ours), seconds(theirs)) for ours, theirs in turns][uncounted:]
    return Pair([our for our, _ in found], [their for _, their in found])


def settle_memory() -> None:
    """Hide the benchmark's own 100,000 facts from the garbage collector, which would walk them on both sides."""
    gc.collect()
    gc.freeze()
