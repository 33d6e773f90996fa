"""What would have to be rerun, as a problem of numbers; and back from its answer to runs and states."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from headwater.deletion.judging import Judge
from headwater.deletion.reruns import Need, Problem
from headwater.deletion.situation import Situation
from headwater.graph.model import Pointer, Run
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

    @classmethod
    def of(cls, judge: Judge, unlearning: Collection[str]) -> Work:
        """Return the problem of a situation; the runs that unlearn in place need nothing."""
        situation = judge.situation
        makers = _makers(judge)
        runs = [run for run in makers if judge.can_rerun(run)]
        ranks = _Ranks(situation, judge)
        needed = [
            [] if run.id in unlearning else [s for s in judge.flow.inputs.get(run.id, ()) if judge.is_affected(s)]
            for run in runs
        ]
        problem = Problem(
            needs=[[ranks.need(state) for state in states] for states in needed],
            gives=[[ranks.need(s) for s in situation.links[run.id] if judge.is_affected(s)] for run in runs],
            standing=ranks.standing,
        )
        number = {run.id: index for index, run in enumerate(runs)}
        return cls([run.id for run in runs], number, problem, needed, ranks.untouched)

    def stand_in(self, state: Pointer, supplier: int | None) -> str:
        """Return the id of the state that takes the place of one that was read."""
        run = self.untouched[state.name] if supplier is None else self.runs[supplier]
        return state_id(state.name, run)


def _makers(judge: Judge) -> list[Run]:
    """Return the runs that made anything affected, or derive from it, in the order of their start."""
    nodes = (judge.situation.nodes[run] for run in judge.flow.order)
    return [node for node in nodes if isinstance(node, Run)]


class _Ranks:
    """Numbers for names and for versions: a version is as great as its maker is late."""

    def __init__(self, situation: Situation, judge: Judge) -> None:
        self._situation = situation
        ended = [n for n in situation.nodes.values() if isinstance(n, Run) and n.produced_at is not None]
        self._orders: list[Order] = sorted((run.produced_at, run.id) for run in ended if run.produced_at is not None)
        self._rank = {run: 2 * place for place, (_, run) in enumerate(self._orders, 1)}
        self._never = 2 * len(self._orders) + 3
        self._names: dict[str, int] = {}
        self.standing: dict[int, int] = {}
        self.untouched: dict[str, str] = {}
        newest = dict(situation.untouched)
        for node in situation.nodes.values():
            if isinstance(node, Pointer) and node.id not in judge.flow.reach and _can_be_read(node):
                assert node.produced_at is not None
                order = (node.produced_at, node.run or "")
                newest[node.name] = max(order, newest.get(node.name, order))
        for name, order in newest.items():
            self.untouched[name] = order[1]
            self.standing[self._name(name)] = 2 * bisect_left(self._orders, order) + 1

    def need(self, state: str) -> Need:
        """Return the name and version of a state; one that was not produced is as if it never would be."""
        node = self._situation.nodes[state]
        assert isinstance(node, Pointer)
        return self._name(node.name), self._rank.get(node.run or "", self._never)

    def _name(self, name: str) -> int:
        return self._names.setdefault(name, len(self._names))


def _can_be_read(state: Pointer) -> bool:
    return state.produced_at is not None and state.erased is None
