"""From facts to writes: joins new facts to what is known, and finds out which readers must be bound anew.

Knows the catalogue's `ingest/` queries and the order to run them in; knows neither SQL nor Cypher. Section 2 and 3
of the semantics are kept by three steps in one transaction: lock the names, join, bind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias
from zlib import crc32

from headwater import clock, ids
from headwater.graph.claims import (
    Register,
    Registers,
    RunClaims,
    drop_bare,
    encode_stamps,
    fold,
    join_registers,
    parse_claim,
)
from headwater.graph.engine import Transaction
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, FacetKey, Fact, Input, RunFact, infer_type
from headwater.graph.model import effective_marks
from headwater.graph.records import (
    DESCRIPTION,
    Values,
    decode_annotation,
    encode_annotation,
    encode_facet,
    encode_run,
    encode_state,
    known_components,
    known_runs,
)
from headwater.graph.values import canonical

BUCKETS = 256
_AFTER_ALL_RUNS = "\U0010ffff"
_BOUNDS = ("name", "lane", "since", "after", "until")

ClaimKey: TypeAlias = tuple[str, str]
Move: TypeAlias = tuple[str, str, datetime]


class MoreLocksNeeded(Exception):
    """The transaction touches names that it did not lock: roll back and begin again with these buckets as well."""

    def __init__(self, buckets: frozenset[int]) -> None:
        self.buckets = buckets


def bucket(text: str) -> int:
    """Return the lock bucket of a name or id: the same on every host."""
    return crc32(text.encode()) % BUCKETS


def _locked_as(target: str) -> str:
    """Return what stands for an annotation's target among the locks: a state's name, or the run's id.

    Whoever makes the state holds the lock of its name, so an annotation and its target never miss each other.
    """
    found = ids.split_state_id(target)
    return found[0] if found else target


@dataclass(slots=True)
class Batch:
    """The facts of one call, joined by what they speak of."""

    runs: dict[str, RunClaims]
    components: dict[str, Registers]
    annotations: list[Annotation]
    erasures: list[Erasure]
    stages: frozenset[str]
    facets: dict[FacetKey, Register]

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Batch:
        """Sort the facts by kind and join those of one run or component."""
        runs: list[RunFact] = []
        components: dict[str, Registers] = {}
        annotations: list[Annotation] = []
        erasures: list[Erasure] = []
        facets: dict[FacetKey, Register] = {}
        for fact in facts:
            if isinstance(fact, Annotation):
                annotations.append(fact)
                continue
            if isinstance(fact, Erasure):
                erasures.append(fact)
                continue
            if isinstance(fact, RunFact):
                runs.append(fact)
            else:
                said = {key: (fact.at, text) for key, text in fact.registers.items()}
                join_registers(components.setdefault(fact.name, {}), said)
            join_registers(facets, {key: (fact.at, text) for key, text in fact.kept.items()})
        stages = frozenset(fact.component for fact in runs if fact.component)
        return cls(fold(runs), components, annotations, erasures, stages, facets)

    def buckets(self) -> frozenset[int]:
        """Return the buckets of every name, run, component and target that the batch names."""
        names = {name for claims in self.runs.values() for name in claims.names}
        names.update(self.runs, self.components, (_locked_as(a.target) for a in self.annotations))
        return frozenset(map(bucket, names))


@dataclass(slots=True)
class Change:
    """What one batch comes to: the rows to write, the claims to bind, the moves whose readers to look at."""

    runs: list[Values] = field(default_factory=list)
    states: list[Values] = field(default_factory=list)
    named: list[Values] = field(default_factory=list)
    unbind: list[Values] = field(default_factory=list)
    bind: list[Values] = field(default_factory=list)
    rebound: list[Values] = field(default_factory=list)
    moves: set[Move] = field(default_factory=set)


def write(tx: Transaction, batch: Batch, locked: frozenset[int], readers_per_part: int) -> bool:
    """Write the batch inside the transaction; return whether re-bindings wait that `rebind_next` must do.

    Raises MoreLocksNeeded when stored facts of the batch's runs name things outside `locked`.
    """
    [(waiting, _)] = tx.run("ingest/lock", buckets=sorted(locked))
    change = _change(tx, batch, locked)
    _put(tx, "ingest/put_runs", change.runs)
    overruled = batch.stages - {row["component"] for row in change.runs}
    _put(tx, "ingest/name_components", [{"name": name} for name in sorted(overruled)])
    _put(tx, "ingest/put_states", change.states)
    _put(tx, "ingest/name_states", change.named)
    _put(tx, "ingest/unbind", change.unbind)
    deferred = _rebind_moved(tx, change, readers_per_part)
    _put(tx, "ingest/bind", change.bind)
    _sweep(tx, change)
    _put_components(tx, batch.components)
    # In the order of their place in the store: half as many pages are written twice.
    facets = sorted((encode_facet(key, said) for key, said in batch.facets.items()), key=itemgetter("id"))
    _put(tx, "ingest/put_facets", facets)
    _annotate(tx, batch.annotations, _touched(change))
    return bool(waiting) or deferred


def rebind_next(tx: Transaction, locked: frozenset[int], readers_per_part: int) -> bool:
    """Do one part of the first re-binding that waits; return whether there was one."""
    if not (waiting := tx.run("ingest/deferred")):
        return False
    needed = bucket(waiting[0][1])
    if needed not in locked:
        raise MoreLocksNeeded(frozenset([needed]))
    tx.run("ingest/lock", buckets=sorted(locked))
    # Only what is read under the lock holds: another writer may have gone on with it, or begun it anew.
    for ident, name, *place in tx.run("ingest/deferred"):
        if bucket(name) in locked:
            _rebind_part(tx, ident, dict(zip(_BOUNDS, (name, *place), strict=True)), readers_per_part)
            break
    return True


def _rebind_part(tx: Transaction, ident: str, bounds: Values, readers_per_part: int) -> None:
    """Bind the next readers within the bounds anew, and move the bounds behind them, or drop them at the end."""
    name, lane = bounds["name"], bounds["lane"]
    end = tx.run("ingest/boundary", **bounds, most=readers_per_part)
    upto_at, upto = end[0] if end else (bounds["until"], _AFTER_ALL_RUNS)
    tx.run("ingest/rebind", rows=[{**bounds, "until": upto_at, "upto": upto, "type": infer_type(name)}])
    external = ids.external_id(name, lane or None)
    tx.run("ingest/sweep", ids=[external])
    _annotate(tx, [], {external})
    if end:
        tx.run("ingest/defer", rows=[{"id": ident, **bounds, "since": upto_at, "after": upto}])
    else:
        tx.run("ingest/settle", id=ident)


def _put(tx: Transaction, query: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        tx.run(query, rows=rows)


def _change(tx: Transaction, batch: Batch, locked: frozenset[int]) -> Change:
    change = Change()
    known = known_runs(tx.run, sorted(batch.runs))
    missing = frozenset(bucket(name) for claims in known.values() for name in claims.names) - locked
    if missing:
        raise MoreLocksNeeded(missing)
    recorded_at = clock.now()
    for run, claims in sorted(batch.runs.items()):
        old = known.get(run)
        if old is None:
            _add_new(change, claims, recorded_at)
        else:
            _add_known(change, old, claims, recorded_at)
    return change


def _add_new(change: Change, claims: RunClaims, recorded_at: datetime) -> None:
    drop_bare(claims.inputs)
    change.runs.append(encode_run(claims, recorded_at))
    for name, said in claims.outputs.items():
        state = encode_state(name, claims, said)
        change.states.append(state)
        if state["produced_at"] is not None:
            change.moves.update(_lanes(state, state["produced_at"]))
    _add_claims(change, claims, claims.inputs)


def _add_known(change: Change, old: RunClaims, new: RunClaims, recorded_at: datetime) -> None:
    was_start, was_produced = old.started_at, old.produced_at
    if old.join(new):
        change.runs.append(encode_run(old, recorded_at))
    moved = (was_start, was_produced) != (old.started_at, old.produced_at)
    for name in old.outputs.keys() | new.outputs.keys() if moved else new.outputs.keys():
        _join_output(change, old, name, new.outputs.get(name, {}), moved, was_produced)
    _join_inputs(change, old, new.inputs, rebind_all=was_start != old.started_at)


def _join_output(
    change: Change, run: RunClaims, name: str, said: Registers, moved: bool, was_produced: datetime | None
) -> None:
    is_new = name not in run.outputs
    stored = run.outputs.setdefault(name, {})
    before = None if is_new else encode_state(name, run, stored)
    if not (join_registers(stored, said) or moved or is_new):
        return
    state = encode_state(name, run, stored)
    change.states.append(state)
    if before is not None and was_produced is not None:
        change.moves.update(_lanes(before, was_produced))
    if state["produced_at"] is not None:
        change.moves.update(_lanes(state, state["produced_at"]))


def _join_inputs(change: Change, run: RunClaims, new: Mapping[ClaimKey, Input], rebind_all: bool) -> None:
    stored = set(run.inputs)
    run.inputs.update(new)
    drop_bare(run.inputs)
    gone = stored - set(run.inputs) if not rebind_all else stored
    change.unbind.extend({"run": run.id, "name": name, "claim": claim} for name, claim in sorted(gone))
    fresh = {key: claim for key, claim in run.inputs.items() if rebind_all or key not in stored}
    _add_claims(change, run, fresh)


def _add_claims(change: Change, run: RunClaims, claims: Mapping[ClaimKey, Input]) -> None:
    for (name, key), claim in claims.items():
        type_ = infer_type(name)
        if claim.state:
            maker = claim.state[len(name) + 1 :]
            digest = maker.partition(":")[2] or None if ids.is_external(maker) else None
            change.named.append({"id": claim.state, "name": name, "type": type_, "digest": digest})
        change.bind.append(
            {
                "run": run.id,
                "started_at": run.started_at,
                "name": name,
                "type": type_,
                "claim": key,
                "lane": None if claim.state else claim.digest or "",
                "at": claim.at or run.started_at,
                "wanted": claim.state,
            }
        )


def _lanes(state: Values, at: datetime) -> Iterator[Move]:
    """The ways of binding that a state at this place takes part in: by time, and by its digest."""
    yield state["name"], "", at
    if state["digest"] is not None:
        yield state["name"], state["digest"], at


def _rebind_moved(tx: Transaction, change: Change, readers_per_part: int) -> bool:
    """Bind the readers anew that a moved state concerns; return whether a part was left for later."""
    rows = [{"name": name, "lane": lane, "since": since} for name, lane, since in sorted(change.moves)]
    affected = tx.run("ingest/affected", rows=rows, most=readers_per_part + 1) if rows else []
    later, room = [], readers_per_part
    for name, lane, since, until, readers in affected:
        bounds = {"name": name, "lane": lane, "since": since, "after": "", "until": until}
        if readers <= room:
            room -= readers
            change.rebound.append({**bounds, "upto": _AFTER_ALL_RUNS, "type": infer_type(name)})
        else:
            later.append({"id": f"{clock.to_micros(since)} {len(lane)} {lane} {name}", **bounds})
    _put(tx, "ingest/rebind", change.rebound)
    _put(tx, "ingest/defer", later)
    return bool(later)


def _sweep(tx: Transaction, change: Change) -> None:
    gone = {ids.external_id(row["name"], row["lane"] or None) for row in change.rebound}
    for row in change.unbind:
        claim = parse_claim(row["name"], row["claim"])
        gone.add(claim.state or ids.external_id(claim.name, claim.digest))
    if gone:
        tx.run("ingest/sweep", ids=sorted(gone))


def _put_components(tx: Transaction, components: Mapping[str, Registers]) -> None:
    if not components:
        return
    merged = {name: dict(registers) for name, registers in components.items()}
    for name, stored in known_components(tx.run, sorted(components)).items():
        join_registers(merged[name], stored)
    rows = []
    for name, registers in sorted(merged.items()):
        row: Values = dict.fromkeys(DESCRIPTION) | {key: json.loads(text) for (_, key), (_, text) in registers.items()}
        row["tags"] = None if row["tags"] is None else canonical(row["tags"])
        rows.append({"name": name, **row, "claims": canonical(encode_stamps(registers))})  # type: ignore[arg-type]
    tx.run("ingest/put_components", rows=rows)


def _touched(change: Change) -> set[str]:
    """The nodes that may be new, so that annotations which came before them must be shown on them now."""
    touched = {row["id"] for rows in (change.runs, change.states, change.named) for row in rows}
    bound = [row for row in (*change.bind, *change.rebound) if row["lane"] is not None]
    touched.update(ids.external_id(row["name"], row["lane"] or None) for row in bound)
    return touched


def _annotate(tx: Transaction, annotations: Sequence[Annotation], touched: set[str]) -> None:
    _put(tx, "ingest/put_annotations", [encode_annotation(a) for a in annotations])
    touched.update(a.target for a in annotations)
    found = [decode_annotation(row) for row in tx.run("ingest/annotations", targets=sorted(touched))]
    rows = []
    for target, notes in groupby(sorted(found, key=lambda a: a.target), key=lambda a: a.target):
        flagged, labels = effective_marks(notes)
        rows.append({"id": target, "flagged": flagged, "labels": canonical(labels) if labels else None})
    _put(tx, "ingest/put_marks", rows)
