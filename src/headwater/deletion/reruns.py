"""Which runs must be rerun: as few as possible, so that each finds what it reads.

Runs and names are numbers here. A rerun reads of each name a version that is not older than the one it then read: one
that was never touched, or one that an earlier rerun wrote. What a rerun needs is thus a set of (name, least version),
what it gives a set of (name, version), and all that matters of a name is the greatest version at hand. Some runs are
required; which others to add is the question, and they can only be older ones.

Finding the fewest is as hard as covering a set (a run may write several names). The answer is proven where nothing has
to be added, where everything added is proven to be needed, or where trying out all smaller sets is affordable; else it
is a set of which no run can be left out, with the number below which no answer can lie.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

Need = tuple[int, int]

_STEPS = 2_000_000


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
    """The runs to rerun, in an order in which each finds what it needs; no answer has fewer than `fewest`."""

    order: tuple[int, ...]
    fewest: int

    @property
    def is_minimum(self) -> bool:
        """Whether it is proven that no smaller set will do."""
        return len(self.order) == self.fewest


def possible(problem: Problem, runs: Iterable[int]) -> list[int]:
    """Return those of the runs that can be rerun if only these are, in an order that works. Cost: linear."""
    return _Progress(problem, runs).rest()


def choose(problem: Problem, required: Collection[int]) -> Choice:
    """Return the fewest runs with the required ones that can be rerun; all required must be possible with all others.

    Cost: linear where nothing has to be added; else some walks over all candidates, and trials within a fixed budget.
    """
    progress = _Progress(problem, required)
    order = progress.rest()
    if len(order) == len(required):
        return Choice(tuple(order), len(order))
    stuck = set(required).difference(order)
    rest = Problem(problem.needs, problem.gives, progress.at_hand)
    added, fewest = _Search(rest, stuck, _helpful(rest, stuck, order)).fewest()
    return Choice(tuple(possible(problem, [*required, *added])), len(required) + fewest)


@dataclass(slots=True)
class _Progress:
    """Reruns runs as soon as they find what they need, the oldest first."""

    problem: Problem
    runs: Iterable[int]
    at_hand: dict[int, int] = field(init=False)
    unmet: dict[int, int] = field(init=False)
    waiting: dict[int, list[tuple[int, int]]] = field(init=False)
    ready: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.at_hand = dict(self.problem.standing)
        self.waiting = defaultdict(list)
        self.unmet = {}
        for run in self.runs:
            self.unmet[run] = 0
            for name, least in self.problem.needs[run]:
                if self.at_hand.get(name, -1) < least:
                    self.unmet[run] += 1
                    self.waiting[name].append((least, run))
        for waiting in self.waiting.values():
            heapify(waiting)
        self.ready = [run for run, unmet in self.unmet.items() if not unmet]
        heapify(self.ready)

    def rest(self) -> list[int]:
        """Return the runs in the order in which they could be rerun; those that never could are missing."""
        order = []
        while self.ready:
            order.append(run := heappop(self.ready))
            for met in self.give(run):
                heappush(self.ready, met)
        return order

    def give(self, run: int) -> Iterator[int]:
        """Put at hand what the run writes; yield the runs that now find everything."""
        for name, version in self.problem.gives[run]:
            if version > self.at_hand.get(name, -1):
                self.at_hand[name] = version
                waiting = self.waiting.get(name, ())
                while waiting and waiting[0][0] <= version:
                    _, met = heappop(waiting)
                    self.unmet[met] -= 1
                    if not self.unmet[met]:
                        yield met


@dataclass(slots=True)
class _Search:
    """Looks for the fewest runs to add to the stuck ones, and for a proof that there are no fewer, within a budget."""

    problem: Problem
    stuck: Collection[int]
    candidates: Collection[int]
    budget: int = _STEPS

    def fewest(self) -> tuple[set[int], int]:
        """Return the fewest runs to add that were found, and how many are needed at least."""
        added = self._thinned(self._shrunk(set(self.candidates)))
        everything = {*self.stuck, *self.candidates}
        needed = {run for run in added if not self._works(everything - {run})}
        if len(needed) == len(added):
            return added, len(added)
        for size in range(len(needed), len(added)):
            fewer = self._covering(frozenset(needed), size - len(needed), set())
            if self.budget <= 0:
                return added, size
            if fewer is not None:
                return set(fewer), size
        return added, len(added)

    def _works(self, runs: Collection[int]) -> bool:
        """Whether the stuck runs, among these, can be rerun. Out of budget, the answer is the careful one: yes."""
        self.budget -= len(runs)
        return self.budget <= 0 or self._reached(runs).issuperset(self.stuck)

    def _reached(self, runs: Collection[int]) -> set[int]:
        return set(_Progress(self.problem, runs).rest())

    def _shrunk(self, added: set[int]) -> set[int]:
        """Keep those that support a stuck run, again and again while that leaves any out."""
        while len(fewer := _supporters(self.problem, self.stuck, added)) < len(added):
            added = fewer
        return added

    def _thinned(self, added: set[int]) -> set[int]:
        """Leave out one after the other, the newest first, whatever can be left out."""
        for run in sorted(added, reverse=True):
            fewer = {*self.stuck, *added} - {run}
            self.budget -= len(fewer)
            if self.budget <= 0:
                break
            if self._reached(fewer).issuperset(self.stuck):
                added = added - {run}
        return added

    def _covering(self, added: frozenset[int], left: int, tried: set[frozenset[int]]) -> frozenset[int] | None:
        """Return a set that works, of these and at most as many more as are left; None when there is none.

        Of the runs that are still stuck one has to be the next: all that it lacks must come from runs not yet added.
        """
        if added in tried or self.budget <= 0:
            return None
        tried.add(added)
        chosen = {*self.stuck, *added}
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


def _supporters(problem: Problem, required: Collection[int], candidates: Collection[int]) -> set[int]:
    """Return candidates that make all required runs possible: for each need the cheapest (Hoffmann and Nebel 2001).

    Required runs cost nothing, any other one more than what supports it. A run is settled once, in the order of cost,
    so that supports never go around in a circle.
    """
    free = set(required)
    progress = _Progress(problem, [*required, *candidates])
    support = _Support(problem)
    queue = [(0 if run in free else 1, run) for run in progress.ready]
    heapify(queue)
    while queue:
        cost, run = heappop(queue)
        support.settle(run, cost)
        for met in progress.give(run):
            heappush(queue, (0 if met in free else 1 + support.price(met), met))
    return support.of(required) - free


@dataclass(slots=True)
class _Support:
    """Which run meets a need first, and what it costs."""

    problem: Problem
    cost: dict[int, int] = field(default_factory=dict)
    greatest: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def settle(self, run: int, cost: int) -> None:
        """Let the run meet what no earlier one does."""
        self.cost[run] = cost
        for name, version in self.problem.gives[run]:
            known = self.greatest[name]
            if not known or version > known[-1][0]:
                known.append((version, run))

    def price(self, run: int) -> int:
        """Return what all that supports a run costs together."""
        return sum(self.cost[other] for other in self._right_before(run))

    def of(self, runs: Iterable[int]) -> set[int]:
        """Return the runs and, down to the last, those that support them."""
        found = set(runs)
        waiting = list(found)
        while waiting:
            new = self._right_before(waiting.pop()) - found
            found |= new
            waiting.extend(new)
        return found

    def _right_before(self, run: int) -> set[int]:
        return {
            next(maker for version, maker in self.greatest[name] if version >= least)
            for name, least in self.problem.needs[run]
            if self.problem.standing.get(name, -1) < least
        }


def _helpful(problem: Problem, stuck: Iterable[int], settled: Iterable[int]) -> set[int]:
    """Return the runs that could help a stuck one, down to the last, and are not settled themselves."""
    makers: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for run, gives in enumerate(problem.gives):
        for name, version in gives:
            makers[name].append((version, run))
    for made in makers.values():
        made.sort()
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
