"""What is known of each touched node, put to the rules of the policy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from headwater.deletion.flow import Flow
from headwater.deletion.numbering import NOBODY
from headwater.deletion.policy import Facts, Policy, Rule
from headwater.deletion.situation import UNDECLARED, Situation
from headwater.graph.facts import Status
from headwater.graph.model import Run
from headwater.ids import is_external, split_state_id

PINNED = "pinned"
REGISTERED = "registered"


class Judged(NamedTuple):
    """What is known of a node, and the first rule that fits."""

    facts: Facts
    rule: Rule


class Judge:
    """Gives the facts and the first rule that fits, once for all nodes of which the same is known; nodes by number."""

    def __init__(self, situation: Situation, policy: Policy, flow: Flow) -> None:
        self.situation = situation
        self.policy = policy
        self.flow = flow
        self.graph = situation.numbered
        number = self.graph.number
        wanted = {state for target in situation.targets for state in target.states}
        self.subjects = frozenset(number[state] for state in wanted if state in number)
        self._rules: dict[Facts, Rule] = {}
        self._states: dict[tuple[Any, ...], Judged] = {}
        self._runs: dict[tuple[bool, bool, bool, bool, bool, bool, bool, str], Judged] = {}

    def rule(self, facts: Facts) -> Rule:
        """Return the first rule of the policy that holds."""
        found = self._rules.get(facts)
        if found is None:
            found = self._rules[facts] = self.policy.judge(facts)
        return found

    def is_affected(self, state: int) -> bool:
        """Whether a state must not be read any more, but is no subject itself: something has to take its place."""
        if not self.flow.reach[state] or state in self.subjects:
            return False
        return self.graph.state(state).run is not None or not self.is_source(state)

    def is_source(self, state: int) -> bool:
        """Whether a state that no run made holds rows that are to be forgotten."""
        return self._is_outside(state) and self.flow.reach[state] > 0 and state not in self.subjects

    def maker(self, state: int) -> Run | None:
        """Return the run that made a state, None when no known run did."""
        maker = self.graph.maker[state]
        return None if maker == NOBODY else self.graph.run(maker)

    def state(self, number: int) -> Judged:
        """Return what rules may ask about a state, and the one that fits."""
        graph, situation, flow, running = self.graph, self.situation, self.flow, self._running
        state, maker = graph.state(number), self.maker(number)
        stage = UNDECLARED if maker is None else situation.stage(maker)
        newest = state.id in situation.newest
        used = bool(running) and not running.isdisjoint(graph.near[number])
        labels = state.labels
        pinned, registered = (PINNED in labels, REGISTERED in labels) if labels else (False, False)
        erased = state.erased is not None
        live = not erased and (newest or used or pinned or registered)
        asks_names = self.policy.asks_names
        known = (
            "state",
            number in self.subjects,
            state.run is None and self.is_source(number),
            flow.reach[number] > 0,
            number in flow.claimed,
            self.missing_of_state(number, live=live) is not None,
            state.type,
            live,
            newest,
            used,
            pinned,
            registered,
            maker is not None and maker.status is Status.RUNNING,
            stage.shards is not None,
            stage.unlearns is not None,
            False,
            False,
            erased,
            state.name if asks_names else "",
            (maker.component or "") if maker and asks_names else "",
        )
        return self._states.get(known) or self._judged(known)

    def run(self, number: int, *, is_rerun: bool, unlearns: bool) -> Judged:
        """Return what rules may ask about a run, and the one that fits."""
        run = self.graph.run(number)
        key = (
            self.flow.reach[number] > 0,
            number in self.flow.claimed,
            self.is_uncertain(number),
            run.status is Status.RUNNING,
            self.situation.stage(run).shards is not None,
            unlearns,
            is_rerun,
            (run.component or "") if self.policy.asks_names else "",
        )
        found = self._runs.get(key)
        if found is None:
            reached, claimed, missing, running, shards, unlearns, is_rerun, component = key
            facts = Facts(
                kind="run",
                reached=reached,
                claimed=claimed,
                missing=missing,
                running=running,
                shards=shards,
                unlearns=unlearns,
                rerun=is_rerun,
                component=component,
            )
            found = self._runs[key] = Judged(facts, self.rule(facts))
        return found

    def _judged(self, known: tuple[Any, ...]) -> Judged:
        """Return the facts of these fields in their order, one object for all states of which the same is known."""
        facts = Facts(*known)
        found = self._states[known] = Judged(facts, self.rule(facts))
        return found

    def missing_of_state(self, state: int, *, live: bool) -> str | None:
        """Return what would have to be known to be sure of a state, None when nothing is missing."""
        if not self.flow.reach[state]:
            return None
        maker = self.graph.maker[state]
        if maker == NOBODY:
            return self._unsettled if self._is_outside(state) else "the run that made it"
        run = self.graph.run(maker)
        if live and run.component is None:
            return f"the component of run {run.id}"
        return self.missing_of_run(maker) if self.is_uncertain(maker) else None

    def missing_of_run(self, run: int) -> str | None:
        """Return what would have to be known to be sure of a run, None when nothing is missing."""
        ids = self.graph.ids
        if run in self.flow.loops:
            return f"what came first: run {ids[run]} reads what derives from itself"
        if run in self._contradictions:
            state = ids[self._contradictions[run]]
            return f"how run {ids[run]} read {state}, which was produced after the run had ended"
        return self._unsettled

    def is_uncertain(self, run: int) -> bool:
        """Whether something would have to be known to be sure of a run."""
        return self._unsettled is not None or run in self._contradictions or run in self.flow.loops

    def can_rerun(self, number: int) -> bool:
        """Whether a run can be made again as far as the run itself is concerned."""
        run = self.graph.run(number)
        is_known = run.component is not None and run.status is not Status.RUNNING
        return is_known and number not in self.flow.claimed and not self.is_uncertain(number)

    def _is_outside(self, state: int) -> bool:
        """Whether a state came from outside of all runs."""
        found = self.graph.state(state)
        return found.run is None and is_external((split_state_id(found.id) or ("", ""))[1])

    @cached_property
    def _running(self) -> frozenset[int]:
        return frozenset(run for run in self.graph.runs if self.graph.run(run).status is Status.RUNNING)

    @cached_property
    def _unsettled(self) -> str | None:
        return "which states runs read: a large re-binding is under way" if self.situation.rebinding else None

    @cached_property
    def _contradictions(self) -> dict[int, int]:
        """The runs that read what came to be after their end, with one such state each."""
        return dict(self._found_contradictions())

    def _found_contradictions(self) -> Iterator[tuple[int, int]]:
        nodes, inputs = self.graph.nodes, self.graph.inputs
        for run in self.graph.runs:
            ended = nodes[run].produced_at
            if ended is not None:
                late = [
                    state for state in inputs[run] if (made := nodes[state].produced_at) is not None and made > ended
                ]
                if late:
                    yield run, late[0]
