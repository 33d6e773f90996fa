"""Who complains: customers whose batch was worse than agreed. They know the tips, and nothing of the pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headwater.demo.pipeline import Served
from headwater.demo.trips import NEW_YORK
from headwater.graph.facts import Annotation

AGREED = 0.75


@dataclass(frozen=True, slots=True)
class Quality:
    """How good some batches were: shares from 0 to 1; `recall` is the share of high tips that were foretold."""

    batches: int
    accuracy: float
    recall: float


def quality(served: Sequence[Served]) -> Quality:
    """Return the quality of the batches taken together; `served` must not be empty."""
    trips, high = sum(s.trips for s in served), sum(s.high for s in served)
    return Quality(len(served), sum(s.right for s in served) / trips, sum(s.found for s in served) / high)


def is_broken_promise(batch: Served) -> bool:
    """Whether less than the agreed three quarters of a batch were right, which small batches miss by chance too."""
    return batch.right < AGREED * batch.trips


def complaints(served: Iterable[Served]) -> list[Annotation]:
    """Return a flag for each batch below the agreed share, set when its tips became known, a day later."""
    return [
        Annotation(
            target=batch.state,
            kind="flag",
            value=True,
            who="customer service",
            why=f"{batch.right} of {batch.trips} predictions were right, {AGREED:.0%} are agreed",
            at=batch.known_at.replace(tzinfo=NEW_YORK),
        )
        for batch in served
        if is_broken_promise(batch)
    ]
