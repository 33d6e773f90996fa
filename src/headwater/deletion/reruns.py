"""Which runs must be rerun: as few as possible, so that each finds what it reads.

Runs and names are numbers here. A rerun reads of each name a version that is not older than the one it then read: one
that was never touched, or one that an earlier rerun wrote. What a rerun needs is thus a set of (name, least version),
what it gives a set of (name, version), and all that matters of a name is the greatest version at hand. Some runs are
required; which others to add is the question.

Finding the fewest is as hard as covering a set, for a run may write several names. The answer is proven where nothing
has to be added, where everything added is in every answer, or where trying out all smaller sets is affordable. Else it
is what the newest runs lead to, thinned while that is affordable, beside the number below which no answer can lie.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

Need = tuple[int, int]

# Reruns that are tried out while looking for fewer, and bits that are kept for a proof: half a second, 50 MB.
_STEPS = 100_000
_BITS = 400_000_000
_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """Runs 0, 1, ... in the order of their start: what each needs and gives, as (name, version).

    `standing` is the greatest untouched version of a name; a need that it meets already may be left out. Versions of
    one name are numbers that grow with time, of which only the order matters.
    """

    needs: Sequence[Sequence[Need]]
    gives: Sequence[Sequence[Need]]
    standing: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Choice:
    """The runs to rerun, sorted; no answer has fewer than `fewest`."""

    runs: tuple[int, ...]
    fewest: int

    @property
    def is_minimum(self) -> bool:
        """Whether it is proven that no smaller set will do."""
        return len(self.runs) == self.fewest


def possible(problem: Problem, runs: Iterable[int]) -> list[int]:
    """Return those of the runs that can be rerun if only these are, in an order that works. Cost: a heap of runs."""
    return _Progress(problem, runs).rest()


def choose(problem: Problem, required: Collection[int]) -> Choice:
    """Return the fewest runs with the required ones that can be rerun; all required must be possible with all others.

    Cost: linear where nothing has to be added; else some walks over all candidates, and trials within a fixed budget.
    """
    progress = _Progress(problem, required)
    order = progress.rest()
    if len(order) == len(required):
        return Choice(tuple(sorted(order)), len(order))
    stuck = frozenset(required).difference(order)
    rest = Problem(problem.needs, problem.gives, progress.at_hand)
    added, fewest = _Search(rest, stuck, _helpful(rest, stuck, order)).fewest()
    return Choice(tuple(sorted([*required, *added])), len(required) + fewest)


@dataclass(slots=True)
class _Progress:
    """Reruns runs as soon as they find what they need, the newest first: so the fewest old ones are of use."""

    problem: Problem
    runs: Iterable[int]
    at_hand: dict[int, int] = field(init=False)
    unmet: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.at_hand = at_hand = dict(self.problem.standing)
        needs, waits = self.problem.needs, self.waiting
        for run in self.runs:
            unmet = 0
            for name, least in needs[run]:
                if name not in at_hand or at_hand[name] < least:
                    waits[name].append((least, run))
                    unmet += 1
            self.unmet[run] = unmet
        for waiting in self.waiting.values():
            heapify(waiting)

    def rest(self) -> list[int]:
        """Return the runs in the order in which they could be rerun; those that never could are missing."""
        order = []
        ready = [-run for run, lacking in self.unmet.items() if not lacking]
        heapify(ready)
        gives, at_hand, waits, unmet = self.problem.gives, self.at_hand, self.waiting, self.unmet
        while ready:
            order.append(run := -heappop(ready))
            for name, version in gives[run]:
                if name not in at_hand or version > at_hand[name]:
                    at_hand[name] = version
                    waiting = waits.get(name)
                    while waiting and waiting[0][0] <= version:
                        _, met = heappop(waiting)
                        unmet[met] -= 1
                        if not unmet[met]:
                            heappush(ready, -met)
        return order


@dataclass(slots=True)
class _Search:
    """Looks for the fewest runs to add to the stuck ones, and for a proof that there are no fewer, within a budget."""

    problem: Problem
    stuck: frozenset[int]
    candidates: Collection[int]
    budget: int = _STEPS

    def fewest(self) -> tuple[frozenset[int], int]:
        """Return the fewest runs to add that were found, and how many are needed at least."""
        order = possible(self.problem, [*self.stuck, *self.candidates])
        added = frozenset(_supporters(self.problem, self.stuck, order))
        needed = _indispensable(self.problem, self.stuck, order)
        if (len(self.stuck) + len(added)) * len(added - needed) > self.budget:
            return added, len(needed)
        added = self._thinned(added, needed)
        for size in range(len(needed), len(added)):
            fewer = self._covering(needed, size - len(needed), set())
            if self.budget <= 0:
                return added, size
            if fewer is not None:
                return fewer, size
        return added, len(added)

    def _thinned(self, added: frozenset[int], needed: frozenset[int]) -> frozenset[int]:
        """Leave out one after the other, the newest first, whatever can be left out."""
        for run in sorted(added - needed, reverse=True):
            self.budget -= len(self.stuck) + len(added)
            if self.stuck.issubset(possible(self.problem, self.stuck | added - {run})):
                added -= {run}
        return added

    def _covering(self, added: frozenset[int], left: int, tried: set[frozenset[int]]) -> frozenset[int] | None:
        """Return a set that works, of these and at most as many more as are left; None when there is none.

        Of the runs that are still stuck one has to be the next: all that it lacks must come from runs not yet added.
        """
        if added in tried or self.budget <= 0:
            return None
        tried.add(added)
        chosen = self.stuck | added
        self.budget -= len(chosen)
        progress = _Progress(self.problem, chosen)
        lacking = chosen.difference(progress.rest())
        if not lacking:
            return added
        if not left:
            return None
        for run in self._helpers(progress, lacking) - chosen:
            found = self._covering(added | {run}, left - 1, tried)
            if found is not None:
                return found
        return None

    def _helpers(self, progress: _Progress, lacking: Iterable[int]) -> set[int]:
        """Return the candidates that meet the first unmet need of any run that is stuck."""
        wanted: dict[int, int] = {}
        for run in lacking:
            name, least = next(need for need in self.problem.needs[run] if progress.at_hand.get(need[0], -1) < need[1])
            wanted[name] = min(least, wanted.get(name, least))
        return {
            run
            for run in self.candidates
            for name, version in self.problem.gives[run]
            if name in wanted and version >= wanted[name]
        }


def _supporters(problem: Problem, wanted: Iterable[int], order: Iterable[int]) -> set[int]:
    """Return what the wanted runs need, down to the last: for each need the first run of the order that meets it."""
    first: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for run in order:
        for name, version in problem.gives[run]:
            if not first[name] or version > first[name][-1][0]:
                first[name].append((version, run))
    found = set(wanted)
    waiting = list(found)
    while waiting:
        for name, least in problem.needs[waiting.pop()]:
            if problem.standing.get(name, -1) < least:
                _, run = first[name][bisect_left(first[name], (least, -1))]
                if run not in found:
                    found.add(run)
                    waiting.append(run)
    return found.difference(wanted)


def _indispensable(problem: Problem, wanted: Collection[int], order: Sequence[int]) -> frozenset[int]:
    """Return the runs that no answer can do without; none where that costs too much."""
    if len(order) ** 2 > _BITS:
        return frozenset()
    brings = _Landmarks(problem, order).settled()
    united = 0
    for run in wanted:
        united |= brings.get(run, 0)
    return frozenset(run for place, run in enumerate(order) if united >> place & 1 and run not in wanted)


class _Landmarks:
    """What each run brings with it in every answer (Keyder, Richter and Helmert 2010), as bits.

    A run brings itself and, for each need, what all that could meet it have in common. That is taken from above: at
    first everything brings everything, and less is found until nothing changes.
    """

    def __init__(self, problem: Problem, order: Sequence[int]) -> None:
        self._order = order
        self._everything = (1 << len(order)) - 1
        self._brings = dict.fromkeys(order, self._everything)
        self._made = _makers(problem, order)
        # What all makers from one place on, the newer ones, have in common.
        self._common = {name: [self._everything] * (len(made) + 1) for name, made in self._made.items()}
        self._gives = {run: [(n, bisect_left(self._made[n], (v, run))) for n, v in problem.gives[run]] for run in order}
        self._needs = {
            run: [
                (name, bisect_left(self._made[name], (least, -1)))
                for name, least in problem.needs[run]
                if problem.standing.get(name, -1) < least
            ]
            for run in order
        }

    def settled(self) -> Mapping[int, int]:
        """Return what each run brings; nothing where it does not settle in some rounds, as it does without cycles."""
        for _ in range(_ROUNDS):
            changed = False
            for place, run in enumerate(self._order):
                bits = 1 << place
                for name, first in self._needs[run]:
                    bits |= self._common[name][first]
                if bits != self._brings[run]:
                    self._brings[run], changed = bits, True
                    self._tell(run)
            if not changed:
                return self._brings
        return {}

    def _tell(self, run: int) -> None:
        """Let those know who could have it from this run or a newer one."""
        for name, place in self._gives[run]:
            made, common = self._made[name], self._common[name]
            for here in range(place, -1, -1):
                bits = self._brings[made[here][1]] & common[here + 1]
                if bits == common[here]:
                    break
                common[here] = bits


def _makers(problem: Problem, runs: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
    """Return who writes which version of each name, the oldest first."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for run in runs:
        for name, version in problem.gives[run]:
            found[name].append((version, run))
    for made in found.values():
        made.sort()
    return found


def _helpful(problem: Problem, stuck: Iterable[int], settled: Iterable[int]) -> set[int]:
    """Return the runs that could help a stuck one, down to the last, and are not settled themselves."""
    makers = _makers(problem, range(len(problem.gives)))
    seen = {*stuck, *settled}
    waiting = list(stuck)
    found: set[int] = set()
    while waiting:
        for name, least in problem.needs[waiting.pop()]:
            if problem.standing.get(name, -1) >= least:
                continue
            # Each maker is taken once: a need of an older version takes those that are left.
            while makers[name] and makers[name][-1][0] >= least:
                _, run = makers[name].pop()
                if run not in seen:
                    seen.add(run)
                    found.add(run)
                    waiting.append(run)
    return found
