"""Events of OpenLineage for tests: plain ones with a few words each, and those of the public data sets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from headwater.graph.facts import Fact
from headwater.loaders.openlineage import event_facts
from headwater.testing.strategies import EPOCH
from tests.support.shared_data import shared_data

Event = dict[str, Any]
SETS = ("CLL", "apples", "marquez_seed", "simple_run_event", "spark_dataproc_simple_producer_test")


def time_text(seconds: float) -> str:
    return (EPOCH + timedelta(seconds=seconds)).isoformat()


def run_event(kind: str, run: str, seconds: float, **more: Any) -> Event:
    """Return an event of job `etl/JOB`, with the datasets and facets given in the words of the specification."""
    return {
        "eventType": kind,
        "eventTime": time_text(seconds),
        "run": {"runId": run, "facets": more.get("run_facets", {})},
        "job": {"namespace": "etl", "name": more.get("job", "load"), "facets": more.get("job_facets", {})},
        "inputs": list(more.get("inputs", ())),
        "outputs": list(more.get("outputs", ())),
        "producer": "https://example.com/tests",
    }


def dataset(name: str, **facets: Any) -> Event:
    return {"namespace": "db", "name": name, "facets": facets}


def version(text: str) -> Event:
    return {"datasetVersion": text}


def facts_of(events: Iterable[object]) -> list[Fact]:
    return [fact for event in events for fact in event_facts(event).facts]


def shared_events(name: str) -> Sequence[Event]:
    """Return the events of one public set; the template of one is filled with times."""
    events: list[Event] = []
    for path in sorted(shared_data(f"openlineage/{name}").glob("*.json")):
        found = json.loads(_filled(path.read_text("utf-8")))
        events += found if isinstance(found, list) else [found]
    return events


def _filled(text: str) -> str:
    """Put a time into each place that the template of Marquez leaves open."""
    started = text.replace("{{RUN_START_TIME}}", time_text(0))
    return re.sub(r"\{\{RUN_END_TIME_AFTER_(\d+)_MINUTES\}\}", lambda found: time_text(60 * int(found[1])), started)
