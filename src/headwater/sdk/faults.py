"""Headwater's own failures inside somebody else's program: told in the log once in a while, and never passed on."""

from __future__ import annotations

import logging
from contextlib import suppress
from types import TracebackType

from headwater import clock

INTERVAL_S = 60.0
MOST_KINDS = 256
MOST_TOLD = 1000

log = logging.getLogger("headwater")
_told_at: dict[str, float] = {}


def tell(what: str, why: object) -> None:
    """Log that `what` went wrong, unless the same was logged less than INTERVAL_S seconds ago."""
    now = clock.monotonic_s()
    if now - _told_at.get(what, -INTERVAL_S) < INTERVAL_S:
        return
    if len(_told_at) >= MOST_KINDS:
        _told_at.clear()
    _told_at[what] = now
    with suppress(Exception):  # a handler that raises is no reason to break the program either
        log.warning("%s: %s", what, why)


def storable(text: str) -> str:
    """Return what a store can hold of a foreign text: its first MOST_TOLD characters, without NUL and surrogates."""
    return text[:MOST_TOLD].replace("\0", "").encode("utf-8", "replace").decode()


class Ours:
    """Around Headwater's own lines: `with Ours("capturing the outputs"):` logs an Exception of theirs and goes on.

    KeyboardInterrupt and its like pass: they are meant for the program.
    """

    __slots__ = ("error", "what")

    def __init__(self, what: str) -> None:
        self.what = what
        self.error: Exception | None = None

    def __enter__(self) -> Ours:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.error = error
        tell(self.what, f"{type(error).__name__}: {error}")
        return True

    @property
    def has_failed(self) -> bool:
        """Whether there was an Exception."""
        return self.error is not None
