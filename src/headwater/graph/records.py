"""Merged claims as the rows that stores keep, and back again.

Knows the catalogue's columns; knows neither how claims are joined nor how readers are bound.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from headwater import clock, ids
from headwater.graph.claims import (
    Register,
    Registers,
    RunClaims,
    decode_registers,
    encode_stamps,
    parse_claim,
    section,
)
from headwater.graph.digest import facet_id
from headwater.graph.engine import Row
from headwater.graph.erasure import Erased, Erasure
from headwater.graph.facts import Annotation, FacetKey, Status, TriggerResult, infer_type
from headwater.graph.model import annotation_line
from headwater.graph.values import canonical

ERASURE = ("kind", "request", "target", "match", "salt", "replacement", "at")
DESCRIPTION = ("description", "owner", "tags", "max_age_us")
_compact = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode

Values: TypeAlias = dict[str, Any]
Ask: TypeAlias = Callable[..., list[Row]]


def known_runs(ask: Ask, runs: Sequence[str]) -> dict[str, RunClaims]:
    """Return the merged claims of those of these runs that are stored; `ask` runs a query."""
    known = {row[0]: _decode_run(row) for row in (ask("ingest/runs", ids=runs) if runs else ())}
    if known:
        for run, name, type_, digest, stamps in ask("ingest/outputs", ids=sorted(known)):
            known[run].outputs[name] = _decode_state(type_, digest, stamps)
        for run, name, claim in ask("ingest/inputs", ids=sorted(known)):
            known[run].inputs[name, claim] = parse_claim(name, claim)
    return known


def known_components(ask: Ask, names: Sequence[str]) -> dict[str, Registers]:
    """Return the merged claims of those of these components that are stored; `ask` runs a query."""
    known: dict[str, Registers] = {}
    for name, *values, stamps in ask("ingest/components", names=names):
        given = dict(zip(DESCRIPTION, values, strict=True))
        given["tags"] = None if given["tags"] is None else json.loads(given["tags"])
        stored = {("component", key): canonical(value) for key, value in given.items() if value is not None}
        known[name] = {} if stamps is None else decode_registers(json.loads(stamps), stored)
    return known


def _decode_run(row: Row) -> RunClaims:
    run, component, status, _, _, commit, source, error, params, triggers, merged = row
    stored = json.loads(merged)
    single = {"component": component, "commit": commit, "source": source, "error": error}
    values = {("run", key): canonical(value) for key, value in single.items() if value is not None}
    values.update({("params", key): canonical(value) for key, value in json.loads(params).items()})
    results = {key: TriggerResult(**told) for key, told in json.loads(triggers).items()}
    values.update({("triggers", key): result.to_text() for key, result in results.items()})
    start, end, first, last = (None if at is None else clock.from_micros(at) for at in stored["times"])
    assert first is not None
    assert last is not None
    return RunClaims(run, first, last, Status(status), start, end, decode_registers(stored["at"], values))


def encode_run(claims: RunClaims, recorded_at: datetime) -> Values:
    """Return the row of a run."""
    times = (claims.start, claims.end, claims.first, claims.last)
    micros = [None if at is None else clock.to_micros(at) for at in times]
    row: Values = {
        "id": claims.id,
        "status": claims.status.value,
        "started_at": claims.started_at,
        "ended_at": claims.ended_at,
        "params": section(claims.registers, "params"),
        "triggers": section(claims.registers, "triggers"),
        "claims": _compact({"times": micros, "at": encode_stamps(claims.registers)}),
        "recorded_at": recorded_at,
    }
    for key in ("component", "commit", "source", "error"):
        register = claims.registers.get(("run", key))
        row[key] = None if register is None else json.loads(register[1])
    return row


def _decode_state(type_: str, digest: str | None, stamps: str | None) -> Registers:
    if stamps is None:
        return {}
    given = {"type": type_, "digest": digest}
    return {
        ("state", key): (clock.from_micros(at), json.dumps(given[key], ensure_ascii=False))
        for key, at in json.loads(stamps).items()
    }


def encode_state(name: str, claims: RunClaims, said: Registers) -> Values:
    """Return the row of one output of a run."""
    given = {key: json.loads(text) for (_, key), (_, text) in said.items()}
    stamps = {key: clock.to_micros(at) for (_, key), (at, _) in said.items()}

    return {
        "id": ids.state_id(name, claims.id),
        "name": name,
        "inferred": infer_type(name),
        "maker": claims.id,
        "type": given.get("type"),
        "digest": given.get("digest"),
        "produced_at": claims.produced_at,
        "started_at": claims.started_at,
        "claims": _compact(stamps) if stamps else None,
    }


def encode_annotation(note: Annotation) -> Values:
    """Return the row of an annotation; its id is the hash of what it says."""
    content = f"{note.target}\n{annotation_line(note)}"
    return {
        "id": hashlib.sha256(content.encode()).hexdigest()[:32],
        "target": note.target,
        "kind": note.kind,
        "key": note.key,
        "value": canonical(note.value),
        "who": note.who,
        "why": note.why,
        "at": note.at,
    }


def encode_facet(key: FacetKey, said: Register) -> Values:
    """Return the row of a facet."""
    at, value = said
    subject, owner, name, facet = key
    return {
        "id": facet_id(key),
        "subject": subject,
        "owner": owner,
        "name": name,
        "key": facet,
        "value": value,
        "at": at,
    }


def decode_facet(row: Row) -> tuple[FacetKey, Register]:
    """Return the facet of one row of `runs/facets`."""
    subject, owner, name, key, value, at = row
    return FacetKey(subject, owner, name, key), (at, value)


def encode_erasure(erasure: Erasure) -> Values:
    """Return the row of an erasure; its id is the hash of what it says."""
    said = [erasure.kind, erasure.request, erasure.target, erasure.match, erasure.salt, erasure.replacement]
    content = canonical([*said, clock.isoformat(erasure.at)])
    row: Values = dict(zip(ERASURE, (*said, erasure.at), strict=True))
    return {"id": hashlib.sha256(content.encode()).hexdigest()[:32], **row}


def decode_erasure(row: Row) -> Erasure:
    """Return the erasure of one row of `deletion/erasures`."""
    return Erasure(**dict(zip(ERASURE, row, strict=True)))


def encode_erased(erased: Erased | None) -> str | None:
    """Return the text by which a node says when it was erased."""
    return None if erased is None else canonical({"at": clock.isoformat(erased.at), "request": erased.request})


def decode_erased(told: Mapping[str, str] | None) -> Erased | None:
    """Return what `encode_erased` wrote."""
    return None if told is None else Erased(datetime.fromisoformat(told["at"]), told["request"])


def decode_annotation(row: Row) -> Annotation:
    """Return the annotation of one row of `ingest/annotations`."""
    target, kind, key, value, who, why, at = row
    return Annotation(target, kind, value, key=key, who=who, why=why, at=at)
