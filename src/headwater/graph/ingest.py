"""From facts to writes: joins new facts to what is known, and finds out which readers must be bound anew.

Knows the catalogue's `ingest/` queries and the order to run them in; knows neither SQL nor Cypher. Section 2 and 3
of the semantics are kept by four steps in one transaction: lock the names, redact, join, bind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from zlib import crc32

from headwater import clock, ids
from headwater.graph import erasing
from headwater.graph.change import BOUNDS, Change, add_known, add_new, apply, mark, put, rebind_part, touched
from headwater.graph.claims import Register, Registers, RunClaims, encode_stamps, fold, join_registers
from headwater.graph.engine import Transaction
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, FacetKey, Fact, RunFact
from headwater.graph.records import (
    DESCRIPTION,
    Values,
    encode_annotation,
    encode_facet,
    known_components,
    known_runs,
)
from headwater.graph.values import canonical

BUCKETS = 256
_ALL_BUCKETS = frozenset(range(BUCKETS))


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
    """The facts of one call, and the same joined by what they speak of."""

    facts: Sequence[Fact]
    runs: dict[str, RunClaims]
    components: dict[str, Registers]
    annotations: list[Annotation]
    erasures: list[Erasure]
    stages: frozenset[str]
    facets: dict[FacetKey, Register]

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Batch:
        """Sort the facts by kind and join those of one run or component."""
        given = list(facts)
        runs: list[RunFact] = []
        components: dict[str, Registers] = {}
        annotations: list[Annotation] = []
        erasures: list[Erasure] = []
        facets: dict[FacetKey, Register] = {}
        for fact in given:
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
        return cls(given, fold(runs), components, annotations, erasures, stages, facets)

    def buckets(self) -> frozenset[int]:
        """Return the buckets of every name, run, component and target that the batch names; all for an erasure."""
        if self.erasures:
            return _ALL_BUCKETS
        names = {name for claims in self.runs.values() for name in claims.names}
        names.update(self.runs, self.components, (_locked_as(a.target) for a in self.annotations))
        return frozenset(map(bucket, names))


def write(tx: Transaction, batch: Batch, locked: frozenset[int], readers_per_part: int) -> bool:
    """Write the batch inside the transaction; return whether re-bindings wait that `rebind_next` must do.

    Raises MoreLocksNeeded when stored facts of the batch's runs, or what erasures leave of it, name things outside
    `locked`.
    """
    [(waiting, has_erasures)] = tx.run("ingest/lock", buckets=sorted(locked))
    deferred = bool(batch.erasures) and erasing.erase(tx, batch.erasures, readers_per_part)
    if has_erasures or batch.erasures:
        batch = _redacted(tx, batch, locked)
        has_erasures = True
    change = _change(tx, batch, locked)
    deferred = apply(tx, change, readers_per_part) or deferred
    overruled = batch.stages - {row["component"] for row in change.runs}
    put(tx, "ingest/name_components", [{"name": name} for name in sorted(overruled)])
    _put_components(tx, batch.components)
    # In the order of their place in the store: half as many pages are written twice.
    facets = sorted((encode_facet(key, said) for key, said in batch.facets.items()), key=itemgetter("id"))
    put(tx, "ingest/put_facets", facets)
    put(tx, "ingest/put_annotations", [encode_annotation(a) for a in batch.annotations])
    mark(tx, {*touched(change), *(a.target for a in batch.annotations)}, has_erasures=has_erasures)
    return bool(waiting) or deferred


def _redacted(tx: Transaction, batch: Batch, locked: frozenset[int]) -> Batch:
    """Return what erasures leave of a batch."""
    facts = [fact for fact in batch.facts if not isinstance(fact, Erasure)]
    erasures = erasing.concerning(tx, facts)
    if not erasures.erasures:
        return batch
    left = Batch.of(kept for fact in facts if (kept := erasures.redact(fact)) is not None)
    if missing := left.buckets() - locked:
        raise MoreLocksNeeded(missing)
    return left


def rebind_next(tx: Transaction, locked: frozenset[int], readers_per_part: int) -> bool:
    """Do one part of the first re-binding that waits; return whether there was one."""
    if not (waiting := tx.run("ingest/deferred")):
        return False
    needed = bucket(waiting[0][1])
    if needed not in locked:
        raise MoreLocksNeeded(frozenset([needed]))
    [(_, has_erasures)] = tx.run("ingest/lock", buckets=sorted(locked))
    # Only what is read under the lock holds: another writer may have gone on with it, or begun it anew.
    for ident, name, *place in tx.run("ingest/deferred"):
        if bucket(name) in locked:
            bounds = dict(zip(BOUNDS, (name, *place), strict=True))
            external = rebind_part(tx, ident, bounds, readers_per_part)
            mark(tx, [external], has_erasures=has_erasures)
            break
    return True


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
            add_new(change, claims, recorded_at)
        else:
            add_known(change, old, claims, recorded_at)
    return change


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
