"""Values of metrics and the incidents that they come to, written in one transaction under the series' locks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from headwater import clock
from headwater.graph.engine import Transaction
from headwater.graph.measures import MOST_CLEAR, Measured, Verdict
from headwater.graph.metrics.incidents import Incident, News, fold, retold, streak_of
from headwater.graph.metrics.store import Alert
from headwater.graph.values import JSON, canonical, comparable
from headwater.graph.wire import fact_to_dict, recorded_from_dict

_END = "~"


def judge(tx: Transaction, facts: Sequence[Measured]) -> None:
    """Write the values that are new, open and close the incidents that follow, and let alerts of them wait.

    The locks of their series are held.
    """
    newest: dict[str, Measured] = {}
    for fact in facts:
        newest[fact.key] = max(newest.get(fact.key, fact), fact, key=_order)
    stored = {key: measured(json.loads(said)) for key, said in tx.run("metrics/measured", ids=sorted(newest))}
    changed = [fact for key, fact in newest.items() if key not in stored or _order(stored[key]) < _order(fact)]
    if not changed:
        return
    tx.run("metrics/put_measured", rows=[_row(fact) for fact in sorted(changed, key=lambda fact: fact.key)])
    since: dict[str, str] = {}
    for fact in changed:
        places = [one.place for one in (fact, stored.get(fact.key)) if one is not None]
        since[fact.series] = min(*places, since.get(fact.series, _END))
    for series, place in sorted(since.items()):
        _fold_anew(tx, series, place)


def measured(document: Mapping[str, Any]) -> Measured:
    """Return the value that a document tells."""
    found = recorded_from_dict(document)
    assert isinstance(found, Measured)
    return found


def incident(document: Mapping[str, Any]) -> Incident:
    """Return the incident that a document tells."""
    closed = document["closed"]
    end = None if closed is None else measured(closed)
    return Incident(measured(document["opened"]), end, document["told"], document["known_as"])


def alert(document: Mapping[str, Any]) -> Alert:
    """Return the alert that a document tells."""
    phase: Literal["opened", "closed"] = document["phase"]
    return Alert(document["id"], phase, document["incident"], measured(document["value"]))


def _order(fact: Measured) -> tuple[str, str]:
    return clock.isoformat(fact.at), _said(fact)


def _said(fact: Measured) -> str:
    return comparable(canonical(fact_to_dict(fact)))


def _row(fact: Measured) -> dict[str, Any]:
    return {
        "id": fact.key,
        "series": fact.series,
        "place": fact.place,
        "run": fact.run,
        "value": fact.value,
        "counted": fact.rows,
        "verdict": fact.verdict.value,
        "said": _said(fact),
    }


def _fold_anew(tx: Transaction, series: str, place: str) -> None:
    """Find the incidents from a place on, where values have changed, and write what is different."""
    old = [incident(said) for _, said in tx.run("metrics/incidents_from", series=series, since=place)]
    values = [measured(said) for (said,) in tx.run("metrics/values_from", series=series, since=place)]
    under_way, streak = _before(tx, series, place, values)
    if under_way is not None:
        old = [under_way, *old]
    reopened = None if under_way is None else Incident(under_way.opened)
    new, news = retold(old, fold(values, reopened, streak))
    _replace(tx, old, new)
    _queue(tx, news)


def _before(tx: Transaction, series: str, place: str, values: Sequence[Measured]) -> tuple[Incident | None, int]:
    """Return the incident under way before a place, and how many values in a row had been well there."""
    rows = tx.run("metrics/incident_before", series=series, below=place)
    found = incident(rows[0][1]) if rows else None
    if found is None or (found.closed is not None and found.closed.place < place):
        return None, 0
    most = max((value.terms.clear_after for value in values if value.terms is not None), default=1) - 1
    return found, streak_of(_judged(tx, series, place, most))


def _judged(tx: Transaction, series: str, below: str, most: int) -> Iterator[Measured]:
    """Give the last so many values below a place that are well or a breach, newest first."""
    while most > 0 and (rows := tx.run("metrics/values", series=series, below=below, most=MOST_CLEAR)):
        for (said,) in rows:
            value = measured(said)
            below = value.place
            if value.verdict is not Verdict.INSUFFICIENT and most > 0:
                most -= 1
                yield value


def _replace(tx: Transaction, old: Sequence[Incident], new: Sequence[Incident]) -> None:
    before, after = {one.key: one for one in old}, {one.key: one for one in new}
    if gone := sorted(before.keys() - after.keys()):
        tx.run("metrics/drop_incidents", ids=gone)
    if rows := [_incident_row(one) for key, one in sorted(after.items()) if before.get(key) != one]:
        tx.run("metrics/put_incidents", rows=rows)


def _incident_row(found: Incident) -> dict[str, Any]:
    closed = None if found.closed is None else fact_to_dict(found.closed)
    told: dict[str, JSON] = {"told": found.told, "known_as": found.known_as}
    said = canonical({"opened": fact_to_dict(found.opened), "closed": closed, **told})
    state = "open" if found.closed is None else "closed"
    return {
        "id": found.key,
        "series": found.opened.series,
        "place": found.opened.place,
        "state": state,
        "said": said,
    }


def _queue(tx: Transaction, news: Sequence[News]) -> None:
    """Let alerts wait in the order of the news; an incident that opens again is told anew."""
    now = clock.isoformat(clock.now())
    rows = []
    for number, one in enumerate(news):
        ident = f"{one.incident}.{one.number}"
        said: dict[str, JSON] = {
            "id": ident,
            "phase": one.phase,
            "incident": one.incident,
            "value": fact_to_dict(one.value),
        }
        queued_at = f"{now} {number:06}"
        rows.append({"id": ident, "component": one.value.component, "queued_at": queued_at, "said": canonical(said)})
    if rows:
        tx.run("metrics/put_alerts", rows=rows)
