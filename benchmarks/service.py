"""The service under load: some connections that ask and log at once, each sending its next request after its answer."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any, TypeAlias

import httpx2

from benchmarks.stage import ROOT, Stage
from benchmarks.table import Aim, Row, Section, as_memory, as_rate, as_time

API = "/api/v1"
MOST_GROWTH = 1.2
_ADDRESS = re.compile(r"Uvicorn running on (http://[^ \"]+)")
_RESIDENT = re.compile(r"RssAnon:\s+(\d+) kB")

Request: TypeAlias = tuple[str, Mapping[str, Any]]
# How often each route is asked, of a hundred requests.
MIX: Mapping[str, int] = {
    "GET trace": 30,
    "GET impact": 15,
    "GET runs/ID": 15,
    "GET runs": 10,
    "GET history": 10,
    "GET search": 5,
    "GET stale": 3,
    "POST rank": 2,
    "POST runs": 10,
}


@dataclass(slots=True)
class Load:
    """What the connections saw: seconds by route, statuses, and how much memory the service had in the middle."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)
    resident_bytes: list[int] = field(default_factory=list)

    @property
    def failures(self) -> int:
        """How many requests were not answered with a success."""
        return sum(many for status, many in self.statuses.items() if status != httpx2.codes.OK)


def load(stages: Sequence[Stage]) -> Section:
    """Put the service on each store under load."""
    sizes = stages[0].sizes
    return Section(
        "The service under load",
        f"{sizes.connections} connections for {sizes.load_s:.0f} s, nine requests of ten ask and one logs a run, each"
        " durable before its answer; traces of about 40 nodes, rankings of 100 outputs. The clients have the same"
        " cores. Memory is what the service has resident after a third of the time and at the end, the pages of the"
        " store's file apart.",
        [row for stage in stages for row in _loaded(stage)],
    )


def _loaded(stage: Stage) -> Iterator[Row]:
    with served(stage) as (address, process):
        found = asyncio.run(_drive(address, stage, process.pid))
    requests = sum(map(len, found.seconds.values()))
    before, after = found.resident_bytes[0], found.resident_bytes[-1]
    aims = (
        Aim("no failure", found.failures == 0),
        Aim("memory flat", after <= MOST_GROWTH * before),
    )
    rate = as_rate(requests, stage.sizes.load_s, "requests/s")
    memory = f"{as_memory(before)}, then {as_memory(after)}"
    yield Row(f"all, {found.failures} failures", stage.store, rate, "memory", memory, aims=aims)
    for route in MIX:
        if times := found.seconds[route]:
            yield Row(f"{route} ({len(times):,})", stage.store, f"p50 {_at(times, 50)}", "p95, p99", _tail(times))


def _tail(times: Sequence[float]) -> str:
    return f"{_at(times, 95)}, {_at(times, 99)}"


def _at(times: Sequence[float], percent: int) -> str:
    cuts = quantiles([*times, *times], n=100, method="inclusive")
    return as_time(cuts[percent - 1])


async def _drive(address: str, stage: Stage, service: int) -> Load:
    found, ends_at = Load(), time.perf_counter() + stage.sizes.load_s
    limits = httpx2.Limits(max_connections=stage.sizes.connections)
    async with httpx2.AsyncClient(base_url=f"{address}{API}", timeout=60, limits=limits) as api:
        senders = (_send(api, stage, found, number, ends_at) for number in range(stage.sizes.connections))
        await asyncio.gather(_watch(found, service, stage.sizes.load_s), *senders)
    found.resident_bytes.append(resident_bytes(service))
    return found


async def _watch(found: Load, service: int, load_s: float) -> None:
    await asyncio.sleep(load_s / 3)
    found.resident_bytes.append(resident_bytes(service))


async def _send(api: httpx2.AsyncClient, stage: Stage, found: Load, number: int, ends_at: float) -> None:
    rng = Random(number)
    requests = _requests(stage, rng, number)
    while time.perf_counter() < ends_at:
        [route] = rng.choices(list(MIX), list(MIX.values()))
        path, words = requests[route]()
        begun = time.perf_counter()
        got = await api.request(route.split()[0], path, **words)
        found.seconds[route].append(time.perf_counter() - begun)
        found.statuses[got.status_code] += 1


def _requests(stage: Stage, rng: Random, number: int) -> Mapping[str, Callable[[], Request]]:
    prepared, nodes = stage.prepared, min(stage.prepared.traced)
    facts = [fact for batch in prepared.batches[:3] for fact in batch]

    def logged() -> Request:
        ident = f"load-{number}-{rng.getrandbits(64):x}"
        read = [{"name": rng.choice(facts).outputs[0].name}]
        return "/runs", {"json": {"id": ident, "component": "load", "inputs": read, "outputs": [{"name": ident}]}}

    return {
        "GET trace": lambda: ("/trace", {"params": {"of": prepared.traced[nodes]}}),
        "GET impact": lambda: ("/impact", {"params": {"of": prepared.reaching[nodes]}}),
        "GET runs/ID": lambda: (f"/runs/{rng.choice(facts).id}", {}),
        "GET runs": lambda: ("/runs", {}),
        "GET history": lambda: (f"/components/{rng.choice(facts).component}/history", {}),
        "GET search": lambda: ("/search", {"params": {"text": rng.choice(facts).outputs[0].name}}),
        "GET stale": lambda: ("/stale", {"params": {"of": rng.choice(facts).id}}),
        "POST rank": lambda: ("/rank", {"json": {"outputs": list(prepared.predictions[:100])}}),
        "POST runs": logged,
    }


@contextmanager
def served(stage: Stage) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `headwater serve` on a stage's store; give its address and process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
    environ = {**kept, "HEADWATER_STORE": stage.peer.url, "HEADWATER_API_RATE": "1000000"}
    environ["HEADWATER_API_TOKENS"] = str(stage.folder / "no-tokens")
    log = stage.folder / f"service-{stage.store}.log"
    command = [sys.executable, "-m", "headwater.cli", "serve", "--port", "0"]
    with log.open("w") as out, subprocess.Popen(command, cwd=ROOT, env=environ, stderr=out) as process:
        try:
            yield _address(log, process), process
        finally:
            process.terminate()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    while (found := _ADDRESS.search(log.read_text("utf-8"))) is None:
        if process.poll() is not None:
            raise subprocess.CalledProcessError(process.returncode, process.args, stderr=log.read_text("utf-8"))
        time.sleep(0.05)
    return found[1]


def resident_bytes(process: int) -> int:
    """Return how much memory of its own a process has resident; 0 where the system does not tell."""
    status = Path(f"/proc/{process}/status")
    found = _RESIDENT.search(status.read_text("utf-8")) if status.exists() else None
    return int(found[1]) * 1024 if found else 0
