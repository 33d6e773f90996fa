"""An event of OpenLineage, read and checked; whatever is malformed is named by its JSON pointer.

Knows the specification's shapes and nothing of facts. What real producers leave out, and the specification's own
examples too (producer, schemaURL, eventType, the zone of a time), may be missing; what is there must be of its type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, TypeAlias, cast, get_args

from headwater import clock
from headwater.errors import InvalidFact, SourceError
from headwater.loaders.openlineage.fast import Writer, writer

Object: TypeAlias = Mapping[str, Any]
EventType: TypeAlias = Literal["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]

_EVENT_TYPES = frozenset(get_args(EventType))
_EVENT_KEYS = frozenset(
    {"eventType", "eventTime", "run", "job", "dataset", "inputs", "outputs", "producer", "schemaURL"}
)
_NO_FACETS: Object = {}
_DATE_CHARACTERS = len("2020-01-01")


class Named(NamedTuple):
    """A job or a dataset: the two parts of its name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Dataset(NamedTuple):
    """A dataset of an event.

    `facets` describe it, `own` are its inputFacets or outputFacets, `others` what else stands there, `at` is the
    JSON pointer to it.
    """

    named: Named
    facets: Object
    own: Object
    others: Object
    at: str


@dataclass(frozen=True, slots=True)
class RunEvent:
    """What a run has come to; `write` turns its facets into what facts hold."""

    type: EventType
    time: datetime
    run: str
    job: Named
    run_facets: Object
    job_facets: Object
    inputs: tuple[Dataset, ...]
    outputs: tuple[Dataset, ...]
    others: Object
    write: Writer


@dataclass(frozen=True, slots=True)
class JobEvent:
    """What is said of a job without a run of it; `declared` are its inputs and outputs as they came."""

    time: datetime
    job: Named
    job_facets: Object
    declared: Object
    others: Object


@dataclass(frozen=True, slots=True)
class DatasetEvent:
    """What is said of a dataset without a run that read or wrote it."""

    time: datetime
    dataset: Dataset
    others: Object


Event: TypeAlias = "RunEvent | JobEvent | DatasetEvent"


def read_event(event: object) -> Event:
    """Return the event. Raises SourceError with the JSON pointer of what is wrong and the reason."""
    found = an_object(event, "")
    if "run" in found or _says_run(found):
        return _run_event(found)
    if "job" in found:
        return _job_event(found)
    if "dataset" in found:
        return DatasetEvent(_time(found), _dataset(found["dataset"], "/dataset", ""), _others(found))
    raise malformed("", "has none of run, job and dataset")


def malformed(pointer: str, reason: str) -> SourceError:
    """Return the failure that names a place in an event and what is wrong with it."""
    return SourceError(f"{pointer or 'the event'} {reason}")


def an_object(value: object, pointer: str) -> Object:
    """Return the JSON object; raise SourceError naming the pointer."""
    if not isinstance(value, dict):
        raise malformed(pointer, "is missing" if value is None else f"is {_shown(value)}, not an object")
    return value


def a_list(value: object, pointer: str) -> list[Any]:
    """Return the JSON list, of nothing for null; raise SourceError naming the pointer."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise malformed(pointer, f"is {_shown(value)}, not a list")
    return value


def text(found: Object, key: str, pointer: str) -> str:
    """Return the text under `key`; raise SourceError when it is missing or no text."""
    value = found.get(key)
    if not isinstance(value, str):
        raise malformed(f"{pointer}/{key}", "is missing" if value is None else f"is {_shown(value)}, not text")
    return value


def optional_text(found: Object, key: str, pointer: str) -> str | None:
    """Return the text under `key`, or None for nothing and null."""
    return None if found.get(key) is None else text(found, key, pointer)


def facets_of(found: Object, key: str, pointer: str) -> Object:
    """Return the facets under `key` that are not null; raise SourceError for one that is no object."""
    value = found.get(key)
    if not value:
        if value is not None and not isinstance(value, dict):
            raise malformed(f"{pointer}/{key}", f"is {_shown(value)}, not an object")
        return _NO_FACETS
    for name, facet in an_object(value, f"{pointer}/{key}").items():
        if not isinstance(facet, dict) and facet is not None:
            raise malformed(f"{pointer}/{key}/{escaped(name)}", f"is {_shown(facet)}, not an object")
    return value if None not in value.values() else {k: facet for k, facet in value.items() if facet is not None}


def escaped(name: str) -> str:
    """Return a key as it stands in a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def objects(value: object, pointer: str) -> Iterator[tuple[Object, str]]:
    """Give each object of a JSON list with its pointer; raise SourceError for what is none."""
    for index, one in enumerate(a_list(value, pointer)):
        yield an_object(one, f"{pointer}/{index}"), f"{pointer}/{index}"


def a_name(found: Object, pointer: str) -> Named:
    """Return the two parts of a name; raise SourceError when one is missing."""
    return Named(text(found, "namespace", pointer), text(found, "name", pointer))


def event_time(value: str, pointer: str) -> datetime:
    """Return a time in UTC, to the microsecond; one without a zone is meant in UTC.

    Finer fractions are cut, and a zone's name in brackets behind the offset, as Java writes it, is left out.
    """
    plain = value.partition("[")[0].upper()
    try:
        if len(plain) <= _DATE_CHARACTERS:
            raise ValueError("no time of day")
        found = datetime.fromisoformat(plain)
        return clock.as_utc(found if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, InvalidFact) as exc:
        raise malformed(pointer, f"is {_shown(value)}, not a date and time of RFC 3339") from exc


def _says_run(found: Object) -> bool:
    return "eventType" in found or str(found.get("schemaURL")).endswith("/RunEvent")


def _run_event(found: Object) -> RunEvent:
    if "run" not in found:
        raise malformed("/run", "is missing")
    run, job = an_object(found["run"], "/run"), an_object(found.get("job"), "/job")
    return RunEvent(
        type=_event_type(found),
        time=_time(found),
        run=_not_empty(text(run, "runId", "/run"), "/run/runId"),
        job=_named(job, "/job"),
        run_facets=facets_of(run, "facets", "/run"),
        job_facets=facets_of(job, "facets", "/job"),
        inputs=_datasets(found, "inputs", "inputFacets"),
        outputs=_datasets(found, "outputs", "outputFacets"),
        others=_others(found),
        write=writer(found),
    )


def _job_event(found: Object) -> JobEvent:
    job = an_object(found["job"], "/job")
    _datasets(found, "inputs", "inputFacets")
    _datasets(found, "outputs", "outputFacets")
    declared = {key: found[key] for key in ("inputs", "outputs") if found.get(key)}
    return JobEvent(_time(found), _named(job, "/job"), facets_of(job, "facets", "/job"), declared, _others(found))


def _event_type(found: Object) -> EventType:
    value = found.get("eventType") or "OTHER"
    if not isinstance(value, str) or value not in _EVENT_TYPES:
        raise malformed("/eventType", f"is {_shown(value)}, none of {', '.join(get_args(EventType))}")
    return cast("EventType", value)


def _time(found: Object) -> datetime:
    return event_time(text(found, "eventTime", ""), "/eventTime")


def _datasets(found: Object, key: str, own: str) -> tuple[Dataset, ...]:
    return tuple(_dataset(one, f"/{key}/{index}", own) for index, one in enumerate(a_list(found.get(key), f"/{key}")))


def _dataset(value: object, pointer: str, own: str) -> Dataset:
    found = an_object(value, pointer)
    known = ("namespace", "name", "facets", own)
    return Dataset(
        _named(found, pointer),
        facets_of(found, "facets", pointer),
        facets_of(found, own, pointer) if own else _NO_FACETS,
        {key: said for key, said in found.items() if key not in known},
        pointer,
    )


def _named(found: Object, pointer: str) -> Named:
    name = _not_empty(text(found, "name", pointer), f"{pointer}/name")
    return Named(text(found, "namespace", pointer), name)


def _others(found: Object) -> Object:
    """Return who sent the event and by which schema, and what the specification does not know."""
    for key in ("producer", "schemaURL"):
        optional_text(found, key, "")
    said = {key: found[key] for key in ("producer", "schemaURL") if found.get(key)}
    return said if found.keys() <= _EVENT_KEYS else said | {k: v for k, v in found.items() if k not in _EVENT_KEYS}


def _not_empty(value: str, pointer: str) -> str:
    if not value:
        raise malformed(pointer, "is empty")
    return value


def _shown(value: object) -> str:
    shown = repr(value) if isinstance(value, (str, int, float, bool, type(None))) else type(value).__name__
    return shown if len(shown) <= 80 else f"{shown[:80]}..."  # noqa: PLR2004
