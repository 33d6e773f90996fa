"""The variables of one call of a function, without watching the rest of the program.

The frame is caught as the call begins and read when it is over, for its last values stay in it. From Python 3.12 on
`sys.monitoring` tells of that code alone; before, a profile function is set that goes away at the first event of the
frame. Tracers, debuggers, coverage and profilers of the program go on undisturbed.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from types import CodeType, FrameType, TracebackType
from typing import Any

_TOOL_IDS = (4, 3)  # those that CPython sets aside for nobody

_local = threading.local()
_listeners: dict[int, tuple[CodeType, Callable[[FrameType], None]]] = {}
_monitoring: Any = getattr(sys, "monitoring", None)


class Watch:
    """Catches the frame of the next call of `code` in this thread: `with Watch(code) as watch: call()`."""

    __slots__ = ("_code", "_previous", "frame")

    def __init__(self, code: CodeType) -> None:
        self._code = code
        self.frame: FrameType | None = None

    def __enter__(self) -> Watch:
        _stack().append(self)
        if _tool is None:
            self._previous = sys.getprofile()
            if self._previous is None or callable(self._previous):
                sys.setprofile(self._on_event)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if _tool is None and sys.getprofile() == self._on_event:
            sys.setprofile(self._previous)
        _stack().remove(self)

    def catch(self, code: CodeType, frame: FrameType) -> bool:
        """Keep the frame if it is the awaited one and the first; return whether it is."""
        if code is not self._code or self.frame is not None:
            return False
        self.frame = frame
        return True

    def _on_event(self, frame: FrameType, event: Any, arg: Any) -> None:
        if self._previous is not None:
            self._previous(frame, event, arg)
        if event == "call" and self.catch(frame.f_code, frame):
            sys.setprofile(self._previous)


def values(frame: FrameType | None, names: Iterable[str]) -> dict[str, object]:
    """Return the values of those of these variables that the frame has; none without a frame."""
    if frame is None:
        return {}
    found = frame.f_locals
    return {name: found[name] for name in names if name in found}


def prepare(code: CodeType) -> None:
    """Have the interpreter tell when this code begins; needed once, before it is watched."""
    if _tool is not None:
        events = _monitoring.get_local_events(_tool, code) | _monitoring.events.PY_START
        _monitoring.set_local_events(_tool, code, events)


def can_listen() -> bool:
    """Whether the interpreter tells when a code begins, without a change to the function that it belongs to."""
    return _tool is not None


def listen(code: CodeType, listener: Callable[[FrameType], None]) -> None:
    """Call the listener with the frame of each call of this code from now on, in any thread; it must not raise."""
    _listeners[id(code)] = code, listener
    prepare(code)


def _stack() -> list[Watch]:
    try:
        found: list[Watch] = _local.stack
    except AttributeError:
        found = _local.stack = []
    return found


def _on_start(code: CodeType, _: int) -> None:
    frame = sys._getframe(1)
    for watch in _stack():
        watch.catch(code, frame)
    if (found := _listeners.get(id(code))) is not None:
        found[1](frame)


def _take_tool() -> int | None:
    """Return the id of a free place among the tools of `sys.monitoring`, None without one."""
    if _monitoring is None:
        return None
    for tool in _TOOL_IDS:
        if _monitoring.get_tool(tool) is None:
            _monitoring.use_tool_id(tool, "headwater")
            _monitoring.register_callback(tool, _monitoring.events.PY_START, _on_start)
            return tool
    return None


_tool = _take_tool()
