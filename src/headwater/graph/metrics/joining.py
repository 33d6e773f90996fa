"""Outputs joined with their labels, one row an id: from what is logged to what is written, under the series' locks.

A row is joined when both are known. How a row stood before it changed is kept as a correction, so that a window which
has counted it so can take it out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headwater import clock
from headwater.graph.engine import Transaction
from headwater.graph.measures import Logged, Measured, MetricFact, place, row_key
from headwater.graph.metrics.windows import ROWS_AT_ONCE


@dataclass(slots=True)
class Row:
    """What is known of one id. It has a place and the position of its last change while it is joined."""

    id: str
    series: str
    key: str
    output: str | None = None
    output_at: str | None = None
    run: str | None = None
    label: str | None = None
    label_at: str | None = None
    place: str | None = None
    position: int | None = None

    def join(self, other: Row) -> bool:
        """Let the later output and the later label count, ties by value; return whether anything is new."""
        is_new = False
        if other.output_at is not None and _order(self.output_at, self.output, self.run) < _order(
            other.output_at, other.output, other.run
        ):
            self.output_at, self.output, self.run, is_new = other.output_at, other.output, other.run, True
        if other.label_at is not None and _order(self.label_at, self.label) < _order(other.label_at, other.label):
            self.label_at, self.label, is_new = other.label_at, other.label, True
        return is_new

    def settle(self, position: int) -> None:
        """Give the row its place, and this position if the place, output or label of a joined row is new."""
        if self.output is None or self.label is None:
            self.place = self.position = None
        else:
            assert self.output_at is not None
            self.place, self.position = place(datetime.fromisoformat(self.output_at), self.id), position

    @property
    def counted(self) -> tuple[str, str, str] | None:
        """What a window counts of the row."""
        if self.place is None or self.output is None or self.label is None:
            return None
        return self.place, self.output, self.label


def _order(*said: str | None) -> tuple[str, ...]:
    return tuple(text or "" for text in said)


def lock(tx: Transaction, logged: Sequence[Logged], measured: Sequence[Measured] = ()) -> dict[str, int]:
    """Take the locks of all series at once, count a change of those that are logged to, and return the positions."""
    changed = {fact.series for fact in logged}
    facts: list[MetricFact] = [*logged, *measured]
    series = {fact.series: fact for fact in facts}
    rows = [
        {"id": key, "component": fact.component, "metric": fact.metric, "more": int(key in changed)}
        for key, fact in sorted(series.items())
    ]
    tx.run("metrics/lock", rows=rows)
    return dict(tx.run("metrics/positions", ids=[row["id"] for row in rows]))


def join(tx: Transaction, facts: Sequence[Logged], positions: Mapping[str, int]) -> None:
    """Join what was logged with the rows that are stored, and write those that change; the locks are held."""
    claims = _claims(facts)
    keys = sorted(claims)
    for start in range(0, len(keys), ROWS_AT_ONCE):
        part = keys[start : start + ROWS_AT_ONCE]
        known = {found[0]: found for found in tx.run("metrics/observed", ids=part)}
        _write(tx, [(claims[key], known.get(key)) for key in part], positions)


def _claims(facts: Iterable[Logged]) -> dict[str, Row]:
    claims: dict[str, Row] = {}
    for fact in facts:
        for row in _rows(fact):
            claims.setdefault(row.id, Row(row.id, row.series, row.key)).join(row)
    return claims


def _rows(fact: Logged) -> Iterator[Row]:
    series, at = fact.series, clock.isoformat(fact.at)
    for key, text in fact.texts.items():
        row = Row(row_key(series, key), series, key)
        if fact.kind == "label":
            row.label_at, row.label = at, text
        else:
            row.output_at, row.output, row.run = at, text, fact.run
        if fact.metric:  # The value of a metric waits for no label.
            row.label_at, row.label = at, "null"
        yield row


def _write(tx: Transaction, rows: Sequence[tuple[Row, Any]], positions: Mapping[str, int]) -> None:
    changed: list[dict[str, Any]] = []
    corrections: list[dict[str, Any]] = []
    for claim, stored in rows:
        row = Row(claim.id, claim.series, claim.key) if stored is None else _stored(claim, stored)
        before, since = row.counted, row.position
        if not row.join(claim):
            continue
        position = positions[row.series]
        row.settle(position)
        if before is not None and row.counted == before:
            row.position = since
        elif before is not None:
            stood = dict(zip(("place", "output", "label"), before, strict=True))
            corrections.append({"series": row.series, "position": position, "since": since, **stood})
        changed.append({name: getattr(row, name) for name in Row.__slots__})
    if changed:
        tx.run("metrics/put_observed", rows=changed)
    if corrections:
        tx.run("metrics/put_corrections", rows=corrections)


def _stored(claim: Row, found: Sequence[Any]) -> Row:
    ident, *said = found
    return Row(ident, claim.series, claim.key, *said)
