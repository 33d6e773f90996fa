"""What is known of a decorated function before it is called: its variables, its source, what to capture of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

from headwater.errors import UsageError
from headwater.graph.values import JSON
from headwater.sdk import frames
from headwater.sdk.code import Source
from headwater.sdk.metrics import Measure
from headwater.sdk.triggers import HISTORY, RESULT, Trigger

MASK = "***"
_SECRETS = ("password", "passwd", "secret", "token", "api_key", "apikey", "credential", "private_key")
_MOST_TEXT = 1000


@dataclass(frozen=True)
class Plan:
    """A function with what a run of it captures."""

    function: Callable[..., Any]
    code: CodeType | None
    source: Source
    positional: tuple[str, ...]
    defaults: Mapping[str, object]
    rest: str | None
    keywords: str | None
    input_vars: tuple[str, ...]
    output_vars: tuple[str, ...]
    locals: frozenset[str]
    known: frozenset[str]

    def arguments(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
        """Return the variables that a call begins with, defaults included; a wrong call gives what can be named."""
        found = {**self.defaults, **dict(zip(self.positional, args, strict=False))}
        if self.rest is not None:
            found[self.rest] = args[len(self.positional) :]
        return {**found, **kwargs}


def plan(
    function: Callable[..., Any],
    input_vars: Sequence[str],
    output_vars: Sequence[str],
    before: Sequence[Trigger],
    after: Sequence[Trigger],
    measures: Sequence[Measure] = (),
) -> Plan:
    """Return the plan of a function; raises UsageError for variables that it has not and a test or metric asks for."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    parameters = _parameters(function)
    kinds = {one.name: one.kind for one in parameters}
    known = set(kinds) | _variables(code)
    of_variables = [one.metric for one in measures if not one.metric.takes_pairs(known)]
    after = [*after, *(metric.trigger for metric in of_variables if metric.trigger is not None)]
    if code is not None and inspect.Parameter.VAR_KEYWORD not in kinds.values():
        _check(function, "input_vars", input_vars, known)
        _check(function, "output_vars", output_vars, known)
        for trigger in before:
            _check(function, trigger.key, trigger.missing({HISTORY, *kinds}), set(kinds))
        for trigger in after:
            _check(function, trigger.key, trigger.missing({HISTORY, RESULT, *known}), known)
    wanted = _wanted(set(input_vars) - set(kinds), output_vars, after, known)
    if code is not None and wanted:
        frames.prepare(code)
    return Plan(
        function,
        code,
        Source(function, code),
        tuple(one.name for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)),
        {one.name: one.default for one in parameters if one.default is not one.empty},
        next((one.name for one in parameters if one.kind is one.VAR_POSITIONAL), None),
        next((one.name for one in parameters if one.kind is one.VAR_KEYWORD), None),
        tuple(input_vars),
        tuple(output_vars),
        wanted,
        frozenset(known),
    )


def params_of(arguments: Mapping[str, object], captured: Sequence[str]) -> dict[str, JSON]:
    """Return the arguments that are plain values and stand for no pointer; what is named like a secret is masked."""
    found: dict[str, JSON] = {}
    for name, value in arguments.items():
        if name not in captured and (value is None or isinstance(value, (bool, int, float, str))):
            short = value[:_MOST_TEXT] if isinstance(value, str) else value
            found[name] = MASK if is_secret(name) else short
    return found


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a value of this name is none to be kept."""
    return any(word in name.lower() for word in _SECRETS)


def _wanted(late: set[str], output_vars: Sequence[str], after: Sequence[Trigger], known: set[str]) -> frozenset[str]:
    """Return the variables that have to be read when the function is over."""
    asked = {name for trigger in after for name in (known if trigger.takes_all else trigger.wanted)}
    return frozenset(late | set(output_vars) | (asked - {HISTORY, RESULT}))


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):  # some callables of C have none
        return []


def _variables(code: CodeType | None) -> set[str]:
    return set() if code is None else {*code.co_varnames, *code.co_cellvars, *code.co_freevars}


def _check(function: Callable[..., Any], what: str, names: Sequence[str], known: set[str]) -> None:
    if isinstance(names, str):
        raise UsageError(f"{what}={names!r} is one text", hint=f"pass a list of names: {what}=[{names!r}]")
    if unknown := sorted(set(names) - known):
        name = getattr(function, "__qualname__", repr(function))
        raise UsageError(
            f"{what} of {name} names {', '.join(map(repr, unknown))}", hint=f"{name} has {', '.join(sorted(known))}"
        )
