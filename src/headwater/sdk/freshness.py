"""Whether a run begins on stale inputs: asked of the store once the run's start stands in it."""

from __future__ import annotations

from functools import partial
from typing import Literal, TypeAlias

from headwater import clock
from headwater.graph.connect import default
from headwater.graph.facts import RunFact
from headwater.graph.lineage.staleness import Cause
from headwater.sdk.faults import log
from headwater.sdk.recorder import Recorder

Policy: TypeAlias = Literal["ignore", "log", "warn", "block"]

INTERVAL_S = 60.0
_MOST_CAUSES = 5

_asked_at: dict[str, float] = {}


def stale_lines(run: str, component: str) -> list[str]:
    """Return what is stale about the inputs of a recorded run in one line, none for fresh ones. Raises StoreError."""
    causes = [cause for cause in default().stale(run).causes if cause.edge is not None]
    if not causes:
        return []
    shown = "; ".join(map(_told, causes[:_MOST_CAUSES]))
    more = f"; and {len(causes) - _MOST_CAUSES} more" if len(causes) > _MOST_CAUSES else ""
    return [f"{component} runs on stale inputs: {shown}{more}"]


def log_if_stale(run: str, component: str, policy: Policy, recorder: Recorder) -> None:
    """Log a run's stale inputs and keep the line with the run; for one component once in INTERVAL_S seconds."""
    now = clock.monotonic_s()
    if now - _asked_at.get(component, -INTERVAL_S) < INTERVAL_S:
        return
    _asked_at[component] = now
    for line in stale_lines(run, component):
        (log.warning if policy == "warn" else log.info)("%s (run %s)", line, run)
        recorder.put(partial(RunFact, run, facets={"stale": line}))


def _told(cause: Cause) -> str:
    read = "" if cause.edge is None else cause.edge.source
    inherited = f" (read by {cause.run})" if cause.is_inherited else ""
    return f"{read}: {cause.kind.replace('_', ' ')}, {cause.evidence}{inherited}"
