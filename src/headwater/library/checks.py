"""How a check becomes a trigger of any component: it asks for the variables that its maker named."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from headwater import clock
from headwater.errors import UsageError
from headwater.graph.facts import RunFact, TriggerResult
from headwater.graph.values import JSON
from headwater.sdk import recording
from headwater.sdk.run import current

Check: TypeAlias = Callable[..., TriggerResult]


def check(name: str, body: Callable[..., TriggerResult], *variables: str) -> Check:
    """Return a trigger called `name` that gives the values of the variables to `body`, in this order.

    Raises UsageError for what can be no variable.
    """

    def trigger(**given: Any) -> TriggerResult:
        return body(*(given[variable] for variable in variables))

    try:
        wanted = [inspect.Parameter(one, inspect.Parameter.KEYWORD_ONLY) for one in dict.fromkeys(variables)]
    except (ValueError, TypeError) as exc:
        raise UsageError(f"{name}: {exc}", hint="name a variable of the function, or `result`") from exc
    trigger.__name__ = trigger.__qualname__ = name
    trigger.__signature__ = inspect.Signature(wanted)  # type: ignore[attr-defined]
    return trigger


def keep(facets: Mapping[str, JSON]) -> None:
    """Keep documents with the current run, which may have ended; outside of any, do nothing.

    As facets, for walks of the graph read all results of triggers, and large ones would slow them down.
    """
    if (run := current.get()) is not None and facets:
        recording.recorder.put(partial(RunFact, run.id, facets=dict(facets), at=clock.now()))


def share(value: float, what: str) -> float:
    """Return the value; raises UsageError if it is no share, between 0 and 1."""
    if not 0 <= value <= 1:
        raise UsageError(f"{what}={value!r}", hint="a share between 0 and 1")
    return value
