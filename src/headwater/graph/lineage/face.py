"""One store with all questions as methods: what `headwater.connect` gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from headwater.graph.answer import Answer
from headwater.graph.facts import Fact
from headwater.graph.lineage import quality, runs
from headwater.graph.lineage.columns import Derivation, columns_of
from headwater.graph.lineage.divergence import Diff, diff
from headwater.graph.lineage.staleness import Staleness, stale, stale_components
from headwater.graph.lineage.suspects import Ranking, Slice, rank, review
from headwater.graph.lineage.walk import UNLIMITED, Limits, between, impact, trace
from headwater.graph.measures import Logged, Measured, MetricFact
from headwater.graph.metrics.incidents import Incident
from headwater.graph.metrics.store import metrics_of
from headwater.graph.metrics.windows import Joined
from headwater.graph.model import Component, Pointer
from headwater.graph.store import RunDetail, Store


class Lineage:
    """A lineage graph to record in and to ask.

    References are names (their newest state), state ids, digests or run ids.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def record(self, facts: Iterable[Fact | MetricFact]) -> None:
        """Add the facts, all or none; recording one again changes nothing. Returns when they are durable.

        What was logged and measured is added behind the facts, in a transaction of its own.
        """
        found = list(facts)
        about_metrics = [fact for fact in found if isinstance(fact, (Logged, Measured))]
        about_runs = [fact for fact in found if not isinstance(fact, (Logged, Measured))]
        if about_runs:
            self.store.record(about_runs)
        if about_metrics:
            metrics_of(self.store).record(about_metrics)

    def trace(self, of: str | Sequence[str], limits: Limits = UNLIMITED, as_of: datetime | None = None) -> Answer:
        """Return everything that the outputs were derived from. Raises UnknownPointer."""
        return trace(self.store, of, limits, as_of)

    def impact(self, of: str | Sequence[str], limits: Limits = UNLIMITED, as_of: datetime | None = None) -> Answer:
        """Return everything that derives from the inputs: the forward trace. Raises UnknownPointer."""
        return impact(self.store, of, limits, as_of)

    def between(self, source: str, target: str) -> Answer:
        """Return how `target` derives from `source`; empty when it does not. Raises UnknownPointer."""
        return between(self.store, source, target)

    def derivations(self, answer: Answer, column: str | None = None, *, backward: bool = True) -> list[Derivation]:
        """Return which columns and states of a trace (or impact) derive from which, nearest to its start first.

        Of one column of the start, if it is named. Columns are known where a tool told them, as OpenLineage does.
        """
        return columns_of(self.store, answer, column, backward=backward)

    def rank(
        self,
        bad: Slice,
        contrast: Slice | None = None,
        formula: str | None = None,
        most_outputs: int = 20_000,
    ) -> Ranking:
        """Return the runs behind the bad outputs, most suspicious first. Raises UnknownPointer, UsageError."""
        return rank(self.store, bad, contrast, formula, most_outputs)

    def review(self, formula: str | None = None) -> Ranking:
        """Return the runs behind all flagged outputs."""
        return review(self.store, formula)

    def stale(self, of: str, as_of: datetime | None = None, max_age: timedelta | None = None) -> Staleness:
        """Return why a run or pointer is stale. Raises UnknownPointer."""
        return stale(self.store, of, as_of, max_age)

    def stale_components(self, as_of: datetime | None = None, max_age: timedelta | None = None) -> list[Staleness]:
        """Return the components whose newest run is stale, by that run."""
        return stale_components(self.store, as_of, max_age)

    def diff(self, a: str, b: str) -> Diff:
        """Return where two runs or traces first differ. Raises UnknownPointer, UsageError."""
        return diff(self.store, a, b)

    def history(self, component: str, size: int = 20, cursor: str | None = None) -> runs.RunPage:
        """Return the newest runs of a component. Raises UnknownComponent, InvalidCursor."""
        return runs.history(self.store, component, size, cursor)

    def recent(self, size: int = 20, cursor: str | None = None) -> runs.RunPage:
        """Return the newest runs. Raises InvalidCursor."""
        return runs.recent(self.store, size, cursor)

    def inspect(self, run: str) -> RunDetail:
        """Return one run with inputs, outputs, triggers and annotations. Raises UnknownRun."""
        return runs.inspect(self.store, run)

    def metrics(self, component: str, size: int = 20) -> list[quality.MetricHistory]:
        """Return the metrics of a component by name, each with its newest values. Raises UnknownComponent."""
        return quality.metrics(self.store, component, size)

    def alerts(self, *, only_open: bool = True, size: int = 50) -> list[Incident]:
        """Return the incidents of all SLAs: the open ones first, then those that opened last."""
        return quality.alerts(self.store, only_open=only_open, size=size)

    def rows_behind(self, value: Measured) -> list[Joined]:
        """Return the outputs and labels that a metric's value is of: each with its id and the run that gave it."""
        return quality.rows_behind(self.store, value)

    def components(self) -> Sequence[Component]:
        """Return all components by name."""
        return runs.components(self.store)

    def search(self, text: str, most: int = 50) -> Sequence[Pointer]:
        """Return the newest state of each name that contains the text in any case."""
        return runs.search(self.store, text, most)

    def flag(self, of: str | Sequence[str], who: str | None = None, why: str | None = None) -> list[str]:
        """Flag states or runs for review; return their ids. Raises UnknownPointer."""
        return runs.flag(self.store, [of] if isinstance(of, str) else of, who, why)

    def unflag(self, of: str | Sequence[str], who: str | None = None, why: str | None = None) -> list[str]:
        """Clear the flag of states or runs; return their ids. Raises UnknownPointer."""
        return runs.flag(self.store, [of] if isinstance(of, str) else of, who, why, on=False)

    def digest(self) -> str:
        """Return the hash of the whole graph: equal on every store that holds the same facts."""
        return self.store.digest()

    def stats(self) -> Mapping[str, int]:
        """Return how many components, runs, pointers and edges there are."""
        return self.store.stats()

    def close(self) -> None:
        """Release the store; closing again does nothing."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
