"""What is known of each touched node, put to the rules of the policy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from headwater.deletion.flow import Flow
from headwater.deletion.policy import Facts, Policy, Rule
from headwater.deletion.situation import UNDECLARED, Situation
from headwater.graph.facts import Status
from headwater.graph.model import Pointer, Run
from headwater.ids import is_external, split_state_id

PINNED = "pinned"
REGISTERED = "registered"


class Judged(NamedTuple):
    """What is known of a node, and the first rule that fits."""

    facts: Facts
    rule: Rule


class Judge:
    """Gives the facts and the first rule that fits, once for all nodes of which the same is known."""

    def __init__(self, situation: Situation, policy: Policy, flow: Flow) -> None:
        self.situation = situation
        self.policy = policy
        self.flow = flow
        self.subjects = frozenset(state for target in situation.targets for state in target.states)
        self._rules: dict[Facts, Rule] = {}
        self._states: dict[tuple[Any, ...], Judged] = {}
        self._runs: dict[tuple[bool, bool, bool, bool, bool, bool, bool, str], Judged] = {}

    def rule(self, facts: Facts) -> Rule:
        """Return the first rule of the policy that holds."""
        found = self._rules.get(facts)
        if found is None:
            found = self._rules[facts] = self.policy.judge(facts)
        return found

    def is_affected(self, state: Pointer) -> bool:
        """Whether a state must not be read any more, but is no subject itself: something has to take its place."""
        ident = state.id
        if ident not in self.flow.reach or ident in self.subjects:
            return False
        return state.run is not None or not self.is_source(state)

    def is_source(self, state: Pointer) -> bool:
        """Whether a state that no run made holds rows that are to be forgotten."""
        is_unmade = state.run is None and _is_external(state.id)
        return is_unmade and state.id in self.flow.reach and state.id not in self.subjects

    def maker(self, state: Pointer) -> Run | None:
        """Return the run that made a state, None when no known run did."""
        node = None if state.run is None else self.situation.nodes.get(state.run)
        return node if isinstance(node, Run) else None

    def state(self, state: Pointer) -> Judged:
        """Return what rules may ask about a state, and the one that fits."""
        situation, flow = self.situation, self.flow
        ident, labels = state.id, state.labels
        maker = self.maker(state)
        stage = UNDECLARED if maker is None else situation.stage(maker)
        newest = ident in situation.newest
        used = bool(self._running) and not self._running.isdisjoint(situation.links[ident])
        pinned, registered = (PINNED in labels, REGISTERED in labels) if labels else (False, False)
        erased = state.erased is not None
        live = not erased and (newest or used or pinned or registered)
        asks_names = self.policy.asks_names
        return self._judged(
            "state",
            ident in self.subjects,
            state.run is None and self.is_source(state),
            ident in flow.reach,
            ident in flow.claimed,
            self.missing_of_state(state, maker, live=live) is not None,
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

    def run(self, run: Run, *, is_rerun: bool, unlearns: bool) -> Judged:
        """Return what rules may ask about a run, and the one that fits."""
        ident = run.id
        key = (
            ident in self.flow.reach,
            ident in self.flow.claimed,
            self.missing_of_run(run) is not None,
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

    def _judged(self, *known: Any) -> Judged:
        """Return the facts of these fields in their order, one object for all nodes of which the same is known."""
        found = self._states.get(known)
        if found is None:
            facts = Facts(*known)
            found = self._states[known] = Judged(facts, self.rule(facts))
        return found

    def missing_of_state(self, state: Pointer, maker: Run | None, *, live: bool) -> str | None:
        """Return what would have to be known to be sure of a state, None when nothing is missing."""
        if state.id not in self.flow.reach:
            return None
        if maker is None:
            if state.run is None and _is_external(state.id):
                return self._unsettled
            return "the run that made it"
        if live and maker.component is None:
            return f"the component of run {maker.id}"
        return self.missing_of_run(maker)

    def missing_of_run(self, run: Run) -> str | None:
        """Return what would have to be known to be sure of a run, None when nothing is missing."""
        if run.id in self.flow.loops:
            return f"what came first: run {run.id} reads what derives from itself"
        if run.id in self._contradictions:
            state = self._contradictions[run.id]
            return f"how run {run.id} read {state}, which was produced after the run had ended"
        return self._unsettled

    def can_rerun(self, run: Run) -> bool:
        """Whether a run can be made again as far as the run itself is concerned."""
        is_known = run.component is not None and run.status is not Status.RUNNING
        return is_known and run.id not in self.flow.claimed and self.missing_of_run(run) is None

    @cached_property
    def _running(self) -> frozenset[str]:
        return frozenset(run.id for run in self.situation.runs if run.status is Status.RUNNING)

    @cached_property
    def _unsettled(self) -> str | None:
        return "which states runs read: a large re-binding is under way" if self.situation.rebinding else None

    @cached_property
    def _contradictions(self) -> dict[str, str]:
        """The runs that read what came to be after their end, with one such state each."""
        return dict(self._found_contradictions())

    def _found_contradictions(self) -> Iterator[tuple[str, str]]:
        nodes = self.situation.nodes
        for run, states in self.flow.inputs.items():
            reader = nodes[run]
            ended = reader.produced_at
            if ended is not None:
                late = [state for state in states if (made := nodes[state].produced_at) is not None and made > ended]
                if late:
                    yield run, min(late)


def _is_external(state: str) -> bool:
    return is_external((split_state_id(state) or ("", ""))[1])
