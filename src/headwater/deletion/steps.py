"""The order in which things go: nothing live is removed before its replacement is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from headwater.deletion.judging import Judge
from headwater.deletion.plan import Rerun, Step, Verdict
from headwater.graph.model import Pointer, Run


class Removal:
    """What the verdicts come to: steps, names to rewrite, whose payload goes, which contents."""

    def __init__(self, judge: Judge, verdicts: Mapping[str, Verdict], reruns: Sequence[Rerun]) -> None:
        self._judge = judge
        self._verdicts = verdicts
        self._reruns = reruns
        self._nodes = judge.situation.nodes

    def steps(self) -> Iterator[Step]:
        """Yield the steps in their order; those without anything to do are left out."""
        quarantined = [v.node for v in self._verdicts.values() if v.verdict == "quarantine"]
        waves: dict[int, list[str]] = defaultdict(list)
        for rerun in self._reruns:
            waves[rerun.wave].append(rerun.run)
        replaced = [state for rerun in self._reruns for state in rerun.replaces]
        sources = set(self._sources)
        deleted = [state for state in self._deleted if state not in sources]
        found = [
            Step("quarantine", tuple(sorted(quarantined))),
            *(Step("rebuild", tuple(runs), wave) for wave, runs in sorted(waves.items())),
            Step("swap", tuple(replaced)),
            Step("delete", tuple(self._leaves_first([*deleted, *replaced]))),
            Step("source", tuple(self._leaves_first(sources))),
            Step("purge", tuple(digest for digest, _ in self.artifacts)),
            Step("verify", tuple(target.request for target in self._judge.situation.targets)),
        ]
        return (step for step in found if step.nodes)

    def names(self) -> tuple[str, ...]:
        """Return the names in which a part identifies a subject."""
        policy, targets = self._judge.policy, self._judge.situation.targets
        owners = {value for target in targets for _, value in target.labels}
        if policy.names:
            subjects = (self._nodes[state] for state in self._judge.subjects if state in self._nodes)
            owners |= {part for s in subjects if isinstance(s, Pointer) and (part := policy.identifying(s.name))}
        if not owners:
            return ()
        reached = (self._nodes[node] for node in self._judge.flow.reach if node in self._nodes)
        names = {node.name for node in reached if isinstance(node, Pointer)}
        return tuple(sorted(name for name in names if policy.identifying(name) in owners))

    @cached_property
    def erases(self) -> tuple[str, ...]:
        """Return the states, then the runs, whose payload goes."""
        rows = {node for node in self._sources if node not in self._judge.subjects}
        replaced = {state for rerun in self._reruns for state in rerun.replaces}
        states = (set(self._deleted) - rows) | replaced
        return (*sorted(states), *sorted(self._erased_runs()))

    @cached_property
    def artifacts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the contents that only erased states had, with those states."""
        erased = set(self.erases)
        holders: dict[str, list[str]] = defaultdict(list)
        for state in self._judge.situation.states:
            if state.digest is not None:
                holders[state.digest].append(state.id)
        return tuple(
            (digest, tuple(sorted(states))) for digest, states in sorted(holders.items()) if erased.issuperset(states)
        )

    @cached_property
    def _deleted(self) -> list[str]:
        deleted = (self._nodes[v.node] for v in self._verdicts.values() if v.verdict == "delete")
        return [node.id for node in deleted if isinstance(node, Pointer) and node.erased is None]

    @cached_property
    def _sources(self) -> list[str]:
        """The subjects, and what holds rows of them without having been made by a run."""
        return [state for state in self._deleted if state in self._judge.subjects or self._is_source(state)]

    def _is_source(self, state: str) -> bool:
        node = self._nodes[state]
        return isinstance(node, Pointer) and self._judge.is_source(node)

    def _leaves_first(self, states: Iterable[str]) -> list[str]:
        # By id first: two sorts of plain keys take a third of the time of one by pairs.
        return sorted(sorted(states), key=self._depth.__getitem__, reverse=True)

    @cached_property
    def _depth(self) -> Mapping[str, int]:
        """How late the maker of each state comes in the order of the runs."""
        place = {run: position for position, run in enumerate(self._judge.flow.order)}
        return {state.id: place.get(state.run or "", -1) for state in self._judge.situation.states}

    def _erased_runs(self) -> set[str]:
        """The runs whose payload may speak of a subject: those next to one, or all that are reached."""
        flow = self._judge.flow
        if self._judge.policy.erases == "reached":
            return {node for node in flow.reach if isinstance(self._nodes.get(node), Run)}
        near = {run for state in self._judge.subjects for run in self._judge.situation.links.get(state, ())}
        made = (self._nodes[state] for state in flow.subjects.starts if state in self._nodes)
        makers = {node.run for node in made if isinstance(node, Pointer) and node.run is not None}
        started = {node for node in flow.subjects.starts if isinstance(self._nodes.get(node), Run)}
        return near | makers | started
