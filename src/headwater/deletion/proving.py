"""What is proven to hold nothing of the subjects, and what is left to do: judged anew from the graph, each time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

from headwater.deletion.erasing import names_left
from headwater.deletion.flow import Flow
from headwater.deletion.plan import Plan
from headwater.deletion.planning import plan
from headwater.deletion.policy import Policy
from headwater.deletion.situation import Situation, Target
from headwater.deletion.survey import survey
from headwater.graph.model import Pointer
from headwater.graph.store import DeletionStore

# The label of a run that was made again: the id of the run that it stands for.
RERUN_OF = "rerun_of"

Todo: TypeAlias = Literal["rebuild", "wait", "resolve", "erase", "rename", "unlabel"]


@dataclass(frozen=True, slots=True)
class Remaining:
    """One thing that is still to be done, with the rule and the chain of nodes from a subject that say so."""

    do: Todo
    node: str
    why: str
    evidence: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {"do": self.do, "node": self.node, "why": self.why, "evidence": list(self.evidence)}


@dataclass(frozen=True, slots=True)
class Proof:
    """A state that was rebuilt, or made again, with the same content and without the subjects."""

    state: str
    same_as: str
    digest: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {"state": self.state, "same_as": self.same_as, "digest": self.digest}


@dataclass(frozen=True)
class Judgement:
    """What the graph says now: the situation, what is to be done by the policy, and what is proven to be free."""

    situation: Situation
    plan: Plan
    policy: Policy
    proofs: tuple[Proof, ...] = ()

    @cached_property
    def reach(self) -> Mapping[str, int]:
        """The nodes into which data of the subjects flows."""
        return Flow.of(self.situation).reached

    @property
    def live(self) -> int:
        """How many live states the subjects reach."""
        return len({state for rerun in self.plan.reruns for state in rerun.replaces}) + len(self._standing())

    def rows_of(self, state: Pointer) -> tuple[tuple[str, str], ...]:
        """Return the labels of the rows that go from a source that is no subject itself; none from any other state."""
        is_subject = any(state.id in target.states for target in self.situation.targets)
        is_source = state.run is None and state.id in self.reach and not is_subject
        return self.plan.labels if is_source else ()

    def remaining(self) -> list[Remaining]:
        """Return all that is still to be done, what is live first."""
        return list(self._remaining())

    def _standing(self) -> list[str]:
        return [node for kind in ("quarantine", "undetermined") for node in self.plan.of(kind)]

    def _remaining(self) -> Iterator[Remaining]:
        for rerun in self.plan.reruns:
            states = ", ".join(rerun.replaces) or "what others need"
            yield self._one("rebuild", rerun.run, f"{rerun.component} has to make {states} again")
        for node in self._standing():
            verdict = self.plan.by_node[node]
            do: Todo = "wait" if verdict.verdict == "quarantine" else "resolve"
            yield self._one(do, node, verdict.missing or f"rule {verdict.rule}")
        for node in self.plan.erases:
            if self.situation.nodes[node].erased is None:
                yield self._one("erase", node, f"rule {self.plan.by_node[node].rule}")
        for name in names_left(self.plan, self.policy):
            yield Remaining("rename", name, "a part of the name identifies the subject")
        for key, value in self.plan.labels:
            if self.situation.starts.get((key, value)):
                yield Remaining("unlabel", f"{key}={value}", "the label stands in the graph")

    def _one(self, do: Todo, node: str, why: str) -> Remaining:
        chain = self.plan.evidence(node) if node in self.plan.by_node else (node,)
        return Remaining(do, node, why, chain)


def judge(store: DeletionStore, targets: Sequence[Target], policy: Policy, *, has_reruns: bool = True) -> Judgement:
    """Return what the graph says of the targets now; without reruns for earlier plans, nothing is proven by any.

    Cost: that of a plan.
    """
    situation = survey(store, standing(store, targets))
    found = Judgement(situation, plan(situation, policy), policy)
    proofs = proven(store, situation, found.reach) if has_reruns else []
    if not proofs:
        return found
    return replace(found, plan=found.plan.after({one.state for one in proofs}), proofs=tuple(proofs))


def standing(store: DeletionStore, targets: Sequence[Target]) -> list[Target]:
    """Return the targets without states that the store does not know any more."""
    wanted = sorted({state for target in targets for state in target.states})
    known = store.sources(wanted).nodes if wanted else {}
    return [replace(one, states=tuple(state for state in one.states if state in known)) for one in targets]


def proven(store: DeletionStore, situation: Situation, reach: Mapping[str, int]) -> list[Proof]:
    """Return the reached states that a rerun of their maker, which the subjects do not reach, made again byte by byte.

    Judged by the digests that the writers gave. Subjects themselves are never among them.
    """
    subjects = {state for target in situation.targets for state in target.states}
    reached = [n for n in situation.nodes.values() if isinstance(n, Pointer) and n.digest and reach.get(n.id)]
    made = [state for state in reached if state.run is not None and state.id not in subjects]
    again = _made_again(store, {str(state.run) for state in made}, reach)
    same = ((one, again.get((str(one.run), one.name, one.digest))) for one in made)
    return sorted((Proof(one.id, also, str(one.digest)) for one, also in same if also), key=lambda p: p.state)


def _made_again(
    store: DeletionStore, runs: Collection[str], reach: Mapping[str, int]
) -> dict[tuple[str, str, str | None], str]:
    """Return what reruns of these runs wrote that is not reached: by old run, name and digest."""
    old = {rerun: label[1] for rerun, label in store.annotated([(RERUN_OF, run) for run in sorted(runs)])}
    made = [state for states in store.targets(sorted(old)).links.values() for state in states] if old else []
    states = store.sources(made).nodes.values() if made else ()
    return {
        (old[state.run], state.name, state.digest): state.id
        for state in states
        if isinstance(state, Pointer) and state.run in old and not reach.get(state.id)
    }
