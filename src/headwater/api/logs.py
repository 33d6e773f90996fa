"""The service's own log: a JSON object a line, on standard error.

No message of an unexpected failure stands in it, for such a message may repeat a value, a statement or a secret; where
it happened does.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from headwater import clock
from headwater.errors import HeadwaterError, StoreError

_service = logging.getLogger("headwater.api")
_audit = logging.getLogger("headwater.audit")


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time, level, logger, event, and the fields that were given with it."""
        at = clock.isoformat(datetime.fromtimestamp(record.created, UTC))
        line: dict[str, Any] = {
            "at": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            line |= {"failure": record.exc_info[0].__name__, "where": _where(record.exc_info[2])}
        return json.dumps({**line, **getattr(record, "fields", {})})


def configure_logs(level: int = logging.INFO) -> None:
    """Send the lines of the service, of its server and of its libraries to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def log_request(fields: dict[str, Any], failure: BaseException | None) -> None:
    """Write the line of one request."""
    level = logging.INFO if failure is None or isinstance(failure, HeadwaterError) else logging.ERROR
    _service.log(level, "request", extra={"fields": {**fields, **_failure(failure)}})


def audit(action: str, **fields: Any) -> None:
    """Write who changed what."""
    _audit.info(action, extra={"fields": fields})


def _failure(error: BaseException | None) -> dict[str, Any]:
    if error is None:
        return {}
    if not isinstance(error, HeadwaterError):
        return {"failure": type(error).__name__, "where": _where(error.__traceback__)}
    if type(error) is StoreError or not isinstance(error, StoreError):
        return (
            {"failure": error.code, "cause": type(error.__cause__).__name__}
            if error.__cause__
            else {"failure": error.code}
        )
    return {"failure": error.code, "message": error.message}


def _where(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
