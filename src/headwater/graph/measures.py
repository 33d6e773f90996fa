"""What is claimed about how good a component is: outputs, their labels, values of metrics. And what an SLA asks.

These are no facts about lineage: stores keep them apart from the graph, whose digest they do not change. As with facts,
what a store answers depends on their set alone.
"""

from __future__ import annotations

import hashlib
import math
import operator
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

from headwater import clock
from headwater.errors import InvalidFact, InvalidValue, UsageError
from headwater.graph.values import JSON, canonical, check_name, check_run_id, check_text, comparable

Window: TypeAlias = int | timedelta | None
Kind: TypeAlias = Literal["output", "label"]

MAX_KEY_BYTES = 512
MOST_CLEAR = 100
_SHOWN = 40

_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_BOUND = re.compile(r"\s*(>=|<=|>|<)\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*")
_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "us": timedelta(microseconds=1),
}


class Verdict(StrEnum):
    """What an SLA says of a value; `unjudged` where none is declared."""

    WELL = "well"
    BREACH = "breach"
    INSUFFICIENT = "insufficient"
    UNJUDGED = "unjudged"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an SLA asks of a metric.

    `bound` is what the value must keep to, like ">= 0.9"; fewer than `min_rows` rows are neither breach nor well; an
    incident closes after `clear_after` values in a row that are well. `severity` is passed on with alerts.
    """

    bound: str
    severity: str = "error"
    min_rows: int = 1
    clear_after: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.bound, str) or (found := _BOUND.fullmatch(self.bound)) is None:
            raise UsageError(f"bound {self.bound!r}", hint='write it like ">= 0.9": >=, <=, > or <, then a number')
        try:
            limit = float(found[2])
        except ValueError as exc:
            raise UsageError(f"bound {self.bound!r} holds no number") from exc
        short = f"{limit:g}"
        object.__setattr__(self, "bound", f"{found[1]} {short if float(short) == limit else repr(limit)}")
        check_name(self.severity, "severity")
        if not 1 <= self.clear_after <= MOST_CLEAR or self.min_rows < 1:
            raise UsageError(
                f"min_rows={self.min_rows}, clear_after={self.clear_after}",
                hint=f"both are at least 1, clear_after at most {MOST_CLEAR}",
            )

    def judge(self, value: float | None, rows: int) -> Verdict:
        """Return what these terms say of a value that so many rows gave."""
        if value is None or rows < self.min_rows:
            return Verdict.INSUFFICIENT
        sign, limit = self.bound.split()
        return Verdict.WELL if _HOLDS[sign](value, float(limit)) else Verdict.BREACH


@dataclass(frozen=True, slots=True)
class Logged:
    """What a component answered, by id, or the labels that turned out to be true.

    Of several outputs or labels of one id the latest `at` counts, ties by value; None takes back what was said. `run`
    is the run that gave the outputs. `metric` names the metric whose values are logged; it is empty for outputs and
    labels.
    """

    component: str
    values: Mapping[str, JSON]
    kind: Kind = "output"
    metric: str = ""
    run: str | None = None
    at: datetime = field(default_factory=clock.now)
    texts: Mapping[str, str | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_name(self.component, "component")
        if self.kind not in ("output", "label"):
            raise InvalidValue(f"kind {self.kind!r}", hint="use output or label")
        if self.metric:
            check_key(self.metric, "metric")
        if self.run is not None:
            check_run_id(self.run)
        if not isinstance(self.values, Mapping):
            raise InvalidValue(f"a {type(self.values).__name__} has no ids", hint="pass a mapping: {id: value}")
        object.__setattr__(self, "at", clock.as_utc(self.at, "at"))
        object.__setattr__(self, "texts", {key: _text(key, value) for key, value in self.values.items()})

    @property
    def series(self) -> str:
        """The id of the series that it belongs to."""
        return series_id(self.component, self.metric)


@dataclass(frozen=True, slots=True)
class Measured:
    """The value of a metric at a run: `rows` is of how many rows, `window` which, `terms` what an SLA asks of it.

    Of several values of one metric and run the latest `at` counts, ties by value. None is no value: too little data, or
    a metric that failed, as `message` tells.
    """

    component: str
    metric: str
    run: str
    value: float | None
    rows: int = 1
    window: str = ""
    terms: Terms | None = None
    message: str | None = None
    at: datetime = field(default_factory=clock.now)

    def __post_init__(self) -> None:
        check_name(self.component, "component")
        check_key(self.metric, "metric")
        check_run_id(self.run)
        if self.value is not None:
            object.__setattr__(self, "value", _finite(self.metric, self.value))
        if not isinstance(self.rows, int) or self.rows < 0:
            raise InvalidValue(f"{self.metric} of {self.rows!r} rows")
        for text in (self.window, self.message):
            if text is not None:
                check_text(text, f"metric {self.metric!r}")
        object.__setattr__(self, "at", clock.as_utc(self.at, "at"))

    @property
    def verdict(self) -> Verdict:
        """What the SLA says of the value."""
        return Verdict.UNJUDGED if self.terms is None else self.terms.judge(self.value, self.rows)

    @property
    def series(self) -> str:
        """The id of the series that it belongs to."""
        return series_id(self.component, self.metric)

    @property
    def key(self) -> str:
        """The id of the value: there is one a metric and run."""
        return row_key(self.series, self.run)

    @property
    def place(self) -> str:
        """Where the value stands in its series."""
        return place(self.at, self.key)


MetricFact: TypeAlias = Logged | Measured


def check_measures(facts: Iterable[MetricFact]) -> list[MetricFact]:
    """Return what was logged and measured as a list; raise InvalidFact naming the first among them that is neither."""
    found = list(facts)
    for fact in found:
        if not isinstance(fact, (Logged, Measured)):
            raise InvalidFact(f"a {type(fact).__name__} is no metric", hint="pass Logged or Measured")
    return found


def series_id(component: str, metric: str = "") -> str:
    """Return the id of a component's outputs and labels, or of the values of one of its metrics."""
    return _short(canonical([component, metric]))


def parse_window(text: str) -> Window:
    """Return the window that `window_text` has told; raise InvalidValue for a text that is none."""
    number, _, unit = text.replace(",", "").partition(" ")
    if text == "all":
        return None
    try:
        if number == "last" and unit.isdecimal():
            return check_window(int(unit))
        if number.isdecimal() and unit in _UNITS:
            return check_window(int(number) * _UNITS[unit])
    except (ValueError, OverflowError):
        pass  # longer than any window
    raise InvalidValue(f"{text[:_SHOWN]!r} is no window of outputs and labels")


def row_key(series: str, ident: str) -> str:
    """Return the key under which a series keeps what belongs to an id."""
    return _short(f"{series}{ident}")  # a series has 32 characters, always


def place(at: datetime, key: str) -> str:
    """Return text by which rows sort: by time, and rows of one time by the hash of what they are."""
    return f"{clock.isoformat(at)} {key}"


def after_all(at: datetime) -> str:
    """Return a place behind all rows of this time and before all later ones."""
    return f"{clock.isoformat(at)} ~"


def time_of(somewhere: str) -> datetime:
    """Return the time of a place."""
    return datetime.fromisoformat(somewhere.partition(" ")[0])


def check_window(window: Window) -> Window:
    """Return the window: rows as a whole number, a duration, or None for everything; raise UsageError for another."""
    if isinstance(window, timedelta):
        is_one = window > timedelta(0)
    else:
        is_count = isinstance(window, int) and not isinstance(window, bool)
        is_one = window is None or (is_count and 0 < window <= sys.maxsize)
    if is_one:
        return window
    raise UsageError(f"window={window!r}", hint="give a number of rows, a timedelta, or None for everything")


def window_text(window: Window) -> str:
    """Return a window in words: `all`, `last 1,000`, `7 d`."""
    if window is None:
        return "all"
    if isinstance(window, int):
        return f"last {window:,}"
    name, unit = next((name, unit) for name, unit in _UNITS.items() if not window % unit)
    return f"{window // unit:,} {name}"


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _finite(metric: str, value: float) -> float:
    try:
        found = float(value) if isinstance(value, (int, float)) else math.nan
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise InvalidValue(f"{metric} is {value!r:.{_SHOWN}}", hint="a metric is a finite number, or None")
    return found


def _text(key: str, value: JSON) -> str | None:
    check_key(key, "id")
    return None if value is None else comparable(canonical(value, f"value of {key!r}"))


def check_key(text: str, what: str) -> None:
    """Raise InvalidName or InvalidValue for what can be no id of a row and no name of a metric."""
    if len(check_name(text, what).encode()) > MAX_KEY_BYTES:
        raise InvalidValue(f"{what} {text[:40]!r}... is longer than {MAX_KEY_BYTES} bytes", hint="use a shorter key")
