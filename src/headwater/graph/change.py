"""What a batch comes to, and how it is written: join facts to what is known, bind, bind anew, sweep, mark.

Knows the catalogue's `ingest/` queries and the order to run them in. Whoever calls it holds the locks of all names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, TypeAlias

from headwater import clock, ids
from headwater.graph.claims import Registers, RunClaims, drop_bare, join_registers, parse_claim
from headwater.graph.engine import Transaction
from headwater.graph.facts import Input, infer_type
from headwater.graph.model import effective_marks
from headwater.graph.records import (
    Values,
    decode_annotation,
    decode_erasure,
    encode_erased,
    encode_run,
    encode_state,
)
from headwater.graph.redaction import Redaction
from headwater.graph.values import canonical

_AFTER_ALL_RUNS = "\U0010ffff"
BOUNDS = ("name", "lane", "since", "after", "until")

ClaimKey: TypeAlias = tuple[str, str]
Move: TypeAlias = tuple[str, str, datetime]


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


def apply(tx: Transaction, change: Change, readers_per_part: int) -> bool:
    """Write the change; return whether re-bindings wait that are too large for one transaction."""
    put(tx, "ingest/put_runs", change.runs)
    put(tx, "ingest/put_states", change.states)
    put(tx, "ingest/name_states", change.named)
    put(tx, "ingest/unbind", change.unbind)
    deferred = _rebind_moved(tx, change, readers_per_part)
    put(tx, "ingest/bind", change.bind)
    _sweep(tx, change)
    return deferred


def add_new(change: Change, claims: RunClaims, recorded_at: datetime) -> None:
    """Add what is said of a run that the store does not know."""
    drop_bare(claims.inputs)
    change.runs.append(encode_run(claims, recorded_at))
    for name, said in claims.outputs.items():
        state = encode_state(name, claims, said)
        change.states.append(state)
        if state["produced_at"] is not None:
            change.moves.update(lanes(state, state["produced_at"]))
    add_claims(change, claims, claims.inputs)


def add_known(change: Change, old: RunClaims, new: RunClaims, recorded_at: datetime) -> None:
    """Add what is said of a run of which the store knows `old`, which takes it in."""
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
        change.moves.update(lanes(before, was_produced))
    if state["produced_at"] is not None:
        change.moves.update(lanes(state, state["produced_at"]))


def _join_inputs(change: Change, run: RunClaims, new: Mapping[ClaimKey, Input], rebind_all: bool) -> None:
    stored = set(run.inputs)
    run.inputs.update(new)
    drop_bare(run.inputs)
    gone = stored - set(run.inputs) if not rebind_all else stored
    change.unbind.extend({"run": run.id, "name": name, "claim": claim} for name, claim in sorted(gone))
    fresh = {key: claim for key, claim in run.inputs.items() if rebind_all or key not in stored}
    add_claims(change, run, fresh)


def add_claims(change: Change, run: RunClaims, claims: Mapping[ClaimKey, Input]) -> None:
    """Add claims of a run that are to be bound."""
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


def lanes(state: Values, at: datetime) -> Iterator[Move]:
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
    put(tx, "ingest/rebind", change.rebound)
    put(tx, "ingest/defer", later)
    return bool(later)


def _sweep(tx: Transaction, change: Change) -> None:
    gone = {ids.external_id(row["name"], row["lane"] or None) for row in change.rebound}
    for row in change.unbind:
        claim = parse_claim(row["name"], row["claim"])
        gone.add(claim.state or ids.external_id(claim.name, claim.digest))
    if gone:
        tx.run("ingest/sweep", ids=sorted(gone))


def touched(change: Change) -> set[str]:
    """The nodes that may be new, so that annotations which came before them must be shown on them now."""
    touched = {row["id"] for rows in (change.runs, change.states, change.named) for row in rows}
    bound = [row for row in (*change.bind, *change.rebound) if row["lane"] is not None]
    touched.update(ids.external_id(row["name"], row["lane"] or None) for row in bound)
    return touched


def rebind_part(tx: Transaction, ident: str, bounds: Values, readers_per_part: int) -> str:
    """Bind the next readers within the bounds anew, and move the bounds behind them, or drop them at the end.

    Return the id of the external state that may be new.
    """
    name, lane = bounds["name"], bounds["lane"]
    end = tx.run("ingest/boundary", **bounds, most=readers_per_part)
    upto_at, upto = end[0] if end else (bounds["until"], _AFTER_ALL_RUNS)
    tx.run("ingest/rebind", rows=[{**bounds, "until": upto_at, "upto": upto, "type": infer_type(name)}])
    external = ids.external_id(name, lane or None)
    tx.run("ingest/sweep", ids=[external])
    if end:
        tx.run("ingest/defer", rows=[{"id": ident, **bounds, "since": upto_at, "after": upto}])
    else:
        tx.run("ingest/settle", id=ident)
    return external


def put(tx: Transaction, query: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a query that writes a batch, unless that is empty."""
    if rows:
        tx.run(query, rows=rows)


def mark(tx: Transaction, nodes: Iterable[str], *, has_erasures: bool, afresh: bool = False) -> None:
    """Show on these nodes what their annotations and erasures come to; `afresh` on those without any as well."""
    targets = sorted(set(nodes))
    found = [decode_annotation(row) for row in tx.run("ingest/annotations", targets=targets)]
    by_target = groupby(sorted(found, key=lambda a: a.target), key=lambda a: a.target)
    marks = {target: effective_marks(notes) for target, notes in by_target}
    rows = tx.run("deletion/erasures", matches=[], targets=targets) if has_erasures else []
    erasures = Redaction(map(decode_erasure, rows))
    put(
        tx,
        "ingest/put_marks",
        [
            _mark(target, *marks.get(target, (False, {})), erasures)
            for target in targets
            if afresh or target in marks or erasures.erased(target)
        ],
    )


def _mark(target: str, flagged: bool, labels: Mapping[str, str], erasures: Redaction) -> Values:
    erased = encode_erased(erasures.erased(target))
    return {"id": target, "flagged": flagged, "labels": canonical(labels) if labels else None, "erased": erased}
