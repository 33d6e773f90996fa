"""Whether a run reads what has been erased: asked of a store once its start stands there, if anything was ever erased.

A program learns within LEARN_EVERY_S that a store has its first erasure, and pays nothing before that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from headwater import clock
from headwater.graph.connect import default
from headwater.graph.lineage.face import Lineage
from headwater.sdk.faults import log
from headwater.sdk.recorder import Recorder

Policy: TypeAlias = Literal["ignore", "warn", "block"]

LEARN_EVERY_S = 60.0
LEARN_S = 1.0
_MOST_STATES = 5


def erased_lines(run: str, component: str, lineage: Lineage | None = None) -> list[str]:
    """Return what a recorded run reads that has been erased in one line, none if nothing is. Raises StoreError."""
    inputs = (lineage or default()).inspect(run).inputs
    states = {pointer.id: pointer.erased for _, pointer in inputs if pointer.erased is not None}
    told = [f"{state}, erased on {on.at:%Y-%m-%d} for request {on.request}" for state, on in sorted(states.items())]
    if not told:
        return []
    more = f"; and {len(told) - _MOST_STATES} more" if len(told) > _MOST_STATES else ""
    return [f"{component} reads {'; '.join(told[:_MOST_STATES])}{more}"]


def log_if_erased(run: str, component: str, lineage: Lineage | None = None) -> None:
    """Log what a recorded run reads that has been erased."""
    for line in erased_lines(run, component, lineage):
        log.warning("%s (run %s)", line, run)


def has_erasures(lineage: Lineage | None = None) -> bool:
    """Return whether anything was ever erased in a store; a store that cannot erase says no."""
    asked = getattr((lineage or default()).store, "has_erasures", None)
    return asked is not None and bool(asked())


@dataclass(slots=True)
class Knowledge:
    """What this process knows of the default store: whether there may be something in it that was erased."""

    found: bool = False
    learnt_at: float | None = None

    def may_be(self, recorder: Recorder) -> bool:
        """Return whether something may be erased: at first ask and wait a little, later learn beside the program."""
        now = clock.monotonic_s()
        if not self.found and (self.learnt_at is None or now - self.learnt_at > LEARN_EVERY_S):
            wait_s = LEARN_S if self.learnt_at is None else 0.0
            self.learnt_at = now
            recorder.ask(self._learn, wait_s)
        return self.found

    def _learn(self) -> None:
        self.found = has_erasures()


knowledge = Knowledge()
