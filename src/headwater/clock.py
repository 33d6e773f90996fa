"""The one home of time: the current instant, and the exact passage between datetimes and microseconds.

Every time in Headwater is an aware UTC datetime with microseconds. Tests replace `now` here.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from headwater.errors import InvalidFact, NaiveDatetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)


def as_utc(value: datetime, what: str = "time") -> datetime:
    """Return `value` in UTC; raise NaiveDatetime, naming `what`, when it carries no zone."""
    if type(value) is not datetime:
        value = _exactly(value, what)
    if value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        raise NaiveDatetime(f"{what} {value.isoformat()} has no time zone")
    try:
        return value.astimezone(UTC)
    except OverflowError as exc:
        raise InvalidFact(f"{what} {value.isoformat()} lies outside the years 1 to 9999 in UTC") from exc


def _exactly(value: datetime, what: str) -> datetime:
    """Return a subclass of datetime, such as a pandas Timestamp, as a plain datetime of the same microseconds."""
    if not isinstance(value, datetime) or value != value:  # noqa: PLR0124  # NaT is a datetime that equals nothing
        raise InvalidFact(f"{what} {value!r} is not a time", hint="pass an aware datetime")
    fields = (value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond)
    return datetime(*fields, tzinfo=value.tzinfo, fold=value.fold)


@lru_cache(maxsize=4096)
def to_micros(value: datetime) -> int:
    """Return the microseconds from 1970-01-01T00:00:00Z to `value`, exactly."""
    return (value - EPOCH) // _MICROSECOND


@lru_cache(maxsize=65536)
def from_micros(micros: int) -> datetime:
    """Return the aware UTC datetime that `to_micros` maps to `micros`."""
    return EPOCH + timedelta(microseconds=micros)


def isoformat(value: datetime) -> str:
    """Return the UTC `value` as RFC 3339 text with six digits and Z.

    Equal instants give equal text, and text sorts as time.
    """
    return f"{value.isoformat(timespec='microseconds')[:26]}Z"


def monotonic_s() -> float:
    """Return seconds that only grow, for measuring durations."""
    return time.monotonic()
