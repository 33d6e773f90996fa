"""Components: stages of a pipeline that record each of their executions.

    clean = Component("clean", owner="ann")

    @clean.run(input_vars=["path"], output_vars=["rows"])
    def load(path): ...

Nothing here changes what a function returns, raises or looks like.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Literal, ParamSpec, Protocol, TypedDict, TypeVar, Unpack, overload

from headwater.errors import UsageError
from headwater.graph.facts import deletion_facet
from headwater.graph.values import JSON, check_name
from headwater.sdk import erased, freshness
from headwater.sdk.execution import Execution, IdleExecution, introduction, source_introduction
from headwater.sdk.plan import Plan, plan
from headwater.sdk.recorder import Make, is_recording_thread
from headwater.sdk.recording import switch
from headwater.sdk.run import RunLog
from headwater.sdk.triggers import Trigger, triggers
from headwater.sdk.wrapping import wrapped

P = ParamSpec("P")
R = TypeVar("R")


class Options(TypedDict, total=False):
    """How a component behaves. Each is a class attribute of Component as well, for subclasses."""

    on_failure: Literal["record", "warn", "block"]
    on_stale: freshness.Policy
    on_erased: erased.Policy
    aggregates: str | None
    anonymises: str | None
    shards: int | None
    unlearns: str | None
    durability: Literal["background", "wait"]
    max_age: timedelta | None
    records_environment: bool


_ALLOWED: dict[str, tuple[str, ...]] = {
    "on_failure": ("record", "warn", "block"),
    "on_stale": ("ignore", "log", "warn", "block"),
    "on_erased": ("ignore", "warn", "block"),
    "durability": ("background", "wait"),
}


class Decorator(Protocol):
    """What `component.run(...)` gives: it returns a function of the type that it is given."""

    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]:
        """Return the function, recording."""
        ...


class Component:
    """A stage of the pipeline. Make one, or subclass it, and decorate functions with its `run`.

    Subclasses may define `before_run` and `after_run`: tests with parameters named after variables of the function,
    `result` (what it returned) and `history` (earlier runs). `before` and `after` are further such tests.

    on_failure: a test that fails is recorded; "warn" logs it, "block" raises TriggerFailed before the function runs.
    on_stale: what happens on stale inputs: "log" (at level INFO), "warn", "block" (raises StaleInputs) or "ignore".
    on_erased: what happens on inputs that were erased: "block" (raises ErasedInputs), "warn" or "ignore".
    aggregates, anonymises: the reason why the rows of one person are not in what the component writes; shards: in how
    many parts its model is trained, each to be trained anew by itself; unlearns: how its model forgets rows in place.
    durability: "wait" returns only when the run is in the store, or on disk while the store is down.
    max_age: how old an input may be, 30 days by default. records_environment: keep host, user and Python version.
    """

    name: str = ""
    description: str | None = None
    owner: str | None = None
    tags: Sequence[str] = ()
    on_failure: Literal["record", "warn", "block"] = "record"
    on_stale: freshness.Policy = "log"
    on_erased: erased.Policy = "block"
    aggregates: str | None = None
    anonymises: str | None = None
    shards: int | None = None
    unlearns: str | None = None
    durability: Literal["background", "wait"] = "background"
    max_age: timedelta | None = None
    records_environment: bool = False

    def __init__(
        self,
        name: str | None = None,
        description: str | None = None,
        owner: str | None = None,
        tags: Sequence[str] | None = None,
        *,
        before: Sequence[Callable[..., object]] = (),
        after: Sequence[Callable[..., object]] = (),
        **options: Unpack[Options],
    ) -> None:
        given = {"name": name, "description": description, "owner": owner, "tags": tags}
        for key, said in given.items():
            if said is not None:
                setattr(self, key, said)
        for key, option in options.items():
            setattr(self, _checked_option(key, option), option)
        check_name(self.name or type(self).__name__, "component")
        self.deletion = deletion_facet(self.aggregates, self.anonymises, self.shards, self.unlearns)
        self.name = self.name or type(self).__name__
        self.before_triggers = triggers(getattr(self, "before_run", None), before)
        taken = {trigger.key for trigger in self.before_triggers}
        self.after_triggers = triggers(getattr(self, "after_run", None), after, taken)
        self._introduced: set[tuple[int, int]] = set()

    deletion: dict[str, JSON]
    before_triggers: tuple[Trigger, ...]
    after_triggers: tuple[Trigger, ...]

    @overload
    def run(self, function: Callable[P, R], /) -> Callable[P, R]: ...

    @overload
    def run(self, /, *, input_vars: Sequence[str] = (), output_vars: Sequence[str] = ()) -> Decorator: ...

    def run(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        input_vars: Sequence[str] = (),
        output_vars: Sequence[str] = (),
    ) -> Any:
        """Decorate a function, with or without parentheses, so that each call of it is a run of this component.

        `input_vars` are variables that name what the run reads, as they are when it is called; `output_vars` what it
        wrote, as they are when it ends. Raises UsageError for variables that the function does not have.
        """
        if function is None:
            return partial(self._decorate, input_vars=input_vars, output_vars=output_vars)
        return self._decorate(function, input_vars=input_vars, output_vars=output_vars)

    @contextmanager
    def running(self, inputs: Sequence[object] = (), outputs: Sequence[object] = ()) -> Iterator[RunLog]:
        """Record the body of a `with` as a run of this component; `outputs` count when it ends well."""
        is_off = switch.is_off or is_recording_thread()
        execution = IdleExecution(self, None) if is_off else Execution(self, None)
        for value in inputs:
            execution.run.input(value)
        execution.begin()
        try:
            yield execution.run
        except BaseException as exc:
            execution.fail(exc, None)
            raise
        for value in outputs:
            execution.run.output(value)
        execution.finish(None, None)

    def introductions(self, of: Plan | None) -> Iterator[Make]:
        """Give what this process has not said yet of the component and of the source of its function."""
        if self._is_new(0):
            yield partial(introduction, self)
        if of is not None and self._is_new(id(of)):
            yield partial(source_introduction, self.name, of)

    def _is_new(self, what: int) -> bool:
        key = (os.getpid(), what)
        if key in self._introduced:
            return False
        self._introduced.add(key)
        return True

    def _decorate(self, function: Any, *, input_vars: Sequence[str], output_vars: Sequence[str]) -> Any:
        if isinstance(function, (staticmethod, classmethod)):
            inner = self._decorate(function.__func__, input_vars=input_vars, output_vars=output_vars)
            return type(function)(inner)
        if not callable(function):
            raise UsageError(f"{function!r} is no function", hint="decorate a function, a method or a callable")
        return wrapped(self, plan(function, input_vars, output_vars, self.before_triggers, self.after_triggers))


def component(
    name: str, *, input_vars: Sequence[str] = (), output_vars: Sequence[str] = (), **options: Unpack[Options]
) -> Decorator:
    """Decorate one function as a component of its own: `@component("clean", output_vars=["rows"])`."""
    return Component(name, **options).run(input_vars=input_vars, output_vars=output_vars)


def _checked_option(key: str, value: object) -> str:
    if key not in Options.__annotations__:
        raise UsageError(f"a component has no option {key!r}", hint=f"use {', '.join(Options.__annotations__)}")
    allowed = _ALLOWED.get(key)
    if allowed is not None and value not in allowed:
        raise UsageError(f"{key}={value!r}", hint=f"use {', '.join(allowed)}")
    return key
