"""Work that runs beside the program: each in a daemon thread with the context of its caller, and joined by a flush."""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable

from headwater import clock

_running: set[threading.Thread] = set()


def start(work: Callable[[], None], name: str) -> None:
    """Run the work in a thread of its own; raises RuntimeError when the interpreter is about to end."""

    def run() -> None:
        try:
            context.run(work)
        finally:
            _running.discard(thread)

    context = contextvars.copy_context()
    thread = threading.Thread(target=run, name=name, daemon=True)
    _running.add(thread)
    try:
        thread.start()
    except RuntimeError:
        _running.discard(thread)
        raise


def join(timeout_s: float) -> bool:
    """Wait for all that was started; return whether all of it is done."""
    deadline = clock.monotonic_s() + timeout_s
    waited_for = [thread for thread in _running.copy() if thread is not threading.current_thread()]
    for thread in waited_for:
        thread.join(max(0.0, deadline - clock.monotonic_s()))
    return not any(thread.is_alive() for thread in waited_for)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_running.clear)
