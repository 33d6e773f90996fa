"""Events of OpenLineage as Spark sends them: importing them, beside parsing the same JSON and doing nothing with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import in_turns
from benchmarks.stage import ROOT, Stage
from benchmarks.table import Aim, Row, Section, as_rate
from headwater.clock import EPOCH
from headwater.loaders.importing import import_source
from headwater.loaders.openlineage import OpenLineageLoader

EXAMPLE = ROOT.parent / "shared" / "data" / "openlineage" / "CLL" / "8.json"
BYTES = 16_000
TABLES = 50
EVENTS_OF_RUNS = 20
LEAST_EVENTS_A_SECOND = {"SQLite": 3_000}

Event = dict[str, Any]


def events(stages: Sequence[Stage]) -> Section:
    """Import a file of events, one a line."""
    return Section(
        "Events of OpenLineage",
        f"START and COMPLETE of runs of one real Spark job with column lineage and query plan, {BYTES:,} bytes each, on"
        f" {TABLES} tables, one event a line; read, checked and recorded. Beside it: the standard library parses"
        " the same lines. Without the public data sets beside the checkout there are no rows.",
        [_imported(stage) for stage in stages] if EXAMPLE.exists() else [],
    )


def _imported(stage: Stage) -> Row:
    path = stage.folder / f"events-{stage.store}.ndjson"
    count = max(stage.sizes.runs // EVENTS_OF_RUNS, 100)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(event)}\n" for event in _events(count))
    pair = in_turns(
        [(partial(import_source, stage.lineage.store, OpenLineageLoader(), str(path)), partial(_parsed, path))]
    )
    (ours,), (theirs,) = pair.ours, pair.theirs
    least = LEAST_EVENTS_A_SECOND.get(stage.store)
    aims = (Aim(f"{least:,} events/s", count / ours >= least),) if least else ()
    rates = as_rate(count, ours, "events/s"), as_rate(count, theirs, "events/s")
    return Row(f"{count:,} events", stage.store, rates[0], "json.loads", rates[1], pair.speed, aims)


def _parsed(path: Path) -> None:
    with path.open("rb") as file:
        for line in file:
            json.loads(line)


def _events(count: int) -> Iterator[Event]:
    example: Event = json.loads(EXAMPLE.read_text("utf-8"))
    for number in range(count):
        run, is_end = divmod(number, 2)
        yield _event(
            example, run, "COMPLETE" if is_end else "START", EPOCH + timedelta(minutes=run, seconds=30 * is_end)
        )


def _event(example: Event, run: int, kind: str, at: datetime) -> Event:
    """Return the example as an event of another run, on tables of its own, cut to its size in the query plan."""
    named = {key: [_renamed(one, run % TABLES) for one in example[key]] for key in ("inputs", "outputs")}
    facets = {name: facet for name, facet in example["run"]["facets"].items() if name != "spark.logicalPlan"}
    event = {**example, **named, "eventType": kind, "eventTime": at.isoformat()}
    event["run"] = {"runId": f"00000000-0000-4000-8000-{run:012d}", "facets": facets}
    plan = example["run"]["facets"]["spark.logicalPlan"]
    room = BYTES - len(json.dumps(event)) - len(json.dumps(plan | {"plan": []})) - len(', "spark.logicalPlan": ')
    facets["spark.logicalPlan"] = plan | {"plan": _cut(plan["plan"], room)}
    return event


def _cut(plan: list[Any], room: int) -> list[Any]:
    """Return as many steps of a plan as there is room for, and a filling."""
    while plan and len(json.dumps(plan)) > room - 10:
        plan = plan[:-1]
    return [*plan, "x" * max(room - len(json.dumps(plan)) - 4, 0)]


def _renamed(dataset: Event, table: int) -> Event:
    return {**dataset, "name": f"{dataset['name']}_{table}"}
