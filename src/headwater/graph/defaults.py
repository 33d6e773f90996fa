"""The questions as functions on the default store: `headwater.trace("predictions.csv")`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from headwater.graph.answer import Answer
from headwater.graph.connect import default
from headwater.graph.facts import Fact
from headwater.graph.lineage.staleness import Staleness
from headwater.graph.lineage.suspects import Ranking, Slice
from headwater.graph.lineage.walk import UNLIMITED, Limits
from headwater.graph.store import RunDetail


def record(facts: Iterable[Fact]) -> None:
    """Add the facts to the default store, all or none."""
    default().record(facts)


def trace(of: str | Sequence[str], limits: Limits = UNLIMITED, as_of: datetime | None = None) -> Answer:
    """Return everything that the outputs were derived from. Raises UnknownPointer."""
    return default().trace(of, limits, as_of)


def impact(of: str | Sequence[str], limits: Limits = UNLIMITED, as_of: datetime | None = None) -> Answer:
    """Return everything that derives from the inputs: the forward trace. Raises UnknownPointer."""
    return default().impact(of, limits, as_of)


def rank(bad: Slice, contrast: Slice | None = None, formula: str | None = None) -> Ranking:
    """Return the runs behind the bad outputs, most suspicious first. Raises UnknownPointer, UsageError."""
    return default().rank(bad, contrast, formula)


def review(formula: str | None = None) -> Ranking:
    """Return the runs behind all flagged outputs."""
    return default().review(formula)


def stale(of: str, as_of: datetime | None = None, max_age: timedelta | None = None) -> Staleness:
    """Return why a run or pointer is stale. Raises UnknownPointer."""
    return default().stale(of, as_of, max_age)


def inspect(run: str) -> RunDetail:
    """Return one run with inputs, outputs, triggers and annotations. Raises UnknownRun."""
    return default().inspect(run)


def flag(of: str | Sequence[str], who: str | None = None, why: str | None = None) -> list[str]:
    """Flag states or runs for review; return their ids. Raises UnknownPointer."""
    return default().flag(of, who, why)


def unflag(of: str | Sequence[str], who: str | None = None, why: str | None = None) -> list[str]:
    """Clear the flag of states or runs; return their ids. Raises UnknownPointer."""
    return default().unflag(of, who, why)
