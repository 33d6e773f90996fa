"""Erasures meet what a store holds: find what they concern, rewrite it as if it had come redacted, keep them.

Runs in the transaction that locks every name, so no writer sees a part of it. Searches the store only for texts of
which nothing but the hash is known.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from headwater import clock, ids
from headwater.graph.change import Change, add_claims, apply, lanes, mark, put, touched
from headwater.graph.claims import Register, Registers, RunClaims, claim_key, drop_bare, join_registers
from headwater.graph.digest import facet_id
from headwater.graph.engine import Transaction
from headwater.graph.erasure import Erasure, ErasureKind, hashed, label_text
from headwater.graph.facts import Annotation, FacetKey, Fact, Input, Output, RunFact
from headwater.graph.records import (
    decode_annotation,
    decode_erasure,
    decode_facet,
    encode_annotation,
    encode_erasure,
    encode_facet,
    encode_run,
    encode_state,
    known_runs,
)
from headwater.graph.redaction import Redaction


def concerning(tx: Transaction, facts: Sequence[Fact]) -> Redaction:
    """Return the erasures that concern these facts, of those that the store keeps."""
    texts, targets = _Texts(), set[str]()
    for fact in facts:
        texts.add(fact)
        targets.update(_targets(fact))
    found = _by_text(tx, texts.names, texts.labels)
    return _with_targets(tx, found, targets)


def _with_targets(tx: Transaction, found: Redaction, targets: Iterable[str]) -> Redaction:
    """Return the erasures with those that concern these states and runs, under whatever name they now have."""
    ask = sorted({found.target(target) for target in targets})
    more = map(decode_erasure, tx.run("deletion/erasures", matches=[], targets=ask))
    return Redaction({*found.erasures, *more})


def _by_text(tx: Transaction, names: Set[str], labels: Set[str], new: Sequence[Erasure] = ()) -> Redaction:
    """Return the erasures of these names and labels, of what replaces the names, and so on; and those that are new."""
    salts = {salt for salt, _ in tx.run("deletion/salts")}
    found = set(new)
    asked: set[str] = set()
    fresh = {*names, *(erasure.replacement for erasure in new if erasure.replacement is not None)}
    matches = {hashed(salt, label) for salt in salts for label in labels}
    while fresh or matches:
        asked |= fresh
        matches |= {hashed(salt, name) for salt in salts for name in fresh}
        rows = tx.run("deletion/erasures", matches=sorted(matches), targets=[])
        found.update(map(decode_erasure, rows))
        fresh = {erasure.replacement for erasure in found if erasure.replacement is not None} - asked
        matches = set()
    return Redaction(found)


@dataclass(slots=True)
class _Texts:
    """The names and labels that facts hold."""

    names: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)

    def add(self, fact: Fact) -> None:
        """Add those of a fact."""
        if isinstance(fact, RunFact):
            claims: tuple[Input | Output, ...] = (*fact.inputs, *fact.outputs)
            self.names.update(claim.name for claim in claims)
            self.labels.update(key.key for key in fact.kept if key.subject == "label")
        elif isinstance(fact, Annotation):
            self.names.update(_name_of(fact.target))
            if fact.kind == "label":
                self.labels.add(label_text(fact.key, fact.value))


def _targets(fact: Fact) -> Iterator[str]:
    """The states and runs whose erasure would concern a fact."""
    if isinstance(fact, RunFact):
        yield fact.id
        names = {claim.name for claim in fact.outputs} | {claim.name for claim in fact.inputs}
        yield from (ids.state_id(name, fact.id) for name in names)
    elif isinstance(fact, Annotation):
        yield fact.target


def _name_of(target: str | None) -> list[str]:
    """Return the name in the id of a state, nothing for a run."""
    parts = None if target is None else ids.split_state_id(target)
    return [] if parts is None else [parts[0]]


def erase(tx: Transaction, erasures: Sequence[Erasure], readers_per_part: int) -> bool:
    """Keep the erasures, and rewrite what the store holds of what they concern.

    Return whether re-bindings wait that are too large for this transaction.
    """
    put(tx, "deletion/put_salts", [{"salt": salt, "is_own": False} for salt in _salts(erasures)])
    names = {name for erasure in erasures for name in _name_of(erasure.target)}
    concerned = _by_text(tx, names, frozenset(), erasures)
    new = _not_kept(tx, {concerned.erasure(erasure): erasure.plain for erasure in erasures})
    if not new:
        return False
    put(tx, "deletion/put_erasures", [encode_erasure(erasure) for erasure in new])
    found = _Found.of(tx, new, concerned)
    return _rewrite(tx, found, readers_per_part)


def _salts(erasures: Iterable[Erasure]) -> list[str]:
    return sorted({erasure.salt for erasure in erasures if erasure.salt is not None})


def _not_kept(tx: Transaction, given: Mapping[Erasure, str | None]) -> dict[Erasure, str | None]:
    """Return those erasures that the store does not keep yet, each with the plain text behind its hash if known."""
    matches = sorted({erasure.match for erasure in given if erasure.match is not None})
    targets = sorted({erasure.target for erasure in given if erasure.target is not None})
    kept = set(map(decode_erasure, tx.run("deletion/erasures", matches=matches, targets=targets)))
    return {erasure: plain for erasure, plain in given.items() if erasure not in kept}


@dataclass(slots=True)
class _Found:
    """What new erasures concern in a store: as it is kept, before anything of it is rewritten."""

    names: list[str]
    nodes: set[str]
    runs: dict[str, RunClaims]
    facets: list[tuple[FacetKey, Register]]
    notes: list[tuple[str, Annotation]]
    erasures: Redaction

    @classmethod
    def of(cls, tx: Transaction, new: Mapping[Erasure, str | None], concerned: Redaction) -> _Found:
        """Look for it: by name and target, and for texts of which only a hash is known in all texts of their kind."""
        names = sorted(name for name in _plain(new, "name", _all_names(tx)) if concerned.name(name) != name)
        labels = sorted(_plain(new, "label", _all_labels(tx)))
        moved = _rename_erasures(tx, names, concerned)
        nodes = {erasure.target for erasure in (*new, *moved) if erasure.target is not None}
        parts = [ids.split_state_id(node) or ("", node) for node in nodes]
        naming = {run for (run,) in tx.run("deletion/runs_naming", names=names)} if names else set()
        labelled = {row[0] for row in tx.run("deletion/labelled", labels=labels)} if labels else set()
        owners = naming | labelled | {maker for _, maker in parts}
        targets = {*nodes, *_annotated(tx, names), *_with_labels(tx, labels)}
        runs = known_runs(tx.run, sorted(naming | nodes))
        facets = [decode_facet(row) for row in tx.run("runs/facets", owners=sorted(owners))]
        notes = [
            (row[0], decode_annotation(row[1:])) for row in tx.run("deletion/annotations", targets=sorted(targets))
        ]
        found = cls(names, nodes, runs, facets, notes, concerned)
        found.erasures = _with_targets(tx, concerned, found._targets())
        return found

    def _targets(self) -> Iterator[str]:
        yield from self.runs
        yield from (ids.state_id(name, run.id) for run in self.runs.values() for name in run.names)
        yield from (ids.state_id(key.name, key.owner) for key, _ in self.facets)
        yield from (note.target for _, note in self.notes)


def _plain(new: Mapping[Erasure, str | None], kind: ErasureKind, held: Iterator[str]) -> set[str]:
    """Return the texts that the erasures of this kind hide; of those known by hash alone the ones that are held."""
    found: set[str] = set()
    sought: dict[str, set[str]] = defaultdict(set)
    for erasure, plain in new.items():
        if erasure.kind == kind and plain is not None:
            found.add(plain)
        elif erasure.kind == kind and erasure.salt is not None and erasure.match is not None:
            sought[erasure.salt].add(erasure.match)
    if sought:
        found.update(text for text in held if any(hashed(salt, text) in known for salt, known in sought.items()))
    return found


def _all_names(tx: Transaction) -> Iterator[str]:
    yield from (name for (name,) in tx.run("deletion/names"))
    yield from (name for (target,) in tx.run("deletion/targets") for name in _name_of(target))


def _all_labels(tx: Transaction) -> Iterator[str]:
    yield from (label for (label,) in tx.run("deletion/data_label_texts"))
    keys = [key for (key,) in tx.run("deletion/label_keys")]
    yield from (label_text(key, value) for _, key, value in tx.run("deletion/label_values", keys=keys))


def _annotated(tx: Transaction, names: Sequence[str]) -> Iterator[str]:
    """Give the states of these names that carry annotations."""
    rows = tx.run("deletion/annotated", names=names) if names else []
    known = set(names)
    yield from (target for (target,) in rows if _name_of(target)[0] in known)


def _with_labels(tx: Transaction, labels: Sequence[str]) -> Iterator[str]:
    """Give the states and runs on which somebody put one of these labels."""
    keys = sorted({json.loads(label)[0] for label in labels})
    rows = tx.run("deletion/label_values", keys=keys) if keys else []
    known = set(labels)
    yield from (target for target, key, value in rows if label_text(key, value) in known)


def _rename_erasures(tx: Transaction, names: Sequence[str], concerned: Redaction) -> list[Erasure]:
    """Rewrite what earlier erasures say of these names; return those that concern something else now."""
    rows = tx.run("deletion/erasures_naming", names=names) if names else []
    earlier = [(row[0], decode_erasure(row[1:])) for row in rows]
    changed = {ident: left for ident, erasure in earlier if (left := concerned.erasure(erasure)) != erasure}
    _drop(tx, "deletion/drop_erasures", changed)
    put(tx, "deletion/put_erasures", [encode_erasure(left) for left in changed.values()])
    return list(changed.values())


def _drop(tx: Transaction, query: str, idents: Iterable[str]) -> None:
    if found := sorted(idents):
        tx.run(query, ids=found)


def _rewrite(tx: Transaction, found: _Found, readers_per_part: int) -> bool:
    change, recorded_at = Change(), clock.now()
    for run in found.runs.values():
        if (left := found.erasures.registers(run.id, run.registers)) != run.registers:
            run.registers = left
            change.runs.append(encode_run(run, recorded_at))
        _rename_outputs(change, run, found.erasures)
        _rename_inputs(change, run, found.erasures)
    deferred = apply(tx, change, readers_per_part)
    if found.names:
        _settle(tx, found.names)
        tx.run("deletion/drop_names", names=found.names)
    _rewrite_facets(tx, found)
    marked = _rewrite_notes(tx, found)
    mark(tx, {*touched(change), *found.nodes, *marked}, has_erasures=True, afresh=True)
    return deferred


def _rename_outputs(change: Change, run: RunClaims, erasures: Redaction) -> None:
    merged: dict[str, Registers] = {}
    for name, said in run.outputs.items():
        join_registers(merged.setdefault(erasures.name(name), {}), said)
    for name in {erasures.name(name) for name in run.outputs if erasures.name(name) != name}:
        states = [encode_state(name, run, merged[name])]
        change.states += states
        if name in run.outputs:
            states.append(encode_state(name, run, run.outputs[name]))
        if run.produced_at is not None:
            change.moves.update(move for state in states for move in lanes(state, run.produced_at))
    run.outputs = merged


def _rename_inputs(change: Change, run: RunClaims, erasures: Redaction) -> None:
    renamed = [erasures.claim(claim) for claim in run.inputs.values()]
    left = {(claim.name, claim_key(claim)): claim for claim in renamed}
    drop_bare(left)
    gone = sorted(run.inputs.keys() - left.keys())
    change.unbind.extend({"run": run.id, "name": name, "claim": claim} for name, claim in gone)
    add_claims(change, run, {key: claim for key, claim in left.items() if key not in run.inputs})
    run.inputs = left


def _settle(tx: Transaction, names: Sequence[str]) -> None:
    """Drop the re-bindings of these names that wait: all their readers are bound anew."""
    gone = set(names)
    for ident, name, *_ in tx.run("ingest/deferred"):
        if name in gone:
            tx.run("ingest/settle", id=ident)


def _rewrite_facets(tx: Transaction, found: _Found) -> None:
    left: dict[FacetKey, Register] = {}
    changed = [(key, said, after) for key, said in found.facets if (after := found.erasures.facet(key)) != key]
    for _, said, after in changed:
        if after is not None:
            join_registers(left, {after: said})
    _drop(tx, "deletion/drop_facets", (facet_id(key) for key, _, _ in changed))
    put(tx, "ingest/put_facets", [encode_facet(key, said) for key, said in left.items()])


def _rewrite_notes(tx: Transaction, found: _Found) -> set[str]:
    """Rewrite annotations; return the states and runs that had them or have them now."""
    left = {ident: found.erasures.annotation(note) for ident, note in found.notes}
    changed = {ident: after for ident, note in found.notes if (after := left[ident]) != note}
    _drop(tx, "deletion/drop_annotations", changed)
    kept = [note for note in changed.values() if note is not None]
    put(tx, "ingest/put_annotations", [encode_annotation(note) for note in kept])
    return {note.target for _, note in found.notes} | {note.target for note in kept}
