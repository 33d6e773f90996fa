"""What would have to be rerun, as a problem of numbers; and back from its answer to runs and states."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from headwater.deletion.judging import Judge
from headwater.deletion.numbering import NOBODY, Numbering
from headwater.deletion.reruns import Need, Problem
from headwater.graph.model import Run
from headwater.ids import state_id

Order = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Work:
    """The runs that can be rerun, as places in `runs`; `place` is that of each node, NOBODY for all others.

    `needed` are the states behind each need of a run, `untouched` the untouched run that last wrote each name.
    """

    runs: Sequence[int]
    place: Sequence[int]
    problem: Problem
    needed: Sequence[Sequence[int]]
    untouched: Mapping[str, str]
    graph: Numbering

    @classmethod
    def of(cls, judge: Judge, unlearning: Collection[int]) -> Work:
        """Return the problem of a situation; the runs that unlearn in place need nothing."""
        graph = judge.graph
        runs = [run for run in judge.flow.order if judge.can_rerun(run)]
        place = [NOBODY] * len(graph.ids)
        for here, run in enumerate(runs):
            place[run] = here
        ranks = _Ranks(judge)
        wanted = ranks.needs()
        needed = [
            [] if run in unlearning else [state for state in graph.inputs[run] if wanted[state] is not None]
            for run in runs
        ]
        problem = Problem(
            needs=[[need for state in states if (need := wanted[state]) is not None] for states in needed],
            gives=[[given for state in graph.near[run] if (given := wanted[state]) is not None] for run in runs],
            standing=ranks.standing,
        )
        return cls(runs, place, problem, needed, ranks.untouched, graph)

    def stand_in(self, state: int, supplier: int | None) -> str:
        """Return the id of the state that takes the place of one that was read."""
        name = self.graph.state(state).name
        return state_id(name, self.untouched[name] if supplier is None else self.graph.ids[self.runs[supplier]])


class _Ranks:
    """Numbers for names and for versions: a version is as great as its maker is late."""

    def __init__(self, judge: Judge) -> None:
        self._judge, self._graph = judge, judge.graph
        times = [(run.produced_at, run.id, number) for number, run in self._runs()]
        ended = sorted((at, ident, number) for at, ident, number in times if at is not None)
        self._never = 2 * len(ended) + 3
        self._rank = [self._never] * len(self._graph.ids)
        for place, (_, _, number) in enumerate(ended, 1):
            self._rank[number] = 2 * place
        self._names: dict[str, int] = {}
        self.standing: dict[int, int] = {}
        self.untouched: dict[str, str] = {}
        for name, order in self._newest().items():
            self.untouched[name] = order[1]
            self.standing[self._number(name)] = 2 * bisect_left(ended, order) + 1

    def needs(self) -> list[Need | None]:
        """Return name and version of each affected state; one that was not produced is as if it never would be."""
        graph, rank = self._graph, self._rank
        found: list[Need | None] = [None] * len(graph.ids)
        for state in graph.states:
            if self._judge.is_affected(state):
                maker = graph.maker[state]
                found[state] = self._number(graph.state(state).name), self._never if maker == NOBODY else rank[maker]
        return found

    def _runs(self) -> Iterator[tuple[int, Run]]:
        return ((number, self._graph.run(number)) for number in self._graph.runs)

    def _newest(self) -> dict[str, Order]:
        """Return the newest version of each name that nothing reaches and that can be read."""
        newest = dict(self._judge.situation.untouched)
        for number in self._graph.states:
            if not self._judge.flow.reach[number]:
                state = self._graph.state(number)
                if state.produced_at is not None and state.erased is None:
                    order = (state.produced_at, state.run or "")
                    newest[state.name] = max(order, newest.get(state.name, order))
        return newest

    def _number(self, name: str) -> int:
        return self._names.setdefault(name, len(self._names))
