"""What a type checker sees of the decorators: exactly the functions that were decorated. Read by mypy, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any, assert_type

from headwater.sdk import metrics
from headwater.sdk.alerting import Webhook
from headwater.sdk.component import Component, component
from headwater.sdk.history import History
from headwater.sdk.metrics import SLA, Metric
from headwater.sdk.run import RunLog, current_run, pointer
from headwater.sdk.triggers import asynchronous

stage = Component("stage", "A stage.", "ann", ["daily"], on_failure="block", on_stale="warn", durability="wait")
Component("aged", max_age=timedelta(days=2), records_environment=True, auto_log=True)
Component("loud", on_failure="shout")  # type: ignore[arg-type]
Component("fast", speed=1)  # type: ignore[call-arg]


@stage.run
def bare(x: int, *, y: str = "") -> float:
    return x + len(y)


@stage.run()
def with_parentheses(x: int) -> float:
    return x


@stage.run(input_vars=["x"], output_vars=["x"])
async def waits(x: int) -> str:
    return str(x)


@stage.run(output_vars=["n"])
def counts(n: int) -> Iterator[int]:
    yield n


@stage.run
async def counts_slowly(n: int) -> AsyncIterator[int]:
    yield n


@component("single", output_vars=["x"], on_stale="ignore")
def single(x: bytes) -> bytes:
    return x


class Job:
    @stage.run
    def method(self, x: int) -> str:
        return str(x)

    @classmethod
    @stage.run
    def of_class(cls, x: int) -> str:
        return str(x)

    @staticmethod
    @stage.run
    def static(x: int) -> str:
        return str(x)


@asynchronous
def trigger(rows: list[int], history: History) -> bool:
    return bool(rows) and all(past.run.id for past in history)


assert_type(bare(1, y="a"), float)
bare("1")  # type: ignore[arg-type]
bare(1, z=2)  # type: ignore[call-arg]
assert_type(with_parentheses(1), float)
promised: Callable[[int], Coroutine[Any, Any, str]] = waits
assert_type(counts(1), Iterator[int])
assert_type(counts_slowly(1), AsyncIterator[int])
assert_type(single(b""), bytes)
assert_type(Job().method(1), str)
assert_type(Job.of_class(1), str)
assert_type(Job.static(1), str)
assert_type(pointer({"a": 1}, "table"), dict[str, int])
assert_type(current_run(), RunLog)
plain: Callable[[list[int], History], bool] = trigger
kept = SLA(Metric("recall", metrics.recall()), ">= 0.9")
watched = Component("watched", metrics=[kept], sinks=[Webhook("https://h/x")])
Component("wrong", metrics=["recall"])  # type: ignore[list-item]
watched.log_outputs({"ride-1": True})
with stage.running(inputs=["a.csv"]) as run:
    assert_type(run, RunLog)
