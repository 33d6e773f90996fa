"""In which waves the chosen runs are rerun, and what each reads: every name as it stands now, where that can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from headwater.deletion.reruns import Problem


class Slot(NamedTuple):
    """One rerun: its wave, and for each of its needs the run whose new output it reads; None for what stands."""

    run: int
    wave: int
    reads: tuple[int | None, ...]


def arrange(problem: Problem, runs: Collection[int]) -> list[Slot]:
    """Return the reruns in an order in which each finds what it needs, as an order of waves too.

    Of the runs that find something for each need, those come first whose names all stand as they will in the end; one
    that waits for itself, as one that appends to a table does, takes an earlier version. Two runs that write one name
    are never in one wave, and the older one goes first where needs allow, so that the newest stays. Cost: linear, but
    for the queue.
    """
    return _Arrangement(problem, runs).slots()


class _Arrangement:
    """Which versions are at hand, and which runs wait for which."""

    def __init__(self, problem: Problem, runs: Collection[int]) -> None:
        self._problem = problem
        self._runs = runs
        self._at_hand: dict[int, tuple[int, int | None]] = {n: (v, None) for n, v in problem.standing.items()}
        self._last = self._two_last()
        self._lacking: dict[int, int] = {}
        self._behind: dict[int, int] = {}
        self._waiting: defaultdict[int, list[tuple[int, int, bool]]] = defaultdict(list)
        self._ready: list[tuple[bool, int]] = []

    def slots(self) -> list[Slot]:
        for run in self._runs:
            self._enlist(run)
        found: list[Slot] = []
        wave: dict[int, int] = {}
        writer: dict[int, int] = {}
        while self._ready:
            is_behind, run = heappop(self._ready)
            if run in wave or (is_behind and not self._behind[run]):
                continue
            reads = tuple(self._at_hand[name][1] for name, _ in self._problem.needs[run])
            earlier = [wave[r] for r in reads if r is not None]
            earlier += [writer[name] for name, _ in self._problem.gives[run] if name in writer]
            wave[run] = max(earlier, default=-1) + 1
            found.append(Slot(run, wave[run], reads))
            for name, version in self._problem.gives[run]:
                writer[name] = wave[run]
                self._give(name, version, run)
        return sorted(found, key=lambda slot: (slot.wave, slot.run))

    def _two_last(self) -> Mapping[int, Sequence[tuple[int, int | None]]]:
        """Return the two greatest versions of each name that there will be: a run waits for no version of its own."""
        found: defaultdict[int, list[tuple[int, int | None]]] = defaultdict(list)
        for name, version in self._problem.standing.items():
            found[name].append((version, None))
        for run in self._runs:
            for name, version in self._problem.gives[run]:
                found[name].append((version, run))
        return {name: sorted(made, key=lambda one: one[0], reverse=True)[:2] for name, made in found.items()}

    def _enlist(self, run: int) -> None:
        self._lacking[run] = self._behind[run] = 0
        for name, least in self._problem.needs[run]:
            last = next((version for version, maker in self._last.get(name, ()) if maker != run), least)
            self._await(run, name, least, is_last=False)
            if last > least:
                self._await(run, name, last, is_last=True)
        if not self._lacking[run]:
            heappush(self._ready, (self._behind[run] > 0, run))

    def _await(self, run: int, name: int, version: int, *, is_last: bool) -> None:
        if self._at_hand.get(name, (-1, None))[0] < version:
            count = self._behind if is_last else self._lacking
            count[run] += 1
            heappush(self._waiting[name], (version, run, is_last))

    def _give(self, name: int, version: int, run: int) -> None:
        if version <= self._at_hand.get(name, (-1, None))[0]:
            return
        self._at_hand[name] = version, run
        waiting = self._waiting[name]
        while waiting and waiting[0][0] <= version:
            _, met, is_last = heappop(waiting)
            count = self._behind if is_last else self._lacking
            count[met] -= 1
            if not count[met] and not self._lacking[met]:
                heappush(self._ready, (self._behind[met] > 0, met))
