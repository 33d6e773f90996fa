"""Values as plain JSON and back, by their type hints: what travels between a store and whoever asks it from afar.

Records (dataclasses and named tuples) are objects without the fields that are at their default; times are RFC 3339,
durations microseconds, facts and what is measured as in `wire`, subgraphs as in `packing`, windows in words, aggregates
their spec; a mapping whose keys are no text is a list of pairs.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from headwater import clock
from headwater.graph import packing
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, RunFact
from headwater.graph.measures import Logged, Measured, Window, check_window, parse_window, window_text
from headwater.graph.metrics.aggregates import Aggregate, ready
from headwater.graph.store import Subgraph
from headwater.graph.wire import fact_from_dict, fact_to_dict, metric_from_dict

Schema: TypeAlias = dict[str, Any]
Change: TypeAlias = Callable[[Any], Any]
_MICROSECOND = timedelta(microseconds=1)


class Json:
    """Stands for the hint `JSON`: any JSON value, which is what it is."""


def text_of(document: Any) -> bytes:
    """Return a document as the text of JSON."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Form:
    """How values of one type look as JSON; `decode` raises ValueError for what cannot be one.

    `write` makes the text of a document that holds what `encode` returns, `read` what `decode` takes.
    """

    encode: Change
    decode: Change
    schema: Schema
    write: Callable[[Any], bytes] = text_of
    read: Callable[[bytes], Any] = json.loads


def hints_of(what: Any) -> dict[str, Any]:
    """Return the type hints of a function or class."""
    return get_type_hints(what, localns={"JSON": Json})


@cache
def form_of(hint: Any) -> Form:
    """Return the form of a type; raise TypeError if it has none."""
    if hint in _KNOWN:
        return _KNOWN[hint]
    if (kind := get_origin(hint)) is not None:
        return _generic(kind, get_args(hint))
    if issubclass(hint, Enum):
        return Form(lambda value: value.value, hint, {"enum": [one.value for one in hint]})
    return _record(hint)


def _generic(kind: Any, inner: tuple[Any, ...]) -> Form:
    if kind in (Union, UnionType):
        return _union(inner)
    if kind is Literal:
        return Form(_itself, _only(inner), {"enum": list(inner)})
    if kind is Mapping:
        return _mapping(*inner)
    if kind is tuple and inner[-1] is not Ellipsis:
        return _row(inner)
    if kind is frozenset:
        return dataclasses.replace(
            listed := _list(form_of(inner[0]), frozenset), encode=lambda of: listed.encode(sorted(of))
        )
    return _list(form_of(inner[0]), tuple if kind is tuple else list)


def _itself(value: Any) -> Any:
    return value


def _of(*types: type) -> Change:
    """Return the decoder that lets values of these types through; a bool is no number."""

    def decode(value: Any) -> Any:
        if type(value) not in types:
            raise ValueError(f"{value!r:.80} is not {' or '.join(one.__name__ for one in types)}")
        return value

    return decode


def _only(values: tuple[Any, ...]) -> Change:
    def decode(value: Any) -> Any:
        if value not in values:
            raise ValueError(f"{value!r:.80} is none of {', '.join(map(str, values))}")
        return value

    return decode


def _time(value: Any) -> datetime:
    return clock.as_utc(datetime.fromisoformat(_text(value)))


def _duration(value: Any) -> timedelta:
    try:
        return timedelta(microseconds=_whole(value))
    except OverflowError as exc:
        raise ValueError(f"{value} microseconds are more than can be kept") from exc


def _union(inner: tuple[Any, ...]) -> Form:
    given = [one for one in inner if one is not NoneType]
    form = form_of(given[0])
    if any(form_of(one) is not form for one in given):
        form = Form(_itself, _of(*given), {"anyOf": [form_of(one).schema for one in given]})
    return form if NoneType not in inner else _optional(form)


def _optional(form: Form) -> Form:
    def on(change: Change) -> Change:
        return lambda value: None if value is None else change(value)

    return Form(on(form.encode), on(form.decode), {"anyOf": [form.schema, {"type": "null"}]})


def _list(form: Form, made: type) -> Form:
    def decode(values: Any) -> Any:
        return made(map(form.decode, _items(values)))

    return Form(lambda values: list(map(form.encode, values)), decode, {"type": "array", "items": form.schema})


def _row(inner: tuple[Any, ...]) -> Form:
    forms = list(map(form_of, inner))

    def decode(values: Any) -> tuple[Any, ...]:
        return tuple(form.decode(value) for form, value in zip(forms, _items(values), strict=True))

    schema = {"type": "array", "prefixItems": [form.schema for form in forms], "minItems": len(forms), "items": False}
    return Form(lambda values: [f.encode(v) for f, v in zip(forms, values, strict=True)], decode, schema)


def _mapping(key: Any, value: Any) -> Form:
    if key is not str:
        pairs = _list(_row((key, value)), dict)
        return dataclasses.replace(pairs, encode=lambda found: pairs.encode(found.items()))
    form = form_of(value)

    def change(how: Change) -> Change:
        return lambda found: {text: how(one) for text, one in found.items()}

    decode = change(form.decode)
    schema = {"type": "object", "additionalProperties": form.schema}
    return Form(change(form.encode), lambda found: decode(_object(found)), schema)


def _record(hint: Any) -> Form:
    """Return the form of a dataclass or named tuple: an object; fields that it does not know are passed over."""
    forms = {name: form_of(found) for name, found in hints_of(hint).items()}
    defaults = _defaults(hint)

    def encode(record: Any) -> dict[str, Any]:
        values = {name: getattr(record, name) for name in forms}
        said = {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}
        return {name: forms[name].encode(value) for name, value in said.items()}

    def decode(document: Any) -> Any:
        given = _object(document)
        if missing := forms.keys() - defaults.keys() - given.keys():
            raise ValueError(f"{hint.__name__} has no {min(missing)}")
        return hint(**{name: form.decode(given[name]) for name, form in forms.items() if name in given})

    properties = {name: form.schema for name, form in forms.items()}
    needed = [name for name in forms if name not in defaults]
    return Form(encode, decode, {"type": "object", "properties": properties, "required": needed})


def _defaults(hint: Any) -> Mapping[str, Any]:
    if not is_dataclass(hint):
        return dict(hint._field_defaults)
    found = {one.name: _default(one) for one in dataclasses.fields(hint)}
    return {name: value for name, value in found.items() if value is not MISSING}


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _number(value: Any) -> float:
    try:
        return float(_of(int, float)(value))
    except OverflowError as exc:
        raise ValueError("the number is too large for a float") from exc


def _aggregate(value: Any) -> Aggregate:
    if (found := ready(_text(value))) is None:
        raise ValueError(f"{value!r:.80} is no ready metric")
    return found


_text, _whole, _items, _object = _of(str), _of(int), _of(list), _of(dict)
_FACTS = (RunFact, ComponentFact, Annotation, Erasure)
_FACT = Form(fact_to_dict, fact_from_dict, {"type": "object", "required": ["fact"]})
_METRIC_FACTS = (Logged, Measured)
_METRIC_FACT = Form(fact_to_dict, metric_from_dict, {"type": "object", "required": ["fact"]})
_KNOWN: Mapping[Any, Form] = {
    Json: Form(_itself, _itself, {}),
    NoneType: Form(_itself, _of(NoneType), {"type": "null"}),
    str: Form(_itself, _text, {"type": "string"}),
    int: Form(_itself, _whole, {"type": "integer"}),
    float: Form(_itself, _number, {"type": "number"}),
    bool: Form(_itself, _of(bool), {"type": "boolean"}),
    datetime: Form(clock.isoformat, _time, {"type": "string", "format": "date-time"}),
    timedelta: Form(lambda value: value // _MICROSECOND, _duration, {"type": "integer"}),
    Subgraph: Form(packing.packed, packing.unpacked, packing.PACKED, packing.write, packing.read),
    Window: Form(
        lambda value: window_text(check_window(value)), lambda value: parse_window(_text(value)), {"type": "string"}
    ),
    Aggregate: Form(lambda value: value.spec, _aggregate, {"type": "string"}),
    **dict.fromkeys(_FACTS, _FACT),
    **dict.fromkeys(_METRIC_FACTS, _METRIC_FACT),
}
