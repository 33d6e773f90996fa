"""Staleness.

The three causes of the paper, each with the edge that proves it, and what a run inherits from upstream.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from headwater import clock
from headwater.graph.answer import Answer, Document
from headwater.graph.facts import Status
from headwater.graph.lineage.walk import trace
from headwater.graph.model import Edge, Run
from headwater.graph.store import InputAge, Store
from headwater.graph.values import JSON

MAX_AGE = timedelta(days=30)
_RUNS_AT_ONCE = 1_000

CauseKind: TypeAlias = Literal["old_input", "fresher_state", "fresher_run", "failed_test"]
Triggers: TypeAlias = Mapping[str, Mapping[str, JSON]]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a run is stale. `edge` is what it read; None when the run's own trigger failed.

    `evidence` is the fresher state or
    run, the age in days, or the failed trigger. `path` leads from the stale run to the run that was asked for.
    """

    kind: CauseKind
    run: str
    edge: Edge | None
    evidence: str
    path: tuple[str, ...]

    @property
    def is_inherited(self) -> bool:
        """Whether the cause lies in a run upstream of the one that was asked for."""
        return len(self.path) > 1

    def to_dict(self) -> Document:
        """Return the JSON document of the cause."""
        return {
            "kind": self.kind,
            "run": self.run,
            "edge": None if self.edge is None else self.edge._asdict(),
            "evidence": self.evidence,
            "path": list(self.path),
        }


@dataclass(frozen=True, slots=True)
class Staleness:
    """What is stale about one run or state: its own causes first, then those it inherits, nearest first.

    `runs` are those upstream, by id: what the causes and their paths name.
    """

    of: str
    causes: tuple[Cause, ...]
    watermark: int = 0
    runs: Mapping[str, Run] = field(default_factory=dict)

    @property
    def is_stale(self) -> bool:
        """Whether there is any cause."""
        return bool(self.causes)

    def to_dict(self) -> Document:
        """Return the JSON document that the command line and HTTP give."""
        causes = [cause.to_dict() for cause in self.causes]
        return {"of": self.of, "stale": self.is_stale, "causes": causes, "watermark": self.watermark}


def stale(store: Store, of: str, as_of: datetime | None = None, max_age: timedelta | None = None) -> Staleness:
    """Return why the run or pointer `of` is stale, its own causes and those of everything upstream.

    Judged at each run's start, or at `as_of`. An input is old after its reader's component's `max_age`, else
    `max_age`, else 30 days. Raises UnknownPointer. Cost: the trace, and a few index hits an input.
    """
    if as_of is not None:
        as_of = clock.as_utc(as_of, "as_of")
    answer = trace(store, of)
    found = [*_input_causes(store, answer, as_of, max_age or MAX_AGE), *_own_causes(store, answer)]
    nearest = sorted(found, key=lambda c: (answer.hops[c.run], c.run, c.kind, c.evidence))
    return Staleness(answer.start[0], tuple(nearest), answer.watermark, {run.id: run for run in answer.runs()})


def stale_components(store: Store, as_of: datetime | None = None, max_age: timedelta | None = None) -> list[Staleness]:
    """Return the staleness of each component's newest run, those that are stale only."""
    found = (stale(store, run, as_of, max_age) for run in store.newest_runs())
    return [one for one in found if one.is_stale]


def _input_causes(store: Store, answer: Answer, as_of: datetime | None, max_age: timedelta) -> Iterator[Cause]:
    runs = [run.id for run in answer.runs()]
    towards = _towards(answer)
    for first in range(0, len(runs), _RUNS_AT_ONCE):
        for age in store.input_ages(runs[first : first + _RUNS_AT_ONCE], as_of):
            path = _path(answer, towards, age.run)
            edge = Edge(age.state, age.run, "consumed_by")
            for kind, evidence in _judge(age, max_age):
                yield Cause(kind, age.run, edge, evidence, path)


def _judge(age: InputAge, max_age: timedelta) -> Iterator[tuple[CauseKind, str]]:
    limit = age.max_age or max_age
    if age.produced_at is not None and age.judged_at - age.produced_at > limit:
        yield (
            "old_input",
            f"{(age.judged_at - age.produced_at) / timedelta(days=1):.1f} days old, the limit is {limit.days}",
        )
    if age.fresher_state is not None:
        yield "fresher_state", age.fresher_state
    elif age.fresher_run is not None:
        yield "fresher_run", age.fresher_run
    if age.maker_status in (Status.FAILED, Status.ABORTED):
        yield "failed_test", f"run {age.maker} {age.maker_status}"
    for name in failed_triggers(age.maker_triggers):
        yield "failed_test", f"trigger {name} of run {age.maker}"


def _own_causes(store: Store, answer: Answer) -> Iterator[Cause]:
    """Failed triggers of the run that was asked for; those further upstream are causes of their readers."""
    for run in (run.id for run in answer.runs() if answer.hops[run.id] <= 1):
        for name in failed_triggers(store.run(run).run.triggers):
            yield Cause("failed_test", run, None, f"trigger {name}", (run,))


def failed_triggers(triggers: Triggers) -> list[str]:
    """Return the names of the triggers that failed or raised, sorted."""
    return sorted(name for name, result in triggers.items() if result.get("outcome") in ("failed", "error"))


def _towards(answer: Answer) -> dict[str, str]:
    """For each node the next one on a shortest way down to the start, the same one every time."""
    hops = answer.hops
    steps = (edge for edge in sorted(answer.edges, reverse=True) if hops[edge.target] == hops[edge.source] - 1)
    return {edge.source: edge.target for edge in steps}


def _path(answer: Answer, towards: Mapping[str, str], run: str) -> tuple[str, ...]:
    """The runs from `run` down to the start."""
    path, node = [run], run
    while answer.hops[node] > 0:
        node = towards[node]
        if answer.nodes[node].kind == "run":
            path.append(node)
    return tuple(path)
