"""What a recorded call costs the caller: `python -m benchmarks.sdk`, beside a bare call, a span and an MLflow run.

Needs no server. OpenTelemetry and MLflow are measured where they are installed.
"""

from __future__ import annotations

import os
import threading
import time
import timeit
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.stage import Stage
from benchmarks.table import Aim, Row, Section, as_time, markdown
from headwater.graph.connect import configure
from headwater.sdk import recording
from headwater.sdk.component import Component

CALLS = 2_000
BURST = 50
SLOW_CALLS = 100
FILES = 20
THREADS = (1, 8)
MOST_ON_S = 60e-6
MOST_OFF_S = 1e-6


@dataclass(frozen=True, slots=True)
class Way:
    """One way to call a function; `settle` lets what runs behind it catch up, and is not counted."""

    name: str
    call: Callable[[], object]
    calls: int = CALLS
    settle: Callable[[], object] = lambda: None
    is_off: bool = False


def recorded_calls(stages: Sequence[Stage]) -> Section:
    """Return `overhead` with a store of its own, whatever the stages are."""
    with _store_in(stages[0].folder):
        return overhead(stages[0].folder, stages[0].sizes.calls)


def auto_logged_calls(stages: Sequence[Stage]) -> Section:
    """Return `auto_logging` with a store of its own, whatever the stages are."""
    with _store_in(stages[0].folder):
        return auto_logging(stages[0].folder, stages[0].sizes.calls)


@contextmanager
def _store_in(folder: Path) -> Iterator[None]:
    with configure(f"sqlite:///{folder}/calls.db"):
        yield
        recording.flush(60)


def overhead(folder: Path, calls: int = CALLS) -> Section:
    """Return what a call takes longer in each way than a bare call: the median, in the caller's thread."""
    rows: list[Row] = []
    with ExitStack() as stack:
        ours, peers = (
            [replace(way, calls=min(calls, way.calls)) for way in ways]
            for ways in (_ours(folder), _peers(folder, stack))
        )
        for threads in THREADS:
            bare = _per_call(Way("bare", _bare, calls), threads)
            beside = [(peer.name, _per_call(peer, threads) - bare) for peer in peers]
            rows += [_row(way, _per_call(way, threads) - bare, threads, beside) for way in ours]
    return Section(
        "A recorded call",
        "What one call takes longer than a bare one, in the caller's thread: the median of bursts of 50 calls, with"
        " what is written behind them not counted, except where the caller waits for it. `with files` reads and writes"
        " one name of a file each. Durable runs are in an SQLite file, synced, twice a call.",
        rows,
    )


def auto_logging(folder: Path, calls: int = CALLS) -> Section:
    """Return what `auto_log=True` takes longer than the same component without it, and what it leaves behind."""
    flush = partial(recording.flush, 60)
    files = [folder / f"{number}.csv" for number in range(FILES)]
    for file in files:
        file.write_text("1", "utf-8")
        os.utime(file, (1, 1))
    without, auto = Component("without"), Component("auto", auto_log=True)
    audited_before_s = _audited()
    rows: list[Row] = []

    def compare(what: str, work: Callable[[], object], parts: int = 1) -> None:
        ours, theirs = (
            _per_call(Way(what, component.run(work), calls // parts, flush), 1) / parts for component in (auto, without)
        )
        rows.append(_beside(what, ours, theirs, "without auto_log"))

    compare("a call", _bare)
    compare("the open of a file", partial(_open_all, files), FILES)
    rows.append(_beside("id(), at any time later", _audited(), audited_before_s, "before the first such run"))
    with suppress(ModuleNotFoundError):
        import_module("pandas")
        import_module("sklearn.ensemble")
        compare("a call, pandas and scikit-learn loaded", _bare)
    return Section(
        "Auto-logging",
        "The whole time of each, in the caller's thread, with `auto_log=True` and without: the median. Files are small"
        " and old, 20 a call; what a call itself takes is in the row above.",
        rows,
    )


def _beside(what: str, ours_s: float, theirs_s: float, beside: str) -> Row:
    texts = [f"{taken * 1e6:.2f} us" for taken in (ours_s, theirs_s)]
    return Row(what, "SQLite", texts[0], beside, texts[1], theirs_s / ours_s)


def _open_all(files: Sequence[Path]) -> None:
    for file in files:
        file.open("rb").close()


def _audited() -> float:
    """Return the seconds of a call that Python audits."""
    return min(timeit.repeat("id(0)", number=100_000, repeat=5)) / 100_000


def _row(way: Way, added_s: float, threads: int, beside: Sequence[tuple[str, float]]) -> Row:
    name, theirs = beside[-1 if way.name == "durable" else 0] if beside else ("", None)
    aims = [Aim("<= 1 us", added_s <= MOST_OFF_S)] if way.name == "off" else []
    aims += [Aim("<= 60 us", added_s <= MOST_ON_S)] if way.name in ("on", "on, with files") else []
    return Row(
        f"{way.name}, {threads} thread{'s' if threads > 1 else ''}",
        "SQLite",
        f"{added_s * 1e6:.2f} us" if added_s < MOST_OFF_S else as_time(added_s),
        name,
        "" if theirs is None else as_time(theirs),
        None if theirs is None else theirs / added_s,
        tuple(aims),
    )


def _ours(folder: Path) -> list[Way]:
    table = folder / "in.csv"
    table.write_text("1", "utf-8")
    os.utime(table, (1, 1))
    flush = partial(recording.flush, 60)
    plain = Component("plain").run(_bare)
    files = Component("files").run(input_vars=["source"], output_vars=["target"])(_with_files)
    durable = Component("durable", durability="wait").run(_bare)
    return [
        Way("off", plain, is_off=True),
        Way("on", plain, settle=flush),
        Way("on, with files", partial(files, str(table)), settle=flush),
        Way("durable", durable, SLOW_CALLS, flush),
    ]


def _bare() -> int:
    return 1


def _with_files(source: str) -> str:
    target = source + ".out"
    return target  # noqa: RET504  # the variable is what is captured


def _peers(folder: Path, stack: ExitStack) -> Iterator[Way]:
    """Give an OpenTelemetry span and an MLflow run, where they are installed."""
    with suppress(ModuleNotFoundError):
        yield _span(stack)
    with suppress(ModuleNotFoundError):
        yield _mlflow_run(folder)


def _span(stack: ExitStack) -> Way:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:  # noqa: ARG002  # the interface names it
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    stack.callback(provider.shutdown)
    tracer = provider.get_tracer("benchmarks")

    def call() -> int:
        with tracer.start_as_current_span("bare"):
            return _bare()

    return Way("OpenTelemetry span, to nowhere", call, settle=provider.force_flush)


def _mlflow_run(folder: Path) -> Way:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")

    def call() -> int:
        with mlflow.start_run(nested=True):
            return _bare()

    call()
    return Way("mlflow.start_run, SQLite", call, SLOW_CALLS)


def _per_call(way: Way, threads: int) -> float:
    """Return the median seconds of a call in bursts, with this many threads calling at once."""
    with _switch(is_off=way.is_off):
        way.call()
        way.settle()
        found: list[float] = []
        for _ in range(max(1, way.calls // BURST)):
            bursts = [threading.Thread(target=_burst, args=(way.call, found)) for _ in range(threads)]
            for burst in bursts:
                burst.start()
            for burst in bursts:
                burst.join()
            way.settle()
    return median(found)


def _burst(call: Callable[[], object], found: list[float]) -> None:
    took = []
    for _ in range(BURST):
        begun = time.perf_counter()
        call()
        took.append(time.perf_counter() - begun)
    found += took


@contextmanager
def _switch(*, is_off: bool) -> Iterator[None]:
    before, recording.switch.is_off = recording.switch.is_off, is_off
    try:
        yield
    finally:
        recording.switch.is_off = before


def main() -> int:
    """Measure and print the table."""
    with TemporaryDirectory(prefix="headwater-bench-") as name, _store_in(Path(name)):
        unburdened = auto_logging(Path(name))  # first, for MLflow loads pandas and scikit-learn
        print(markdown([overhead(Path(name)), unburdened]))
        recording.recorder.shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
