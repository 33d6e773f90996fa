"""Facts as JSON documents and back: what the spool writes and what travels over HTTP.

A document holds what was given and nothing else; reading one is strict, so that a misspelt field is an error and not a
fact that says less than its writer meant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from headwater import clock
from headwater.errors import InvalidFact
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact, TriggerResult
from headwater.graph.measures import Logged, Measured, MetricFact, Terms
from headwater.graph.values import JSON, canonical

Document: TypeAlias = dict[str, JSON]
_MICROSECOND = timedelta(microseconds=1)


def fact_to_dict(fact: Fact | MetricFact) -> Document:
    """Return the fact as a document of plain JSON values: `fact` is its type, then each field that says something.

    Times are RFC 3339 text with microseconds, `max_age_us` is in microseconds. What an erasure hides is left out.
    """
    return {"fact": _TYPE_NAMES[type(fact)], **_told(fact)}


def fact_from_dict(document: Mapping[str, Any]) -> Fact:
    """Return the fact that `fact_to_dict` would turn into this document; a field that is null counts as not given.

    Raises InvalidFact naming the place that cannot be read: a type or field that is unknown, missing, or a wrong one.
    """
    fact: Fact = _read(document, _SHAPES)
    return fact


def recorded_from_dict(document: Mapping[str, Any]) -> Fact | MetricFact:
    """Return what programs record: a fact, or what was logged or measured. Raises InvalidFact as `fact_from_dict`."""
    fact: Fact | MetricFact = _read(document, {**_SHAPES, **_METRIC_SHAPES})
    return fact


def metric_from_dict(document: Mapping[str, Any]) -> MetricFact:
    """Return what was logged or measured. Raises InvalidFact as `fact_from_dict`."""
    fact: MetricFact = _read(document, _METRIC_SHAPES)
    return fact


def _read(document: Mapping[str, Any], shapes: Mapping[str, _Shape]) -> Any:
    given = dict(_mapping(document, "fact"))
    name = given.pop("fact", None)
    shape = shapes.get(name) if isinstance(name, str) else None
    if shape is None:
        raise InvalidFact(f"a fact of type {name!r}", hint=f"`fact` is one of {', '.join(shapes)}")
    return shape.read(given, str(name))


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the document of one type holds: how to read each field, and the fields that must be there."""

    type: Callable[..., Any]
    readers: Mapping[str, Callable[[Any, str], Any]]
    needed: frozenset[str]

    def read(self, document: object, where: str) -> Any:
        given = _mapping(document, where)
        if unknown := given.keys() - self.readers.keys():
            raise InvalidFact(f"{where} has a field {min(unknown)!r}", hint=f"use {', '.join(self.readers)}")
        if missing := self.needed - given.keys():
            raise InvalidFact(f"{where} has no {min(missing)!r}")
        said = {key: value for key, value in given.items() if value is not None or key in self.needed}
        values = {key: self.readers[key](value, f"{where}.{key}") for key, value in said.items()}
        if "max_age_us" in values:
            values["max_age"] = values.pop("max_age_us")
        return self.type(**values)


def _told(what: Any) -> Document:
    """Return the fields of a fact or of a part of one, without those that say nothing."""
    given = {one.name: getattr(what, one.name) for one in fields(what) if one.init}
    return {
        "max_age_us" if key == "max_age" else key: _plain(value, key)
        for key, value in given.items()
        if _says_something(key, value)
    }


def _says_something(key: str, value: object) -> bool:
    """No tags are a claim, and so is a label without a value; any other empty field says nothing."""
    if key in ("value", "plain"):
        return key == "value"
    return value is not None and (key == "tags" or value not in ((), {}))


def _plain(value: Any, what: str) -> JSON:
    if isinstance(value, (datetime, timedelta)):
        return clock.isoformat(value) if isinstance(value, datetime) else value // _MICROSECOND
    if what in ("inputs", "outputs"):
        return [_told(one) for one in value]
    if what == "terms":
        return _told(value)
    if what == "triggers":
        return {key: _told(result) for key, result in value.items()}
    if what == "facets":  # Each may be text that is canonical already.
        return {key: json.loads(canonical(facet, key)) for key, facet in value.items()}
    plain: JSON = json.loads(canonical(value, what))
    return plain


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidFact(f"{where} is {type(value).__name__}, not an object with text keys")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidFact(f"{where} is {value!r}, not text")
    return value


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidFact(f"{where} is {value!r}, not a number")
    return value


def _json(value: JSON, where: str) -> JSON:
    canonical(value, where)
    return value


def _time(value: object, where: str) -> datetime:
    text = _text(value, where)
    try:
        return clock.as_utc(datetime.fromisoformat(text), where)
    except ValueError as exc:
        if isinstance(exc, InvalidFact):
            raise
        raise InvalidFact(f"{where} is {text!r}, not an RFC 3339 time") from exc


def _duration(value: object, where: str) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidFact(f"{where} is {value!r}, not a whole number of microseconds")
    try:
        return timedelta(microseconds=value)
    except OverflowError as exc:
        raise InvalidFact(f"{where} is {value} microseconds, more than can be kept") from exc


def _many(read: Callable[[Any, str], Any]) -> Callable[[Any, str], tuple[Any, ...]]:
    def read_all(value: object, where: str) -> tuple[Any, ...]:
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
            raise InvalidFact(f"{where} is {type(value).__name__}, not a list")
        return tuple(read(one, f"{where}[{index}]") for index, one in enumerate(value))

    return read_all


def _by_name(read: Callable[[Any, str], Any]) -> Callable[[Any, str], dict[str, Any]]:
    def read_all(value: object, where: str) -> dict[str, Any]:
        return {key: read(one, f"{where}.{key}") for key, one in _mapping(value, where).items()}

    return read_all


def _values(value: object, where: str) -> str | tuple[str, ...]:
    return value if isinstance(value, str) else _many(_text)(value, where)


_kept = _by_name(_json)
_labels = _by_name(_values)
_INPUT = _Shape(
    Input,
    {"name": _text, "at": _time, "digest": _text, "state": _text, "facets": _kept, "labels": _labels},
    frozenset({"name"}),
)
_OUTPUT = _Shape(
    Output, {"name": _text, "digest": _text, "type": _text, "facets": _kept, "labels": _labels}, frozenset({"name"})
)
_TRIGGER = _Shape(
    TriggerResult,
    {"outcome": _text, "message": _text, "value": _json, "duration_s": _number},
    frozenset({"outcome"}),
)
_RUN = _Shape(
    RunFact,
    {
        **dict.fromkeys(("id", "component", "status", "commit", "source", "error"), _text),
        **dict.fromkeys(("started_at", "ended_at", "at"), _time),
        "inputs": _many(_INPUT.read),
        "outputs": _many(_OUTPUT.read),
        "params": _kept,
        "triggers": _by_name(_TRIGGER.read),
        "facets": _kept,
    },
    frozenset({"id"}),
)
_COMPONENT = _Shape(
    ComponentFact,
    {
        **dict.fromkeys(("name", "description", "owner"), _text),
        "tags": _many(_text),
        "max_age_us": _duration,
        "at": _time,
        "facets": _kept,
    },
    frozenset({"name"}),
)
_ANNOTATION = _Shape(
    Annotation,
    {**dict.fromkeys(("target", "kind", "key", "who", "why"), _text), "value": _json, "at": _time},
    frozenset({"target", "kind", "value"}),
)
_ERASURE = _Shape(
    Erasure,
    {**dict.fromkeys(("kind", "request", "target", "match", "salt", "replacement"), _text), "at": _time},
    frozenset({"kind", "request"}),
)
_SHAPES = {"run": _RUN, "component": _COMPONENT, "annotation": _ANNOTATION, "erasure": _ERASURE}
_TERMS = _Shape(
    Terms,
    {"bound": _text, "severity": _text, "min_rows": _number, "clear_after": _number},
    frozenset({"bound"}),
)
_LOGGED = _Shape(
    Logged,
    {**dict.fromkeys(("component", "kind", "metric", "run"), _text), "values": _kept, "at": _time},
    frozenset({"component", "values"}),
)
_MEASURED = _Shape(
    Measured,
    {
        **dict.fromkeys(("component", "metric", "run", "window", "message"), _text),
        "value": lambda value, where: None if value is None else _number(value, where),
        "rows": _number,
        "terms": _TERMS.read,
        "at": _time,
    },
    frozenset({"component", "metric", "run", "value"}),
)
_METRIC_SHAPES = {"logged": _LOGGED, "measured": _MEASURED}
_TYPE_NAMES: Mapping[type[Fact | MetricFact], str] = {
    RunFact: "run",
    ComponentFact: "component",
    Annotation: "annotation",
    Erasure: "erasure",
    Logged: "logged",
    Measured: "measured",
}
