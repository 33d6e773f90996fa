"""The recorder that components use: where it sends, where it spools, when it is off, how it ends with the program."""

from __future__ import annotations

import atexit
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from headwater import clock
from headwater.graph.connect import DEFAULT_STORE, default
from headwater.graph.facts import Fact
from headwater.graph.measures import MetricFact
from headwater.sdk import beside
from headwater.sdk.counts import Counts
from headwater.sdk.recorder import EXIT_DEADLINE_S, Recorder, RecorderStats
from headwater.sdk.spool import Spool
from headwater.sdk.worker import Worker

_OFF = frozenset({"1", "true", "yes", "on"})


class Switch:
    """Whether components record. `is_off` is all that a switched-off component looks at."""

    __slots__ = ("is_off",)

    def __init__(self, *, is_off: bool) -> None:
        self.is_off = is_off


def flush(timeout_s: float = 30.0) -> bool:
    """Wait until every run so far is in the store, or on disk while the store is down; return whether it is.

    Metrics are computed then, too, and alerts sent.
    """
    deadline = clock.monotonic_s() + timeout_s
    steps = (beside.join, recorder.flush, worker.flush, beside.join)
    are_done = [step(max(0.0, deadline - clock.monotonic_s())) for step in steps]
    return all(are_done)


def recorder_stats() -> RecorderStats:
    """Return how many claims wait, were sent, dropped and refused, and how many facts are spooled on disk."""
    return recorder.stats()


def spool_folder(url: str | None = None) -> Path:
    """Return the folder for facts that this or the default store does not take: beside the artifacts or the store.

    Stores have folders of their own, so that no store gets the facts of another.
    """
    url = url or os.environ.get("HEADWATER_STORE") or DEFAULT_STORE
    mark = hashlib.sha256(url.encode(errors="surrogateescape")).hexdigest()[:12]
    artifacts = os.environ.get("HEADWATER_ARTIFACTS", "")
    is_folder = bool(artifacts) and "://" not in artifacts
    return (Path(artifacts).parent if is_folder else store_folder(url)) / "spool" / mark


def recorded(url: str) -> dict[str, int]:
    """Return how many facts wait in the spool of a store, and what became of those of the last week."""
    folder = spool_folder(url)
    return {"spooled": Spool(lambda: folder).waiting(), **Counts(lambda: folder).total()}


def store_folder(url: str) -> Path:
    """Return the folder of a store's file; of a store elsewhere, the one that the default store would have."""
    path = (url if url.startswith("sqlite:///") else DEFAULT_STORE).removeprefix("sqlite:///")
    return Path(unquote(path)).absolute().parent


def _to_default_store(facts: Sequence[Fact | MetricFact]) -> None:
    default().record(facts)


def _end() -> None:
    begun = clock.monotonic_s()
    beside.join(EXIT_DEADLINE_S / 2)
    recorder.shutdown(EXIT_DEADLINE_S - (clock.monotonic_s() - begun))
    worker.finish(max(0.0, EXIT_DEADLINE_S - (clock.monotonic_s() - begun)))


switch = Switch(is_off=os.environ.get("HEADWATER_DISABLED", "").strip().lower() in _OFF)
recorder = Recorder(_to_default_store, Spool(spool_folder), Counts(spool_folder))
worker = Worker("headwater-metrics")
atexit.register(_end)
