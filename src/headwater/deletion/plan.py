"""A plan: what becomes of each node, what is rerun in which wave, in which order things go. Data, and its JSON.

What a rerun leaves out: of its inputs, the states whose stand-in is None (they are subjects), and in all others the
rows of the plan's labels. Knows no store and no rules.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from headwater.deletion.policy import VerdictKind
from headwater.deletion.situation import Interval, Label
from headwater.graph.answer import Document

StepKind: TypeAlias = Literal["quarantine", "rebuild", "swap", "delete", "source", "purge", "verify"]
CUT_OFF = "early-cut-off"


class Verdict(NamedTuple):
    """What becomes of a node, by which rule, and why.

    `sources` are the touched nodes right before it, the next on its evidence first; none for a subject. `missing` says
    what is not known, or what stands in the way.
    """

    node: str
    verdict: VerdictKind
    rule: str
    sources: tuple[str, ...] = ()
    missing: str | None = None


class Rerun(NamedTuple):
    """A run to make again.

    `replaces` are the live states whose successors it makes; what else it writes is of no use. `reads` says for each
    touched state that it read what takes its place: a state that was never touched, one that an earlier wave rebuilds
    (under the id of the old one), or None for a subject, which is left out. `needs` are the reruns that come before.
    `took` is how long it takes; None when its component has no history, or unlearns in place.
    """

    run: str
    component: str | None
    wave: int
    verdict: VerdictKind
    replaces: tuple[str, ...]
    reads: tuple[tuple[str, str | None], ...]
    needs: tuple[str, ...]
    took: Interval | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do before the next: with these nodes (digests to purge, requests to verify), in this order."""

    kind: StepKind
    nodes: tuple[str, ...]
    wave: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What reruns take, in seconds: each at its component's median, and each at its 90th percentile.

    `work` is the sum over all, `elapsed` that of the slowest in each wave, as if a wave ran side by side. Of
    `without_history` reruns nothing is known; they count nothing.
    """

    reruns: int = 0
    work_median_s: float = 0.0
    work_p90_s: float = 0.0
    elapsed_median_s: float = 0.0
    elapsed_p90_s: float = 0.0
    without_history: int = 0

    @classmethod
    def of(cls, reruns: Collection[Rerun]) -> Cost:
        """Add up the cost of some reruns."""
        slowest: defaultdict[int, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
        known = [rerun for rerun in reruns if rerun.took is not None]
        for rerun in known:
            assert rerun.took is not None
            typical, slow = slowest[rerun.wave]
            slowest[rerun.wave] = max(typical, rerun.took.median_s), max(slow, rerun.took.p90_s)
        return cls(
            reruns=len(reruns),
            work_median_s=sum(rerun.took.median_s for rerun in known if rerun.took),
            work_p90_s=sum(rerun.took.p90_s for rerun in known if rerun.took),
            elapsed_median_s=sum(typical for typical, _ in slowest.values()),
            elapsed_p90_s=sum(slow for _, slow in slowest.values()),
            without_history=len(reruns) - len(known),
        )


@dataclass(frozen=True, slots=True)
class Saving:
    """What the requests would take one by one: all reruns of a plan for each, and their typical seconds.

    `own` is what this plan's reruns cost that one request alone wants: what the last to join adds, times the requests.
    Not exact where old states have to be rebuilt and the requests are many: then each is counted with the part of this
    plan's reruns that it reaches, which is enough for it but may be more than it needs.
    """

    requests: int = 0
    reruns_alone: int = 0
    work_alone_median_s: float = 0.0
    own: Cost = Cost()
    is_exact: bool = True


@dataclass(frozen=True)
class Plan:
    """What is to be done for some requests.

    `policy` and `situation` are the digests of what it follows from. `reruns` stand in the order of their waves; no
    set of fewer than `fewest` would do. `chains` holds the evidence of the few nodes to which following the first of
    `sources` does not lead. `names` are to be rewritten, `labels` erased, the payload of `erases` (states, then runs)
    as well, once the step that names them is done; `artifacts` are digests with the states that had that content.
    """

    requests: tuple[str, ...]
    policy: str
    situation: str
    verdicts: tuple[Verdict, ...]
    reruns: tuple[Rerun, ...] = ()
    fewest: int = 0
    steps: tuple[Step, ...] = ()
    cost: Cost = Cost()
    saving: Saving = Saving()
    names: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()
    erases: tuple[str, ...] = ()
    artifacts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    chains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def by_node(self) -> Mapping[str, Verdict]:
        """Each verdict by its node."""
        return {verdict.node: verdict for verdict in self.verdicts}

    @property
    def waves(self) -> list[list[Rerun]]:
        """The reruns, wave by wave."""
        found: list[list[Rerun]] = []
        for rerun in self.reruns:
            if not found or found[-1][-1].wave != rerun.wave:
                found.append([])
            found[-1].append(rerun)
        return found

    @property
    def is_minimum(self) -> bool:
        """Whether it is proven that no smaller set of reruns would do."""
        return len(self.reruns) == self.fewest

    def evidence(self, node: str) -> tuple[str, ...]:
        """Return the chain of nodes from a subject to this one. Raises KeyError for a node that is not in the plan."""
        if node in self.chains:
            return self.chains[node]
        found = [node]
        while sources := self.by_node[found[-1]].sources:
            found.append(sources[0])
        return tuple(reversed(found))

    def of(self, kind: VerdictKind) -> list[str]:
        """Return the nodes with this verdict, sorted."""
        return [verdict.node for verdict in self.verdicts if verdict.verdict == kind]

    def after(self, unchanged: Collection[str]) -> Plan:
        """Return what is left to do once these states were rebuilt with the digests that they had before.

        They are proven to hold nothing of the subjects, and so is whatever is reached through them alone: it becomes
        keep, with its reruns and those that only served them. Cost: nodes and edges.
        """
        free = self._free(frozenset(unchanged))
        verdicts = tuple(
            verdict._replace(verdict="keep", rule=CUT_OFF, missing=None) if verdict.node in free else verdict
            for verdict in self.verdicts
        )
        reruns = self._still_needed(free)
        left = frozenset(rerun.run for rerun in reruns)
        gone = free | {rerun.run for rerun in self.reruns if rerun.run not in left}
        artifacts = tuple((digest, states) for digest, states in self.artifacts if free.isdisjoint(states))
        purged = {digest for digest, _ in self.artifacts} - {digest for digest, _ in artifacts}
        return replace(
            self,
            verdicts=verdicts,
            reruns=reruns,
            fewest=min(self.fewest, len(reruns)),
            steps=tuple(_without(self.steps, gone | purged)),
            cost=Cost.of(reruns),
            erases=tuple(node for node in self.erases if node not in free),
            artifacts=artifacts,
        )

    def _free(self, unchanged: frozenset[str]) -> set[str]:
        """Return the nodes that nothing reaches any more when no flow leaves these states."""
        ahead: defaultdict[str, list[str]] = defaultdict(list)
        for verdict in self.verdicts:
            for source in verdict.sources:
                ahead[source].append(verdict.node)
        waiting = deque(v.node for v in self.verdicts if not v.sources and v.node not in unchanged)
        held = set(waiting)
        while waiting:
            for node in ahead[waiting.popleft()]:
                if node not in held and node not in unchanged:
                    held.add(node)
                    waiting.append(node)
        return {verdict.node for verdict in self.verdicts if verdict.node not in held and verdict.verdict != "keep"}

    def _still_needed(self, free: Collection[str]) -> tuple[Rerun, ...]:
        by_run = {rerun.run: rerun for rerun in self.reruns}
        waiting = [rerun.run for rerun in self.reruns if any(state not in free for state in rerun.replaces)]
        needed = set(waiting)
        while waiting:
            for run in by_run[waiting.pop()].needs:
                if run not in needed:
                    needed.add(run)
                    waiting.append(run)
        return tuple(
            rerun._replace(replaces=tuple(state for state in rerun.replaces if state not in free))
            for rerun in self.reruns
            if rerun.run in needed
        )

    def to_dict(self) -> Document:
        """Return the plan as a JSON document, from which `from_dict` makes an equal one."""
        return {
            "requests": list(self.requests),
            "policy": self.policy,
            "situation": self.situation,
            "verdicts": [_document(verdict._asdict()) for verdict in self.verdicts],
            "reruns": [_rerun_document(rerun) for rerun in self.reruns],
            "fewest": self.fewest,
            "steps": [{"kind": step.kind, "wave": step.wave, "nodes": list(step.nodes)} for step in self.steps],
            "cost": _cost_document(self.cost),
            "saving": {
                **{n: getattr(self.saving, n) for n in Saving.__slots__},
                "own": _cost_document(self.saving.own),
            },
            "names": list(self.names),
            "labels": [list(label) for label in self.labels],
            "erases": list(self.erases),
            "artifacts": {digest: list(states) for digest, states in self.artifacts},
            "chains": {node: list(chain) for node, chain in sorted(self.chains.items())},
        }

    @classmethod
    def from_dict(cls, document: Document) -> Plan:
        """Return the plan that `to_dict` gave."""
        return cls(
            requests=tuple(document["requests"]),
            policy=document["policy"],
            situation=document["situation"],
            verdicts=tuple(Verdict(**{**v, "sources": tuple(v["sources"])}) for v in document["verdicts"]),
            reruns=tuple(map(_rerun, document["reruns"])),
            fewest=document["fewest"],
            steps=tuple(Step(step["kind"], tuple(step["nodes"]), step["wave"]) for step in document["steps"]),
            cost=Cost(**document["cost"]),
            saving=Saving(**{**document["saving"], "own": Cost(**document["saving"]["own"])}),
            names=tuple(document["names"]),
            labels=tuple((key, value) for key, value in document["labels"]),
            erases=tuple(document["erases"]),
            artifacts=tuple((digest, tuple(states)) for digest, states in sorted(document["artifacts"].items())),
            chains={node: tuple(chain) for node, chain in document["chains"].items()},
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON text of the plan."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _without(steps: Iterable[Step], gone: Collection[str]) -> Iterable[Step]:
    for step in steps:
        left = tuple(node for node in step.nodes if node not in gone)
        if left:
            yield replace(step, nodes=left)


def _document(fields: Mapping[str, object]) -> Document:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in fields.items()}


def _cost_document(cost: Cost) -> Document:
    return {name: getattr(cost, name) for name in Cost.__slots__}


def _rerun_document(rerun: Rerun) -> Document:
    document = _document(rerun._asdict())
    document["reads"] = [list(pair) for pair in rerun.reads]
    document["took"] = None if rerun.took is None else rerun.took._asdict()
    return document


def _rerun(document: Document) -> Rerun:
    took = document["took"]
    return Rerun(
        **{
            **document,
            "replaces": tuple(document["replaces"]),
            "reads": tuple((state, stand_in) for state, stand_in in document["reads"]),
            "needs": tuple(document["needs"]),
            "took": None if took is None else Interval(**took),
        }
    )
