"""Triggers: tests of a component that run before and after its function, with the variables that they name.

A trigger fails by returning False, by a failing `assert`, or by returning a TriggerResult that says so; any other
exception is an error of the trigger. None of it reaches the program.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from headwater import clock
from headwater.errors import InvalidFact, UsageError
from headwater.graph.facts import TriggerResult
from headwater.graph.values import JSON, canonical
from headwater.sdk.faults import storable

F = TypeVar("F", bound=Callable[..., object])

RESULT, HISTORY = "result", "history"
_MARK = "__headwater_asynchronous__"


def asynchronous(trigger: F) -> F:
    """Mark a trigger to run beside the function, in a thread of its own; its outcome is recorded when it is known."""
    setattr(trigger, _MARK, True)
    return trigger


@dataclass(frozen=True, slots=True)
class Trigger:
    """A test with the name under which its result is kept, and the variables that it asks for."""

    key: str
    function: Callable[..., object]
    wanted: tuple[str, ...]
    needed: frozenset[str]
    takes_all: bool
    is_asynchronous: bool

    def missing(self, known: Iterable[str]) -> list[str]:
        """Return the variables that it cannot do without and that are not among these."""
        return sorted(self.needed - set(known))

    def chosen(self, given: Mapping[str, object]) -> Mapping[str, object]:
        """Return those of the variables that it names."""
        return given if self.takes_all else {name: given[name] for name in self.wanted if name in given}

    def run(self, given: Mapping[str, object]) -> TriggerResult:
        """Run the test on those of the variables that it names; return its outcome, whatever happens in it."""
        begun = clock.monotonic_s()
        if missing := self.missing(given):
            return TriggerResult("error", f"the run has no variable {', '.join(missing)}", duration_s=0.0)
        try:
            found = _outcome(self.function(**self.chosen(given)))
        except AssertionError as exc:
            found = TriggerResult("failed", _message(exc) or "an assertion failed")
        except Exception as exc:  # noqa: BLE001  # a test may raise anything; the program goes on
            found = TriggerResult("error", f"{type(exc).__name__}: {_message(exc)}")
        return replace(found, duration_s=round(clock.monotonic_s() - begun, 6))


def triggers(
    method: Callable[..., object] | None, others: Sequence[Callable[..., object]], taken: Iterable[str] = ()
) -> tuple[Trigger, ...]:
    """Return the method and the other functions as triggers, each with a name that is not taken.

    Raises UsageError for one that is a coroutine or generator function, or takes positional arguments only.
    """
    found: dict[str, Trigger] = {}
    for function in ([] if method is None else [method]) + list(others):
        name = key = getattr(function, "__name__", type(function).__name__)
        number = 1
        while key in found or key in taken:
            number += 1
            key = f"{name}#{number}"
        found[key] = _trigger(key, function)
    return tuple(found.values())


def _trigger(key: str, function: Callable[..., object]) -> Trigger:
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(inspect.unwrap(function)):
        raise UsageError(f"the trigger {key} is no plain function", hint="use `def`, and mark it @asynchronous")
    parameters = inspect.signature(function).parameters.values()
    if positional := [one.name for one in parameters if one.kind is one.POSITIONAL_ONLY]:
        raise UsageError(f"the trigger {key} takes {', '.join(positional)} by position", hint="name its parameters")
    named = [one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    return Trigger(
        key,
        function,
        tuple(one.name for one in named),
        frozenset(one.name for one in named if one.default is one.empty),
        any(one.kind is one.VAR_KEYWORD for one in parameters),
        bool(getattr(function, _MARK, False)),
    )


def _outcome(returned: Any) -> TriggerResult:
    if isinstance(returned, TriggerResult):
        message = None if returned.message is None else storable(str(returned.message))
        return replace(returned, message=message, value=_storable(returned.value))
    if _is_false(returned):
        return TriggerResult("failed", "it returned False", False)
    return TriggerResult("passed", value=_storable(returned))


def _is_false(returned: object) -> bool:
    """Whether it is False, or numpy's."""
    return type(returned).__name__ in {"bool", "bool_"} and not returned


def _storable(returned: Any) -> JSON:
    """Return the value if JSON can hold it exactly, else None."""
    try:
        canonical(returned)
    except InvalidFact:
        return None
    value: JSON = returned
    return value


def _message(exc: Exception) -> str:
    return storable(str(exc))
