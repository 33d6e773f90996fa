"""Who did it: the body of a run, or Python and Headwater on its behalf."""

from __future__ import annotations

from types import FrameType

_PYTHONS = frozenset({
    "importlib._bootstrap_external", "_frozen_importlib_external", "zipimport", "runpy", "linecache", "tokenize",
    "gettext", "mimetypes", "logging", "logging.handlers",
})  # fmt: skip
_BODY_BEGINS = "headwater.sdk.wrapping"
_OURS = "headwater."
_PASSED_THROUGH = (
    "headwater.sdk.autolog.calls",
    "headwater.sdk.autolog.imports",
    "headwater.demo",
    "headwater.library",
)


def is_pythons_own(frame: FrameType | None) -> bool:
    """Whether a frame imports, shows a traceback or writes a log: what it opens is no data."""
    return frame is None or frame.f_globals.get("__name__") in _PYTHONS


def is_ours(frame: FrameType | None) -> bool:
    """Whether one of Headwater's frames stands between this one and the body of the run."""
    while frame is not None:
        name = frame.f_globals.get("__name__") or ""
        if name.startswith(_OURS) and not name.startswith(_PASSED_THROUGH):
            return bool(name != _BODY_BEGINS)
        frame = frame.f_back
    return False
