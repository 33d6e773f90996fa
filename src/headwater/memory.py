"""The garbage collector, told to look less often while many objects are made of which none is in a cycle."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LESS_OFTEN = 1_000
_lock = threading.Lock()
_inside = 0


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Look for cycles a thousand times less often, in all threads, until the last that asked for it is done."""
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(step: int) -> None:
    global _inside  # the collector's threshold is as global
    with _lock:
        first, *others = gc.get_threshold()
        was, _inside = _inside, _inside + step
        if not was:
            gc.set_threshold(first * _LESS_OFTEN, *others)
        elif not _inside:
            gc.set_threshold(first // _LESS_OFTEN, *others)
