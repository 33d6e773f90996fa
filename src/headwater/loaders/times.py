"""Times as sources write them: in a zone that an option names, or as milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from headwater.errors import SourceError, UsageError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def zone(name: str) -> ZoneInfo:
    """Return the time zone of an option `tz`; raise UsageError when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError) as exc:
        raise UsageError(f"option tz={name!r} is no time zone", hint="use a name such as Europe/Berlin") from exc


def instant(ms: int) -> datetime:
    """Return the time that so many milliseconds after 1970 name; raise SourceError when no calendar has it."""
    try:
        return _EPOCH + timedelta(milliseconds=ms)
    except (OverflowError, TypeError) as exc:
        raise SourceError(f"{ms!r} milliseconds since 1970 are no time") from exc
