"""Which id the next run of a component has: a new one, unless somebody reruns it and has said under which id.

Said around a call in this process, or in the environment of a program, for the first run of that component.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from headwater import ids

ID, COMPONENT = "HEADWATER_RERUN_ID", "HEADWATER_RERUN_COMPONENT"

_asked: ContextVar[dict[str, str] | None] = ContextVar("headwater_reruns", default=None)


def next_run_id(component: str) -> str:
    """Return the id for a run of the component that begins now."""
    around = _asked.get() or {}
    return around.pop(component, None) or _from_environment(component) or ids.new_run_id()


@contextmanager
def rerunning(component: str, run: str) -> Iterator[None]:
    """Give the first run of the component within the body this id."""
    token = _asked.set({component: run})
    try:
        yield
    finally:
        _asked.reset(token)


def _from_environment(component: str) -> str | None:
    if os.environ.get(COMPONENT) != component:
        return None
    # Taken once: the second run of a program is another one.
    return os.environ.pop(ID, None)
