"""In which waves the chosen runs are rerun, and what each reads: every name as it stands now, where that can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from heapq import heappop, heappush
from operator import itemgetter
from typing import NamedTuple

from headwater.deletion.reruns import Problem

_NOTHING = (-1, None)


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
        needs, gives, at_hand = self._problem.needs, self._problem.gives, self._at_hand
        found: list[tuple[int, int, tuple[int | None, ...]]] = []
        wave: dict[int, int] = {}
        writer: dict[int, int] = {}
        while self._ready:
            is_behind, run = heappop(self._ready)
            if run in wave or (is_behind and not self._behind[run]):
                continue
            reads = tuple([at_hand[name][1] for name, _ in needs[run]])
            earlier = [wave[r] for r in reads if r is not None]
            earlier += [writer[name] for name, _ in gives[run] if name in writer]
            wave[run] = now = max(earlier) + 1 if earlier else 0
            found.append((now, run, reads))
            for name, version in gives[run]:
                writer[name] = now
                if version > at_hand.get(name, _NOTHING)[0]:
                    at_hand[name] = version, run
                    self._meet(name, version)
        return [Slot(run, now, reads) for now, run, reads in sorted(found, key=itemgetter(0, 1))]

    def _two_last(self) -> Mapping[int, Sequence[tuple[int, int | None]]]:
        """Return the two greatest versions of each name that there will be: a run waits for no version of its own."""
        found: defaultdict[int, list[tuple[int, int | None]]] = defaultdict(list)
        for name, version in self._problem.standing.items():
            found[name].append((version, None))
        for run in self._runs:
            for name, version in self._problem.gives[run]:
                found[name].append((version, run))
        return {
            name: made if len(made) == 1 else sorted(made, key=itemgetter(0), reverse=True)[:2]
            for name, made in found.items()
        }

    def _enlist(self, run: int) -> None:
        lacking = behind = 0
        for name, least in self._problem.needs[run]:
            stands = self._at_hand.get(name, _NOTHING)[0]
            if stands < least:
                lacking += 1
                heappush(self._waiting[name], (least, run, False))
            for last, maker in self._last.get(name, ()):
                if maker != run:
                    if last > least and last > stands:
                        behind += 1
                        heappush(self._waiting[name], (last, run, True))
                    break
        self._lacking[run], self._behind[run] = lacking, behind
        if not lacking:
            heappush(self._ready, (behind > 0, run))

    def _meet(self, name: int, version: int) -> None:
        """Let go on whoever waits for this version or an older one."""
        waiting = self._waiting.get(name)
        while waiting and waiting[0][0] <= version:
            _, met, is_last = heappop(waiting)
            count = self._behind if is_last else self._lacking
            count[met] -= 1
            if not count[met] and not self._lacking[met]:
                heappush(self._ready, (self._behind[met] > 0, met))
