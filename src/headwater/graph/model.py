"""The graph that a set of facts means: its nodes and edges, and `reference`, the pure function from one to the other.

`reference` is slow and obvious. It shares no code with the stores' ingestion, so it can be their oracle.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

from headwater import clock, ids
from headwater.graph.erasure import Erased, Erasure
from headwater.graph.facts import (
    Annotation,
    ComponentFact,
    FacetKey,
    Fact,
    Input,
    PointerType,
    RunFact,
    Status,
    infer_type,
)
from headwater.graph.redaction import Redaction
from headwater.graph.values import JSON

EdgeKind: TypeAlias = Literal["consumed_by", "produced"]


@dataclass(frozen=True, slots=True)
class Component:
    """A stage of the pipeline: its static description."""

    name: str
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    max_age: timedelta | None = None


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Run(NamedTuple):
    """One execution. `component` is None while no fact has named it; `ended_at` is None while it runs.

    A tuple, for a walk makes tens of thousands of them: a frozen dataclass costs ten times as much to make.
    """

    id: str
    component: str | None
    status: Status
    started_at: datetime
    ended_at: datetime | None
    commit: str | None = None
    source: str | None = None
    error: str | None = None
    params: Mapping[str, JSON] = _NOTHING
    triggers: Mapping[str, Mapping[str, JSON]] = _NOTHING
    flagged: bool = False
    labels: Mapping[str, str] = _NOTHING
    erased: Erased | None = None

    @property
    def kind(self) -> Literal["run"]:
        """What tells it from a pointer in documents."""
        return "run"

    @property
    def produced_at(self) -> datetime | None:
        """When its outputs came to be seen: the greater of start and end, None while it runs."""
        return None if self.ended_at is None else max(self.started_at, self.ended_at)

    @property
    def order(self) -> tuple[datetime, str]:
        """Its place among all runs; along every path of the graph this grows."""
        return self.started_at, self.id


class Pointer(NamedTuple):
    """One state of a named thing.

    `run` is its maker's id, None when no run has said to have made it; `produced_at` is None while unseen.
    """

    id: str
    name: str
    type: PointerType
    digest: str | None = None
    produced_at: datetime | None = None
    run: str | None = None
    flagged: bool = False
    labels: Mapping[str, str] = _NOTHING
    erased: Erased | None = None

    @property
    def kind(self) -> Literal["pointer"]:
        """What tells it from a run in documents."""
        return "pointer"


Node: TypeAlias = Pointer | Run


class Edge(NamedTuple):
    """One arrow of the path, pointing with the data: pointer -consumed_by-> run, or run -produced-> pointer."""

    source: str
    target: str
    kind: EdgeKind


class Consumption(NamedTuple):
    """A run's claim to have read a name, and the state that it is bound to."""

    state: str
    run: str
    claim: Input


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes by id, all consumptions, what is kept beside them; produced edges follow from `Pointer.run`."""

    components: Mapping[str, Component]
    runs: Mapping[str, Run]
    pointers: Mapping[str, Pointer]
    consumptions: frozenset[Consumption]
    annotations: frozenset[tuple[str, str]]
    facets: Mapping[FacetKey, JSON]

    @property
    def edges(self) -> frozenset[Edge]:
        """Every distinct arrow of the path."""
        made = (Edge(p.run, p.id, "produced") for p in self.pointers.values() if p.run is not None)
        read = (Edge(c.state, c.run, "consumed_by") for c in self.consumptions)
        return frozenset((*made, *read))


def reference(facts: Iterable[Fact]) -> Graph:
    """Return the graph that the set of `facts` means, by sections 2 and 3 of the semantics. Quadratic; for tests."""
    facts = list(facts)
    erasures = Redaction(f for f in facts if isinstance(f, Erasure))
    facts = [left for fact in facts if (left := erasures.redact(fact)) is not None]
    notes = [f for f in facts if isinstance(f, Annotation)]
    by_run: dict[str, list[RunFact]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, RunFact):
            by_run[fact.id].append(fact)
    runs = {run: _run(run, claims, notes) for run, claims in by_run.items()}
    states = _states(by_run, runs, notes)
    consumptions = {
        Consumption(_bind(runs[run], claim, states.values(), runs), run, claim)
        for run, claims in by_run.items()
        for claim in effective_claims(i for fact in claims for i in fact.inputs)
    }
    for bound in consumptions:
        if bound.state not in states:
            states[bound.state] = _named(bound.state, notes)
    runs = {run: found._replace(erased=erasures.erased(run)) for run, found in runs.items()}
    states = {state: found._replace(erased=erasures.erased(state)) for state, found in states.items()}
    known = runs.keys() | states.keys()
    return Graph(
        components=_components(facts),
        runs=runs,
        pointers=states,
        consumptions=frozenset(consumptions),
        annotations=frozenset((a.target, annotation_line(a)) for a in notes if a.target in known),
        facets=_facets([f for f in facts if isinstance(f, (RunFact, ComponentFact))]),
    )


def effective_claims(claims: Iterable[Input]) -> set[Input]:
    """Drop each bare claim that stands beside one of the same name and time that says which state was read."""
    found = set(claims)
    exact = {(c.name, c.at) for c in found if c.digest or c.state}
    return {c for c in found if c.digest or c.state or (c.name, c.at) not in exact}


def _latest(values: Iterable[tuple[datetime, str]]) -> JSON:
    """The last-writer-wins rule: the value of the greatest (time, canonical text), None when there is none."""
    best = max(values, default=None)
    result: JSON = None if best is None else json.loads(best[1])
    return result


def _registers(claims: Sequence[RunFact | ComponentFact], section: str) -> dict[str, JSON]:
    keys = {key for fact in claims for where, key in fact.registers if where == section}
    return {
        key: _latest((f.at, f.registers[section, key]) for f in claims if (section, key) in f.registers)
        for key in sorted(keys)
    }


def _run(run: str, claims: Sequence[RunFact], notes: Sequence[Annotation]) -> Run:
    starts = [f.started_at for f in claims if f.started_at]
    ends = [f.ended_at for f in claims if f.ended_at]
    known = [*starts, *ends, *(f.at for f in claims)]
    status = max((f.status for f in claims if f.status), key=lambda s: s.rank, default=Status.RUNNING)
    ended = max(ends) if ends else max(known) if status is not Status.RUNNING else None
    single = _registers(claims, "run")
    return Run(
        id=run,
        status=status,
        started_at=min(starts or known),
        ended_at=ended,
        params=_registers(claims, "params"),
        triggers=_registers(claims, "triggers"),  # type: ignore[arg-type]
        flagged=_flagged(run, notes),
        labels=_labels(run, notes),
        **{key: single.get(key) for key in ("component", "commit", "source", "error")},  # type: ignore[arg-type]
    )


def _states(
    by_run: Mapping[str, Sequence[RunFact]], runs: Mapping[str, Run], notes: Sequence[Annotation]
) -> dict[str, Pointer]:
    """Every state that a run made, and every one that a claim names by id."""
    made: dict[str, Pointer] = {}
    for run, claims in by_run.items():
        for name in {o.name for fact in claims for o in fact.outputs}:
            said = [(fact.at, o) for fact in claims for o in fact.outputs if o.name == name]
            digest = _latest((at, json.dumps(o.digest)) for at, o in said if o.digest)
            given = _latest((at, json.dumps(o.type)) for at, o in said if o.type)
            state = ids.state_id(name, run)
            made[state] = Pointer(
                id=state,
                name=name,
                type=given or infer_type(name),  # type: ignore[arg-type]
                digest=digest,  # type: ignore[arg-type]
                produced_at=runs[run].produced_at,
                run=run,
                flagged=_flagged(state, notes),
                labels=_labels(state, notes),
            )
    for claim in (i for claims in by_run.values() for fact in claims for i in fact.inputs):
        if claim.state and claim.state not in made:
            made[claim.state] = _named(claim.state, notes)
    return made


def _named(state: str, notes: Sequence[Annotation]) -> Pointer:
    """A state of which only the id is known: external, or one that no run has said to have made."""
    name, maker = ids.split_state_id(state) or (state, "")
    external = ids.is_external(maker)
    return Pointer(
        id=state,
        name=name,
        type=infer_type(name),
        digest=maker.partition(":")[2] or None if external else None,
        flagged=_flagged(state, notes),
        labels=_labels(state, notes),
    )


def _bind(reader: Run, claim: Input, states: Iterable[Pointer], runs: Mapping[str, Run]) -> str:
    """Return the id of the state that the run read, by section 2 of the semantics."""
    if claim.state:
        return claim.state
    seen = [
        p
        for p in states
        if p.name == claim.name
        and (claim.digest is None or p.digest == claim.digest)
        and _admits(reader, claim, p, runs)
    ]
    if seen:
        return max(seen, key=lambda p: (p.produced_at, p.run)).id
    return ids.external_id(claim.name, claim.digest)


def _admits(reader: Run, claim: Input, state: Pointer, runs: Mapping[str, Run]) -> bool:
    if state.run is None or state.run == reader.id or state.produced_at is None:
        return False
    at = claim.at or reader.started_at
    return state.produced_at < at or (state.produced_at == at and runs[state.run].order < reader.order)


def _facets(facts: Sequence[RunFact | ComponentFact]) -> dict[FacetKey, JSON]:
    keys = {key for fact in facts for key in fact.kept}
    return {key: _latest((f.at, f.kept[key]) for f in facts if key in f.kept) for key in keys}


def _components(facts: Sequence[Fact]) -> dict[str, Component]:
    """Every component that any fact names, even if a later fact gave the run to another."""
    said: dict[str, list[ComponentFact]] = {f.component: [] for f in facts if isinstance(f, RunFact) and f.component}
    for fact in facts:
        if isinstance(fact, ComponentFact):
            said.setdefault(fact.name, []).append(fact)
    return {name: component(name, _registers(claims, "component")) for name, claims in said.items()}


def component(name: str, fields: Mapping[str, JSON]) -> Component:
    """Return the Component of merged fields: description, owner, tags, max_age_us."""
    age = fields.get("max_age_us")
    return Component(
        name=name,
        description=fields.get("description"),  # type: ignore[arg-type]
        owner=fields.get("owner"),  # type: ignore[arg-type]
        tags=tuple(fields.get("tags") or ()),  # type: ignore[arg-type]
        max_age=None if age is None else timedelta(microseconds=age),  # type: ignore[arg-type]
    )


def annotation_line(note: Annotation) -> str:
    """Return what an annotation says, as one text that sorts by time."""
    said = [clock.isoformat(note.at), note.kind, note.key, note.value, note.who, note.why]
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _flagged(target: str, notes: Iterable[Annotation]) -> bool:
    return effective_marks(a for a in notes if a.target == target)[0]


def _labels(target: str, notes: Iterable[Annotation]) -> dict[str, str]:
    return effective_marks(a for a in notes if a.target == target)[1]


def effective_marks(notes: Iterable[Annotation]) -> tuple[bool, dict[str, str]]:
    """Return whether the annotations of one target leave it flagged, and its labels that still stand."""
    newest: dict[tuple[str, str], Annotation] = {}
    for note in sorted(notes, key=annotation_line):
        newest[note.kind, note.key] = note
    flag = newest.get(("flag", ""))
    labels = {key: str(n.value) for (kind, key), n in sorted(newest.items()) if kind == "label" and n.value is not None}
    return flag is not None and bool(flag.value), labels
