"""The HTTP service on a small pipeline: in this process for most tests, as a process with a port for the others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import uvicorn
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from headwater.api.app import create_app
from headwater.graph.connect import open_store
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact, Status
from headwater.graph.measures import Measured, MetricFact, Terms
from headwater.graph.metrics.store import metrics_of
from headwater.graph.store import Store
from headwater.settings import Settings

START = datetime(2026, 1, 1, tzinfo=UTC)
DEADLINE_S = 60.0
_ADDRESS = re.compile(r"Uvicorn running on (http://[^ ]+)")
Service: TypeAlias = "subprocess.Popen[bytes]"


def pipeline() -> list[Fact]:
    """Return a pipeline of three stages, of which the first two ran again with other parameters."""
    return [
        ComponentFact("train", "fits the model", "ann", ("nightly",), timedelta(days=7), START),
        ran("r1", "clean", 0, "raw.csv", "clean.csv"),
        ran("r2", "train", 2, "clean.csv", "model.joblib", lr=0.1),
        ran("r3", "predict", 4, "model.joblib", "out.csv"),
        ran("r4", "train", 6, "clean.csv", "model.joblib", lr=0.2),
        ran("r5", "predict", 8, "model.joblib", "out2.csv"),
        Annotation("out2.csv@r5", "flag", True, who="ann", why="all zero", at=START + timedelta(hours=1)),
        Annotation("out.csv@r3", "label", "c-17", "client", at=START + timedelta(hours=1)),
    ]


def quality() -> list[MetricFact]:
    """Return two values of the pipeline's recall, of which one SLA thinks little."""
    terms = Terms(">= 0.9", "page")
    values = [("r3", 0.85, 60, 5), ("r5", 0.8, 120, 9)]
    return [
        Measured("predict", "recall", run, value, rows, "7 d", terms, at=START + timedelta(minutes=minute))
        for run, value, rows, minute in values
    ]


def ran(run: str, component: str, minute: int, read: str, wrote: str, **params: float) -> RunFact:
    """Return a run of one minute."""
    begin = START + timedelta(minutes=minute)
    end = begin + timedelta(minutes=1)
    return RunFact(run, component, Status.COMPLETED, begin, end, (Input(read),), (Output(wrote),), params)


def settings(folder: Path, **changed: Any) -> Settings:
    """Return settings whose tokens are in the folder."""
    return Settings(**{"api_tokens": folder / "tokens", **changed})


def client(store: Store, found: Settings, **headers: str) -> TestClient:
    """Return a client on this machine."""
    app = create_app(found, store)
    return TestClient(
        app, "http://localhost", raise_server_exceptions=False, headers=headers, client=("127.0.0.1", 50_000)
    )


@contextmanager
def served(folder: Path, **changed: Any) -> Iterator[TestClient]:
    """Serve the pipeline from a file in the folder."""
    with open_store(f"sqlite:///{folder}/lineage.db") as store:
        store.record(pipeline())
        metrics_of(store).record(quality())
        yield client(store, settings(folder, **changed))


@contextmanager
def process(store: str, *words: str, folder: Path, **environ: str) -> Iterator[tuple[str, Service]]:
    """Run `headwater serve` on a free port until the end of the context; give its address and the process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
    command = [sys.executable, "-m", "headwater.cli", "serve", *words]
    environ = {**kept, "HEADWATER_STORE": store, "HEADWATER_API_TOKENS": str(folder / "tokens"), **environ}
    log = folder / "service.log"
    with log.open("w") as stderr, subprocess.Popen(command, env=environ, stderr=stderr) as running:
        try:
            yield _address(log, running), running
        finally:
            running.terminate()
            running.wait(DEADLINE_S)


def lines(folder: Path) -> list[dict[str, Any]]:
    """Return what the process has written into its log."""
    return [json.loads(line) for line in (folder / "service.log").read_text().splitlines()]


def _address(log: Path, running: Service) -> str:
    def answers() -> bool:
        assert running.poll() is None, log.read_text()
        return _ADDRESS.search(log.read_text()) is not None

    until(answers)
    found = _ADDRESS.search(log.read_text())
    assert found is not None
    return found[1]


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """Serve on a port of this process until the end of the context; give the address."""
    config = uvicorn.Config(app, port=0, log_config=None, h11_max_incomplete_event_size=1 << 16)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        [socket] = server.servers[0].sockets
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(DEADLINE_S)


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, for a minute at most."""
    give_up_at, pause = time.monotonic() + DEADLINE_S, threading.Event()
    while not is_so():
        assert time.monotonic() < give_up_at
        pause.wait(0.01)
