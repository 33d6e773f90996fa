"""What would have to be rerun, as a problem of numbers; and back from its answer to runs and states."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from headwater.deletion.judging import Judge
from headwater.deletion.reruns import Need, Problem
from headwater.deletion.situation import Situation
from headwater.graph.model import Pointer
from headwater.ids import state_id

Order = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Work:
    """The runs that can be rerun, by number; the states behind each of their needs, and the untouched run by name."""

    runs: Sequence[str]
    number: Mapping[str, int]
    problem: Problem
    needed: Sequence[Sequence[str]]
    untouched: Mapping[str, str]
    names: Mapping[str, str]

    @classmethod
    def of(cls, judge: Judge, unlearning: Collection[str]) -> Work:
        """Return the problem of a situation; the runs that unlearn in place need nothing."""
        situation = judge.situation
        able = {run.id for run in situation.runs if judge.can_rerun(run)}
        runs = [run for run in judge.flow.order if run in able]
        ranks = _Ranks(situation, judge)
        wanted = ranks.needs()
        needed = [
            [] if run in unlearning else [state for state in judge.flow.inputs.get(run, ()) if state in wanted]
            for run in runs
        ]
        problem = Problem(
            needs=[[wanted[state] for state in states] for states in needed],
            gives=[[wanted[state] for state in situation.links[run] if state in wanted] for run in runs],
            standing=ranks.standing,
        )
        number = {run: index for index, run in enumerate(runs)}
        names = {state.id: state.name for state in situation.states if state.id in wanted}
        return cls(runs, number, problem, needed, ranks.untouched, names)

    def stand_in(self, state: str, supplier: int | None) -> str:
        """Return the id of the state that takes the place of one that was read."""
        name = self.names[state]
        return state_id(name, self.untouched[name] if supplier is None else self.runs[supplier])


class _Ranks:
    """Numbers for names and for versions: a version is as great as its maker is late."""

    def __init__(self, situation: Situation, judge: Judge) -> None:
        self._situation, self._judge = situation, judge
        times = ((run.produced_at, run.id) for run in situation.runs)
        self._orders: list[Order] = sorted((at, run) for at, run in times if at is not None)
        self._rank = {run: 2 * place for place, (_, run) in enumerate(self._orders, 1)}
        self._never = 2 * len(self._orders) + 3
        self._names: dict[str, int] = {}
        self.standing: dict[int, int] = {}
        self.untouched: dict[str, str] = {}
        newest = dict(situation.untouched)
        for state in situation.states:
            if state.id not in judge.flow.reach and _can_be_read(state):
                assert state.produced_at is not None
                order = (state.produced_at, state.run or "")
                newest[state.name] = max(order, newest.get(state.name, order))
        for name, order in newest.items():
            self.untouched[name] = order[1]
            number = self._names.setdefault(name, len(self._names))
            self.standing[number] = 2 * bisect_left(self._orders, order) + 1

    def needs(self) -> dict[str, Need]:
        """Return name and version of each affected state; one that was not produced is as if it never would be."""
        names, rank, never, judge = self._names, self._rank, self._never, self._judge
        return {
            state.id: (names.setdefault(state.name, len(names)), rank.get(state.run or "", never))
            for state in self._situation.states
            if judge.is_affected(state)
        }


def _can_be_read(state: Pointer) -> bool:
    return state.produced_at is not None and state.erased is None
