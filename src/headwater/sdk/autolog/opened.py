"""Every file that is opened or renamed in this process, told to the run in whose context it happens.

An audit hook sees what no wrapper of `open` does: names that were bound early, and opens from compiled code. It cannot
be taken out again, so it asks one question first. Left out are what Python itself opens (imports, sources for a
traceback, log files) and what Headwater does.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from headwater.sdk.autolog.body import is_ours, is_pythons_own
from headwater.sdk.autolog.files import absolute
from headwater.sdk.autolog.touched import Touched
from headwater.sdk.faults import Ours
from headwater.sdk.run import RunLog, current

_lock = threading.Lock()
_is_listening = False


def listen() -> None:
    """Put the hook in place, once in a process."""
    global _is_listening  # noqa: PLW0603  # there is one process
    with _lock:
        if not _is_listening:
            sys.addaudithook(_on_event)
            _is_listening = True


def _on_event(event: str, args: tuple[Any, ...], current_run: Callable[[], RunLog | None] = current.get) -> None:
    """Look at one event of the process. The context is a default, for modules are emptied before the last events."""
    if event == "open" or event == "os.rename":  # noqa: PLR1714  # it is asked at each event: a set costs twice as much
        run = current_run()
        touched = None if run is None else run.touched
        if touched is not None:
            with Ours("auto-logging a file"):
                _take(touched, event, args, sys._getframe(1))


def _take(touched: Touched, event: str, args: tuple[Any, ...], frame: FrameType | None) -> None:
    if event == "os.rename":
        old, new, *folders = args
        if all(folder == -1 for folder in folders) and not (is_pythons_own(frame) or is_ours(frame)):
            touched.files.rename(os.fsdecode(old), os.fsdecode(new))
        return
    name, _, flags = args
    if not isinstance(name, (str, bytes, os.PathLike)):  # a number, of a file that is open
        return
    name = os.fsdecode(name)
    is_written = flags & (os.O_WRONLY | os.O_RDWR) != 0
    is_known = touched.files.knows(absolute(name), is_written=is_written)
    if not (is_known or is_pythons_own(frame) or is_ours(frame)):
        keeps_content = not flags & (os.O_TRUNC | os.O_EXCL)
        touched.files.open(name, is_read=keeps_content or not is_written, is_written=is_written)
