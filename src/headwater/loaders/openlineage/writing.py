"""Facts as events: the inverse of `mapping`, in the specification's words as far as it has any.

Gives plain JSON objects. What has no word there stands, exactly, in the facet `headwater` that `with_facts` adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from headwater import clock, ids
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact, Status
from headwater.graph.values import JSON
from headwater.graph.wire import fact_to_dict
from headwater.loaders.openlineage.facets import version_of
from headwater.loaders.openlineage.keeping import OWN_FACET, SENT

Event: TypeAlias = dict[str, Any]

_PRODUCER = "urn:headwater"
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs"
_NAMESPACE = "headwater"
_TYPES = {Status.COMPLETED: "COMPLETE", Status.FAILED: "FAIL", Status.ABORTED: "ABORT"}
_IN_TWO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/]*|[^/]+)/(.+)", re.DOTALL)
_PLACES = ("event", "input", "job", "openlineage", "output")


@dataclass(slots=True)
class _Kept:
    """The facets of a fact, sorted into the places of an event that they came from."""

    identity: Mapping[str, Any] = field(default_factory=dict)
    facets: Event = field(default_factory=dict)
    placed: dict[str, Event] = field(default_factory=lambda: {place: {} for place in _PLACES})

    @classmethod
    def of(cls, facets: Mapping[str, JSON]) -> _Kept:
        """Return the facets of one run, input, output or component in their places; one that is no object has none."""
        found = cls()
        for key, value in facets.items():
            place, slash, name = key.partition("/")
            if key == "openlineage" and isinstance(value, Mapping):
                found.identity = value
            elif slash and place in _PLACES:
                found.placed[place][name] = value
            elif isinstance(value, Mapping):
                found.facets[key] = value
        return found


def run_events(facts: Sequence[RunFact]) -> list[Event]:
    """Return the events of one run: its start, each time at which something was said, and its end."""
    names = _Names.of(facts)
    said: dict[tuple[datetime, str], RunFact | None] = {}
    for fact in facts:
        if fact.started_at is not None:
            said.setdefault((fact.started_at, "START"), None)
        if fact.ended_at is not None:
            said.setdefault((fact.ended_at, _TYPES[fact.status or Status.COMPLETED]), None)
    events: list[tuple[datetime, Event]] = []
    for fact in facts:
        free = (key for key, taken in said.items() if key[0] == fact.at and taken is None)
        said[next(free, (fact.at, f"OTHER {len(said)}"))] = fact
    for (at, kind), told in said.items():
        events.append((at, _run_event(facts[0].id, kind.partition(" ")[0], at, told, names)))
    return [event for _, event in sorted(events, key=lambda pair: pair[0])]


def component_event(fact: ComponentFact) -> Event:
    """Return what is said of a component, as an event about a job."""
    kept = _Kept.of(fact.facets)
    described: Event = {
        "documentation": {"description": fact.description} if fact.description else None,
        "ownership": {"owners": [{"name": fact.owner}]} if fact.owner else None,
        "tags": {"tags": [{"key": tag, "value": "true"} for tag in fact.tags]} if fact.tags else None,
    }
    facets = {key: _facet("Job", said) for key, said in described.items() if said} | kept.facets
    declared = kept.placed["openlineage"]
    return {
        **_head(fact.at, kept, "JobEvent"),
        "job": {**_parts(fact.name, kept.identity), "facets": facets},
        **declared,
    }


def note_event(fact: Annotation | Erasure) -> Event:
    """Return what somebody said of a state or run, or the erasure of something, as an event about a dataset."""
    target = fact.target or fact.kind
    name, _ = ids.split_state_id(target) or (f"{_NAMESPACE}/{target}", "")
    note = fact.value if isinstance(fact, Annotation) and fact.kind == "note" else None
    kept = _Kept.of(note if isinstance(note, Mapping) else {})
    return {**_head(fact.at, kept, "DatasetEvent"), "dataset": {**_parts(name, kept.identity), "facets": kept.facets}}


def with_facts(events: Sequence[Event], facts: Iterable[Fact]) -> Iterator[Event]:
    """Give the events with a facet that says which facts they are; the first of them carries all."""
    left = [fact_to_dict(fact) for fact in facts]
    for event in events:
        what = next(key for key in ("run", "job", "dataset") if key in event)
        told = _facet(what.title(), {"facts": left})
        yield {**event, what: {**event[what], "facets": {**event[what].get("facets", {}), OWN_FACET: told}}}
        left = []


@dataclass(frozen=True, slots=True)
class _Names:
    """What the facts of one run say, at whatever time, of the parts of its names."""

    component: str
    job: Mapping[str, Any]
    inputs: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, facts: Sequence[RunFact]) -> _Names:
        """Return the parts of the names in all facts of one run."""
        return cls(
            next((fact.component for fact in facts if fact.component), f"{_NAMESPACE}/unknown"),
            next((found for fact in facts if (found := _identity(fact.facets))), {}),
            {one.name: found for fact in facts for one in fact.inputs if (found := _identity(one.facets))},
            {one.name: found for fact in facts for one in fact.outputs if (found := _identity(one.facets))},
        )


def _run_event(run: str, kind: str, at: datetime, fact: RunFact | None, names: _Names) -> Event:
    kept = _Kept.of(fact.facets if fact else {})
    kept.identity = names.job
    job = {**_parts(names.component, names.job), "facets": kept.placed["job"]}
    event = {
        **_head(at, kept, "RunEvent"),
        "eventType": kind,
        "run": {"runId": names.job.get("runId", run), "facets": kept.facets | (_told(fact, kept) if fact else {})},
        "job": job,
    }
    if fact is not None:
        event["inputs"] = list(_datasets(fact.inputs, names.inputs, "input"))
        event["outputs"] = list(_datasets(fact.outputs, names.outputs, "output"))
    return event


def _told(fact: RunFact, kept: _Kept) -> Event:
    """Return the facets that fields of a run stand for, as far as the run has not brought them itself."""
    tests = [{"name": name, "status": "pass" if r.outcome == "passed" else "fail"} for name, r in fact.triggers.items()]
    params = [{"key": key, "value": value} for key, value in fact.params.items() if key != "processing_engine"]
    said: Event = {
        "errorMessage": {"message": fact.error, "programmingLanguage": "unknown"} if fact.error else None,
        "executionParameters": {"parameters": params} if params else None,
        "test": {"tests": tests} if tests and not _has_quality(fact) else None,
    }
    return {key: _facet("Run", value) for key, value in said.items() if value and key not in kept.facets}


def _has_quality(fact: RunFact) -> bool:
    told = [one.facets for one in fact.inputs] + [one.facets for one in fact.outputs]
    keys = {key.rpartition("/")[2] for facets in told for key in facets}
    return not keys.isdisjoint(("dataQualityAssertions", "dataQualityMetrics"))


def _datasets(claims: Iterable[Input | Output], names: Mapping[str, Mapping[str, Any]], own: str) -> Iterator[Event]:
    """Give the datasets; other names of a dataset are left out, for its symlinks tell them."""
    for claim in claims:
        identity = names.get(claim.name, {})
        if "symlinkOf" in identity:
            continue
        kept = _Kept.of(claim.facets)
        if claim.digest and "version" not in kept.facets:
            kept.facets["version"] = _facet("Dataset", {"datasetVersion": version_of(claim.digest)})
        told = {"facets": kept.facets, f"{own}Facets": kept.placed[own]}
        yield {
            **kept.placed["event"],
            **_parts(claim.name, identity),
            **{key: said for key, said in told.items() if said},
        }


def _head(at: datetime, kept: _Kept, kind: str) -> Event:
    """Return what every event has; one that came as an event says no more than it said then."""
    sent = {key: kept.identity[key] for key in SENT if key in kept.identity}
    if not kept.identity:
        sent = {"producer": _PRODUCER, "schemaURL": f"{_SCHEMA}/{kind}"}
    return {**kept.placed["event"], "eventTime": clock.isoformat(at), **sent}


def _parts(name: str, identity: Mapping[str, Any]) -> Event:
    """Return namespace and name: as they were told, else cut at the place that gives the same name again."""
    if {"namespace", "name"} <= identity.keys():
        return {"namespace": identity["namespace"], "name": identity["name"]}
    found = _IN_TWO.fullmatch(name)
    return {"namespace": found[1], "name": found[2]} if found else {"namespace": _NAMESPACE, "name": name}


def _identity(facets: Mapping[str, JSON]) -> Mapping[str, Any]:
    found = facets.get("openlineage")
    return found if isinstance(found, Mapping) else {}


def _facet(kind: str, said: Mapping[str, Any]) -> Event:
    return {"_producer": _PRODUCER, "_schemaURL": f"{_SCHEMA}/{kind}Facet", **said}
