"""An open run: what its body, its component or its caller says of it. One class for every way of logging."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from headwater import clock, ids
from headwater.graph.facts import Input, Labels, Output, PointerType, TriggerResult
from headwater.graph.values import JSON, canonical, check_name
from headwater.sdk.claims import Claim, Named, claims_of, names
from headwater.sdk.faults import Ours, tell

T = TypeVar("T")


@dataclass(slots=True)
class RunLog:
    """An open run: what its body adds to what was said at the start.

    A strict run raises InvalidFact for what cannot be recorded; any other keeps a warning and goes on.
    """

    id: str
    component: str
    started_at: datetime
    inputs: list[Claim] = field(default_factory=list)
    outputs: list[Claim] = field(default_factory=list)
    params: dict[str, JSON] = field(default_factory=dict)
    triggers: dict[str, TriggerResult] = field(default_factory=dict)
    facets: dict[str, JSON] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    is_strict: bool = True
    named: dict[int, tuple[object, Named]] = field(default_factory=dict, repr=False)

    def input(
        self,
        value: object,
        *,
        name: str | None = None,
        at: datetime | None = None,
        digest: str | None = None,
        state: str | None = None,
        labels: Labels | None = None,
    ) -> None:
        """Say that the run read a name, a path, a list of them, or a value, which is then called `name`.

        Exactly the state with this digest or id, if given; `labels` says whose rows it read: `{"client": "c42"}`.
        """
        with self._attempt("run.input"):
            for claim in self._claims(value, name, written=False):
                exact = claim._replace(digest=digest, state=state) if digest or state else claim
                said = Input(claim.name, at, exact.digest, state, labels=labels or {})
                self.inputs.append(exact._replace(at=said.at, labels=said.labels))

    def output(
        self,
        value: object,
        *,
        name: str | None = None,
        digest: str | None = None,
        type: PointerType | None = None,  # noqa: A002  # the field's word
        labels: Labels | None = None,
    ) -> None:
        """Say that the run wrote a name, a path, a list of them, or a value, which is then called `name`.

        `labels` says whose rows it wrote: `{"client": "c42"}`.
        """
        with self._attempt("run.output"):
            for claim in self._claims(value, name, written=True):
                said = Output(claim.name, digest or claim.digest, type or claim.type, labels=labels or {})
                self.outputs.append(claim._replace(digest=said.digest, type=said.type, labels=said.labels))

    def param(self, key: str, value: JSON) -> None:
        """Say that the run used this parameter."""
        with self._attempt("run.param"):
            canonical(value, f"param {check_name(key, 'param')!r}")
            self.params[key] = value

    def name_of(self, value: object) -> Named | None:
        """Return the name that `pointer` gave the value within this run."""
        held, named = self.named.get(id(value), (None, None))
        return named if held is value else None

    def _claims(self, value: object, name: str | None, *, written: bool) -> Iterator[Claim]:
        given = self.name_of(value) if name is None else Named(name)
        return claims_of("", value, given, written=written)

    @contextmanager
    def _attempt(self, what: str) -> Iterator[None]:
        if self.is_strict:
            yield
            return
        with Ours(what) as attempt:
            yield
        if attempt.has_failed:
            self.warnings.append(f"{what}: {attempt.error}")


current: ContextVar[RunLog | None] = ContextVar("headwater_current_run", default=None)


def current_run() -> RunLog:
    """Return the run that the caller is part of; outside of any, and while recording is off, an idle one."""
    return current.get() or idle_run()


def idle_run(component: str = "nothing") -> RunLog:
    """Return a run that takes everything that is said and keeps it from the store."""
    return RunLog(ids.new_run_id(), component, clock.now(), is_strict=False)


def pointer(value: T, name: str, type: PointerType | None = None) -> T:  # noqa: A002  # the field's word
    """Return the value unchanged, and call it `name` wherever a component captures it from now on.

    Numbers, texts, lists and the like are called so until the run ends in which this was said.
    """
    with Ours("pointer"):
        Output(name, type=type)
        if not names.give(value, Named(name, type)):
            _name_in_run(value, Named(name, type))
    return value


def _name_in_run(value: object, named: Named) -> None:
    if (run := current.get()) is not None:
        run.named[id(value)] = value, named
    else:
        tell("pointer", f"a {type(value).__name__} outside of a run cannot be followed; {named.name!r} is not recorded")
