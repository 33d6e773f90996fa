"""Asking a service in place of the library: the same traces over HTTP, from a process beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import median

from benchmarks.measure import paired
from benchmarks.service import served
from benchmarks.stage import Stage
from benchmarks.table import Aim, Row, Section, as_time
from headwater import Lineage, connect

LEAST_SPEED = 1 / 1.5


def traces(stages: Sequence[Stage]) -> Section:
    """Trace over a service on each store, against the library on the same store."""
    return Section(
        "Over HTTP",
        '`headwater.connect("http://...").trace(...)`, whole answers, against the same call on the store itself.'
        " Service and client are two processes, which share the cores.",
        [row for stage in stages for row in _traces(stage)],
    )


def _traces(stage: Stage) -> list[Row]:
    with served(stage) as (address, _), connect(address) as remote:
        return [_trace(stage, remote, wanted) for wanted in stage.sizes.walks]


def _trace(stage: Stage, remote: Lineage, wanted: int) -> Row:
    state = stage.prepared.traced[wanted]
    answer = remote.trace(state)
    pair = paired(partial(remote.trace, state), partial(stage.lineage.trace, state), 2 * stage.sizes.repeats)
    aims = (Aim("within 1.5 times", pair.speed >= LEAST_SPEED),) if wanted == stage.sizes.walks[-1] else ()
    ours, theirs = as_time(median(pair.ours)), as_time(median(pair.theirs))
    what = f"trace, {len(answer.nodes):,} nodes, {len(answer.edges):,} edges"
    return Row(what, stage.store, ours, "the library call", theirs, pair.speed, aims)
