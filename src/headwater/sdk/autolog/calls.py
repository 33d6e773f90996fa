"""Calls of functions of other packages, told as they begin, while somebody wants to know.

From Python 3.12 on the interpreter tells when their code begins, and nothing is changed. Before, wrappers stand in
their places from `put_wrappers` to `take_wrappers`; what somebody else has put there meanwhile stays.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Mapping
from functools import wraps
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple, TypeAlias

from headwater.sdk import frames
from headwater.sdk.autolog.body import is_ours
from headwater.sdk.autolog.touched import Touched
from headwater.sdk.faults import Ours
from headwater.sdk.run import current

Heard: TypeAlias = Callable[[Touched, Mapping[str, object], FrameType | None], None]

_lock = threading.RLock()
_are_wanted = False
_known: dict[tuple[int, str], Any] = {}
_places: list[_Place] = []
_shells: dict[int, CodeType] = {}
_wrappers: dict[int, Callable[..., Any]] = {}


class _Place(NamedTuple):
    """Where a function is found, and the wrapper that stands in for it there."""

    owner: Any
    name: str
    function: FunctionType
    wrapper: Callable[..., Any]


def watch(owner: Any, name: str, heard: Heard) -> None:
    """Tell `heard` what each call of a function of a module or class is about: the run, the arguments, the caller.

    From now on, and only calls in the context of a run that is looked at. What is no function of Python is left out.
    """
    raw = vars(owner).get(name)
    if isinstance(fn := getattr(raw, "fn", None), FunctionType):  # a method that is there under conditions
        owner, name, raw = raw, "fn", fn
    with _lock:
        if isinstance(raw, FunctionType) and (id(owner), name) not in _known:
            _known[id(owner), name] = owner  # kept, so that no other gets its id
            if frames.can_listen():
                _listen(raw, heard)
            else:
                wrapper = _wrapper(raw, heard)
                _places.append(_Place(owner, name, raw, wrapper))
                if _are_wanted:
                    setattr(owner, name, wrapper)


def put_wrappers() -> None:
    """Put the wrappers in place, where nobody else has put anything."""
    global _are_wanted  # noqa: PLW0603  # there is one process
    with _lock:
        _are_wanted = True
        for owner, name, function, wrapper in _places:
            if owner.__dict__.get(name) is function:
                setattr(owner, name, wrapper)


def take_wrappers() -> None:
    """Put each function in its place again, unless somebody else has put something there."""
    global _are_wanted  # noqa: PLW0603  # as above
    with _lock:
        _are_wanted = False
        for owner, name, function, wrapper in _places:
            if owner.__dict__.get(name) is wrapper:
                setattr(owner, name, function)


def _listen(function: FunctionType, heard: Heard) -> None:
    inner = inspect.unwrap(function, stop=_remember_shell)
    if isinstance(inner, FunctionType):
        frames.listen(inner.__code__, lambda frame: _hear(heard, lambda: frame.f_locals, frame.f_back))


def _remember_shell(function: Any) -> bool:
    """Keep the code of a decorator's wrapper, for it is no caller; never stop there."""
    if hasattr(function, "__wrapped__") and isinstance(function, FunctionType):
        _shells[id(function.__code__)] = function.__code__
    return False


def _wrapper(function: FunctionType, heard: Heard) -> Callable[..., Any]:
    """Return the one wrapper of a function, for pickle asks whether it is the same in all of its places."""
    if id(function) in _wrappers:
        return _wrappers[id(function)]
    names = inspect.unwrap(function).__code__.co_varnames

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if _are_wanted:
            _hear(heard, lambda: {**dict(zip(names, args, strict=False)), **kwargs}, sys._getframe(1))
        return function(*args, **kwargs)

    return _wrappers.setdefault(id(function), wrapper)


def _hear(heard: Heard, arguments: Callable[[], Mapping[str, object]], caller: FrameType | None) -> None:
    run = current.get()
    if run is None or run.touched is None:
        return
    with Ours("auto-logging a call"):
        if is_ours(caller):
            return
        while caller is not None and id(caller.f_code) in _shells:
            caller = caller.f_back
        heard(run.touched, arguments(), caller)
