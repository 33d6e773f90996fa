"""`python -m benchmarks`: measure both stores beside the naive ways and print the table."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import (
    artifacts,
    cases_ask,
    cases_metrics,
    cases_write,
    deletion,
    library,
    loaders_dvc,
    loaders_openlineage,
    loaders_wfformat,
    remote,
    sdk,
    service,
)
from benchmarks.peer import Peer, peer_at
from benchmarks.prepared import Prepared, prepare
from benchmarks.sizes import FULL, QUICK, Sizes
from benchmarks.stage import Stage
from benchmarks.table import Section, markdown
from headwater.clock import now

# Recording comes first: the others ask what it has recorded. The popular name and imports come last: they add runs.
CASES: Sequence[Callable[[Sequence[Stage]], Section]] = (
    cases_write.ingest,
    cases_ask.walks,
    cases_ask.rankings,
    cases_ask.fresh,
    remote.traces,
    cases_ask.naive,
    deletion.plans,
    cases_write.singles,
    service.load,
    library.drift,
    artifacts.payloads,
    cases_write.popular,
    cases_metrics.windows,
    cases_write.forgotten,
    loaders_openlineage.events,
    loaders_dvc.commits,
    loaders_wfformat.workflows,
    sdk.auto_logged_calls,
    sdk.recorded_calls,
)


def main() -> int:
    """Run every case on the chosen stores; print the table, and write the page when asked."""
    arguments = _parse()
    sizes = QUICK if arguments.quick else FULL
    sizes = replace(sizes, runs=arguments.runs or sizes.runs)
    begun = time.perf_counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="headwater-bench-")))
        prepared = prepare(sizes, folder)
        urls = list(_databases(arguments, folder, stack))
        stages = [stack.enter_context(_stage(url, prepared, sizes, folder)) for url in urls]
        sections: list[Section] = []
        page = ""
        for case in CASES:
            sections.append(_told(case, stages))
            page = _page(sections, sizes, stages, time.perf_counter() - begun)
            if arguments.write:  # after each case, so that a run that is stopped has not measured in vain
                arguments.write.write_text(page, "utf-8")
    print(page)
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--store", choices=("sqlite", "neo4j", "all"), default="all")
    parser.add_argument("--runs", type=int, help="size of the workload (default: 100,000)")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that everything runs")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page, for example docs/benchmarks.md")
    parser.add_argument("--neo4j", metavar="URL", help="a server to use, EMPTIED FIRST (default: one is started)")
    return parser.parse_args()


def _databases(arguments: argparse.Namespace, folder: Path, stack: ExitStack) -> Iterator[str]:
    """Yield the URL of each database, a server of our own unless one is named."""
    if arguments.store != "neo4j":
        yield f"sqlite:///{folder / 'bench.db'}"
    if arguments.store != "sqlite":
        yield arguments.neo4j or _own_server(stack)


def _own_server(stack: ExitStack) -> str:
    from tests.support.neo4j_server import Neo4jServer

    return stack.enter_context(Neo4jServer()).bolt_url


@contextmanager
def _stage(url: str, prepared: Prepared, sizes: Sizes, folder: Path) -> Iterator[Stage]:
    peer: Peer = peer_at(url)
    peer.empty()
    with peer.open() as lineage:
        yield Stage(peer, lineage, prepared, sizes, folder)
    peer.close()


def _told(case: Callable[[Sequence[Stage]], Section], stages: Sequence[Stage]) -> Section:
    begun = time.perf_counter()
    section = case(stages)
    print(f"{section.title}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    return section


def _page(sections: Sequence[Section], sizes: Sizes, stages: Sequence[Stage], took_s: float) -> str:
    return f"""# Benchmarks

Written by `python -m benchmarks --write docs/benchmarks.md`; `make bench` prints the same. Both sides of a row were
measured in one run and in turns, so the ratios hold on a noisy machine; the figures hold for the machine below.
`speed` is how fast Headwater is in units of what stands beside it: 2 is twice as fast, 0.5 half as fast.

{_conditions(sizes, stages, took_s)}

{markdown(sections)}
"""


def _conditions(sizes: Sizes, stages: Sequence[Stage], took_s: float) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("headwater", "neo4j", "networkx"))
    graphs = (f"{stage.store}: {stage.peer.version()}" for stage in stages)
    lines = (
        f"{now():%Y-%m-%d}, {took_s / 60:.0f} minutes, load average {os.getloadavg()[0]:.1f} at the end",
        f"{os.cpu_count()} cores, {_memory_gb():.0f} GB, {platform.system()} {platform.machine()}, {_processor()}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}",
        *graphs,
        f"workload: {sizes.runs:,} runs of 2-3 inputs and 1-2 outputs over 110 rounds, one in a hundred late",
        f"graph: {_graph(stages[0].prepared)}",
    )
    return "\n".join(f"- {line}" for line in lines)


def _graph(prepared: Prepared) -> str:
    runs, states, names = (sum(len(rows[table]) for rows in prepared.rows) for table in ("run", "state", "name"))
    return f"{runs:,} runs, {states:,} pointers of {names:,} names, {prepared.edges:,} edges"


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    raise SystemExit(main())
