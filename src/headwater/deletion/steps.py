"""The order in which things go: nothing live is removed before its replacement is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from headwater.deletion.judging import Judge
from headwater.deletion.numbering import NOBODY
from headwater.deletion.plan import Rerun, Step, Verdict
from headwater.deletion.policy import VerdictKind
from headwater.graph.model import Pointer, Run


class Removal:
    """What the verdicts come to: steps, names to rewrite, whose payload goes, which contents."""

    def __init__(self, judge: Judge, verdicts: Sequence[Verdict | None], reruns: Sequence[Rerun]) -> None:
        self._judge = judge
        self._verdicts = verdicts
        self._graph = judge.graph
        self._reruns = reruns
        self._replaced = [state for rerun in reruns for state in rerun.replaces]

    def steps(self) -> Iterator[Step]:
        """Yield the steps in their order; those without anything to do are left out."""
        waves: dict[int, list[str]] = defaultdict(list)
        for rerun in self._reruns:
            waves[rerun.wave].append(rerun.run)
        number = self._graph.number
        sources = frozenset(self._sources)
        deleted = [state for state in self._deleted if state not in sources]
        found = [
            Step("quarantine", self._ids(self._of("quarantine"))),
            *(Step("rebuild", tuple(runs), wave) for wave, runs in sorted(waves.items())),
            Step("swap", tuple(self._replaced)),
            Step("delete", self._leaves_first([*deleted, *(number[state] for state in self._replaced)])),
            Step("source", self._leaves_first(self._sources)),
            Step("purge", tuple(digest for digest, _ in self.artifacts)),
            Step("verify", tuple(target.request for target in self._judge.situation.targets)),
        ]
        return (step for step in found if step.nodes)

    def names(self) -> tuple[str, ...]:
        """Return the names in which a part identifies a subject."""
        policy, targets, graph = self._judge.policy, self._judge.situation.targets, self._graph
        owners = {value for target in targets for _, value in target.labels}
        if policy.names:
            subjects = (graph.state(state).name for state in self._judge.subjects)
            owners |= {part for name in subjects if (part := policy.identifying(name))}
        if not owners:
            return ()
        names = {graph.state(state).name for state in graph.states if self._judge.flow.reach[state]}
        return tuple(sorted(name for name in names if policy.identifying(name) in owners))

    @cached_property
    def erases(self) -> tuple[str, ...]:
        """Return the states, then the runs, whose payload goes."""
        rows = {node for node in self._sources if node not in self._judge.subjects}
        states = {self._graph.ids[state] for state in self._deleted if state not in rows}
        return (*sorted(states.union(self._replaced)), *self._ids(sorted(self._erased_runs())))

    @cached_property
    def artifacts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the contents that only erased states had, with those states."""
        erased = set(self.erases)
        holders: dict[str, list[str]] = defaultdict(list)
        for state in self._judge.situation.states:
            if state.digest is not None:
                holders[state.digest].append(state.id)
        return tuple((digest, tuple(states)) for digest, states in sorted(holders.items()) if erased.issuperset(states))

    @cached_property
    def _deleted(self) -> list[int]:
        """The states that go without being replaced."""
        graph = self._graph
        deleted = self._of("delete")
        return [node for node in deleted if isinstance(graph.nodes[node], Pointer) and graph.nodes[node].erased is None]

    @cached_property
    def _sources(self) -> list[int]:
        """The subjects, and what holds rows of them without having been made by a run."""
        subjects = self._judge.subjects
        return [state for state in self._deleted if state in subjects or self._judge.is_source(state)]

    def _of(self, kind: VerdictKind) -> list[int]:
        return [node for node, verdict in enumerate(self._verdicts) if verdict is not None and verdict.verdict == kind]

    def _ids(self, nodes: Iterable[int]) -> tuple[str, ...]:
        ids = self._graph.ids
        return tuple([ids[node] for node in nodes])

    def _leaves_first(self, states: Iterable[int]) -> tuple[str, ...]:
        return self._ids(sorted(sorted(states), key=self._depth.__getitem__, reverse=True))

    @cached_property
    def _depth(self) -> Sequence[int]:
        """How late the maker of each state comes in the order of the runs; NOBODY for runs."""
        place = {run: position for position, run in enumerate(self._judge.flow.order)}
        place[NOBODY] = NOBODY
        return [place[maker] for maker in self._graph.maker]

    def _erased_runs(self) -> set[int]:
        """The runs whose payload may speak of a subject: those next to one, or all that are reached."""
        flow, graph = self._judge.flow, self._graph
        if self._judge.policy.erases == "reached":
            return {run for run in graph.runs if flow.reach[run]}
        near = {run for state in self._judge.subjects for run in graph.near[state]}
        makers = {graph.maker[node] for node in flow.subjects.starts if graph.maker[node] != NOBODY}
        started = {node for node in flow.subjects.starts if isinstance(graph.nodes[node], Run)}
        return near | makers | started
