"""When to run a plan: what a queue of requests costs now, tonight, and at the latest time that the law leaves.

Waiting pays because requests share reruns: one more that joins a batch adds only what no other wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal, TypeAlias

from headwater import clock
from headwater.deletion.plan import Plan
from headwater.errors import UsageError
from headwater.graph.answer import Document, time_text

When: TypeAlias = Literal["now", "tonight", "latest"]

NIGHT = time(22)
ASSUMPTIONS = (
    "each rerun takes what the newest completed runs of its component took",
    "a wave runs side by side, one wave after the other",
    "the graph stays as it is",
    "requests go on coming as often as those in the queue did",
    "one that joins wants as much for itself alone as those in the queue do on average",
)


@dataclass(frozen=True, slots=True)
class Queued:
    """A request that waits: when it came and by when it must be done."""

    request: str
    received_at: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Option:
    """What it takes to start at one time, with the requests that will have come until then.

    `further` requests are expected to have joined; `reruns` and `work_..._s` are for all together, `share` is one
    request's part of the reruns. `done` is when the slow end of the interval is over, `late` who was due by then.
    """

    when: When
    start: datetime
    done: datetime
    further: float
    reruns: float
    work_median_s: float
    work_p90_s: float
    share: float
    late: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """The ways to go about a queue, what it would take one by one, and what is assumed."""

    requests: tuple[str, ...]
    options: tuple[Option, ...]
    reruns_alone: int
    work_alone_median_s: float
    without_history: int
    assumptions: tuple[str, ...] = ASSUMPTIONS

    def to_dict(self) -> Document:
        """Return the JSON document of the schedule."""
        options = [{name: getattr(option, name) for name in Option.__slots__} for option in self.options]
        for option in options:
            option.update(start=time_text(option["start"]), done=time_text(option["done"]), late=list(option["late"]))
        return {
            "requests": list(self.requests),
            "options": options,
            "reruns_alone": self.reruns_alone,
            "work_alone_median_s": self.work_alone_median_s,
            "without_history": self.without_history,
            "assumptions": list(self.assumptions),
        }


def schedule(plan: Plan, queue: Sequence[Queued], now: datetime, night: time = NIGHT) -> Schedule:
    """Return what it takes to do a queue by its one plan: now, at the next `night` (UTC), as late as the law allows.

    The latest start leaves the earliest due request its time at the slow end. Raises UsageError for an empty queue, and
    for a request that the plan does not hold.
    """
    now = clock.as_utc(now, "now")
    if not queue:
        raise UsageError("no request waits", hint="`headwater forget request SUBJECT` makes one")
    if unknown := sorted({queued.request for queued in queue} - set(plan.requests)):
        raise UsageError(
            f"the plan does not hold request {unknown[0]!r}", hint="plan all requests of the queue together"
        )
    slow = timedelta(seconds=plan.cost.elapsed_p90_s)
    latest = max(now, min(queued.due for queued in queue) - slow)
    starts: list[tuple[When, datetime]] = [("now", now), ("tonight", _next(night, now)), ("latest", latest)]
    return Schedule(
        requests=plan.requests,
        options=tuple(_option(plan, queue, now, when, start) for when, start in starts),
        reruns_alone=plan.saving.reruns_alone,
        work_alone_median_s=plan.saving.work_alone_median_s,
        without_history=plan.cost.without_history,
    )


def _option(plan: Plan, queue: Sequence[Queued], now: datetime, when: When, start: datetime) -> Option:
    cost, own = plan.cost, plan.saving.own
    further = _per_second(queue, now) * (start - now).total_seconds()
    joining = further / len(plan.requests)
    done = start + timedelta(seconds=cost.elapsed_p90_s)
    reruns = cost.reruns + joining * own.reruns
    return Option(
        when=when,
        start=start,
        done=done,
        further=further,
        reruns=reruns,
        work_median_s=cost.work_median_s + joining * own.work_median_s,
        work_p90_s=cost.work_p90_s + joining * own.work_p90_s,
        share=reruns / (len(plan.requests) + further),
        late=tuple(sorted(queued.request for queued in queue if queued.due < done)),
    )


def _per_second(queue: Sequence[Queued], now: datetime) -> float:
    """Return how often requests came since the first of them; one alone tells nothing."""
    span = (now - min(queued.received_at for queued in queue)).total_seconds()
    return (len(queue) - 1) / span if span > 0 else 0.0


def _next(night: time, now: datetime) -> datetime:
    tonight = now.replace(hour=night.hour, minute=night.minute, second=night.second, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)
