"""One CSV table: a row for each input and output of a run, which the kind `table` reads back without loss."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TextIO

from headwater import clock
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact
from headwater.graph.wire import fact_to_dict
from headwater.loaders.exporting import Exported
from headwater.loaders.table.rows import AT, FACETS, LABELS, MORE, READ_AT, RECORD, STATE, TYPE, Columns

_COLUMNS = Columns()
_PLAIN = tuple(getattr(_COLUMNS, field.name) for field in fields(Columns))
HEADER = (RECORD, *_PLAIN, TYPE, STATE, READ_AT, AT, FACETS, LABELS, MORE)
_HELD = frozenset({"fact", "id", "component", "status", "started_at", "ended_at", "at"})
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class CsvExporter:
    """Writes UTF-8 with a header; params, triggers and facets stand as JSON in columns of their own."""

    kind: ClassVar[str] = "csv"
    loss: ClassVar[str] = ""

    def write(self, what: Exported, to: TextIO) -> None:
        """Write a row for each input and output, one for a run that has neither, for a component and an annotation."""
        table = csv.DictWriter(to, HEADER, restval="")
        table.writeheader()
        table.writerows(row for fact in what.facts() for row in _rows(fact))


def _rows(fact: Fact) -> Iterator[dict[str, Any]]:
    if isinstance(fact, ComponentFact):
        yield {RECORD: "component", _COLUMNS.component: fact.name, MORE: _encode(fact_to_dict(fact))}
    elif isinstance(fact, Annotation):
        yield {RECORD: "annotation", _COLUMNS.name: fact.target, MORE: _encode(fact_to_dict(fact))}
    elif isinstance(fact, Erasure):
        yield {RECORD: "erasure", _COLUMNS.name: fact.target, MORE: _encode(fact_to_dict(fact))}
    else:
        yield from _run_rows(fact)


def _run_rows(fact: RunFact) -> Iterator[dict[str, Any]]:
    told = fact_to_dict(replace(fact, inputs=(), outputs=()))
    run = {
        RECORD: "run",
        _COLUMNS.run: fact.id,
        _COLUMNS.component: told.get("component"),
        _COLUMNS.start: told.get("started_at"),
        _COLUMNS.end: told.get("ended_at"),
        _COLUMNS.status: told.get("status"),
        AT: told["at"],
    }
    more = {key: value for key, value in told.items() if key not in _HELD}
    rest = {MORE: _encode(more)} if more else {}
    claims: list[Input | Output] = [*fact.inputs, *fact.outputs]
    for claim in claims:
        yield {**run, **_claim(claim), **rest}
        rest = {}
    if not claims:
        yield {**run, **rest}


def _claim(claim: Input | Output) -> dict[str, Any]:
    beside = {FACETS: claim.facets, LABELS: claim.labels}
    kept = {column: _encode(said) for column, said in beside.items() if said}
    found = {_COLUMNS.name: claim.name, _COLUMNS.digest: claim.digest, **kept}
    if isinstance(claim, Output):
        return {_COLUMNS.direction: "output", TYPE: claim.type, **found}
    read_at = None if claim.at is None else clock.isoformat(claim.at)
    return {_COLUMNS.direction: "input", STATE: claim.state, READ_AT: read_at, **found}
