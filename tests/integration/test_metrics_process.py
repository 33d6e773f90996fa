"""Programs that end at once, fork or race compute their metrics and send each alert once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import headwater
from tests.support.http_service import process

DEADLINE_S = 120.0
PROGRAM = """
import multiprocessing, os, sys
import headwater
from headwater import metrics

def told(alert):
    descriptor = os.open("alerts", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{alert.phase} {alert.value.value:.2f}\\n".encode())
    os.close(descriptor)

recall = headwater.SLA(headwater.Metric("recall", metrics.recall()), ">= 0.9", window=100)
predict = headwater.Component("predict", metrics=[recall], sinks=[told])

@predict.run
def work(first, right):
    predict.log_outputs({first + n: n < right for n in range(10)})
    predict.log_feedback({first + n: True for n in range(10)})
"""


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    ours = {key: value for key, value in os.environ.items() if not key.startswith("HEADWATER_")}
    quiet = {"PYTHONWARNINGS": "ignore::DeprecationWarning"}
    return {**ours, **quiet, "HEADWATER_STORE": f"sqlite:///{tmp_path}/lineage.db"}


def programs(folder: Path, environment: Mapping[str, str], *bodies: str) -> list[str]:
    """Run programs at the same time, each to its end; return the lines of their alerts."""
    running = []
    for number, body in enumerate(bodies):
        path = folder / f"program{number}.py"
        path.write_text(PROGRAM + textwrap.dedent(body), encoding="utf-8")
        running.append(subprocess.Popen([sys.executable, str(path)], cwd=folder, env=environment))
    assert [one.wait(DEADLINE_S) for one in running] == [0] * len(bodies)
    alerts = folder / "alerts"
    return alerts.read_text("utf-8").splitlines() if alerts.exists() else []


def printed(store: str, *words: str) -> Any:
    """Return the document that the command line prints."""
    command = [sys.executable, "-m", "headwater.cli", "--store", store, *words, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=DEADLINE_S).stdout)


def test_a_program_that_ends_at_once_has_its_metrics_and_its_alert(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    assert programs(tmp_path, environment, "work(0, 5)") == ["opened 0.50"]
    with headwater.connect(environment["HEADWATER_STORE"]) as lineage:
        [found] = lineage.metrics("predict")
        assert (found.newest.value, found.newest.rows) == (0.5, 10)


def test_programs_that_race_open_one_incident_and_tell_it_once(tmp_path: Path, environment: Mapping[str, str]) -> None:
    bodies = [f"for n in range(4): work({100 * place} + 10 * n, 5); headwater.flush()" for place in range(3)]
    assert programs(tmp_path, environment, *bodies) == ["opened 0.50"]
    (tmp_path / "alerts").unlink()
    well = "for n in range(11): work(1000 + 10 * n, 10); headwater.flush()"
    assert programs(tmp_path, environment, well) == ["closed 0.90"]
    with headwater.connect(environment["HEADWATER_STORE"]) as lineage:
        assert (lineage.alerts(), len(lineage.alerts(only_open=False))) == ([], 1)


def test_a_program_whose_store_is_a_service_has_its_metrics_and_its_alert(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    body = """
        def missed(y_true, y_pred):
            return sum(label and not output for label, output in zip(y_true, y_pred))

        watched = headwater.Component("watched", metrics=[headwater.Metric("missed", missed)])
        watched.log_outputs({n: n < 8 for n in range(10)})
        watched.log_feedback({n: True for n in range(10)})
        headwater.flush()
        with watched.running():
            pass
        work(0, 5)
    """
    with process(environment["HEADWATER_STORE"], "--port", "0", folder=tmp_path) as (url, _):
        assert programs(tmp_path, {**environment, "HEADWATER_STORE": url}, body) == ["opened 0.50"]
        found = [printed(url, "metrics", name)["metrics"] for name in ("predict", "watched")]
        [incident] = printed(url, "alerts")["alerts"]
    told = [(one["metric"], *map(one["values"][0].get, ("value", "rows", "verdict"))) for [one] in found]
    assert told == [("recall", 0.5, 10, "breach"), ("missed", 2.0, 10, "unjudged")]
    assert (incident["metric"], incident["opened"]["value"], incident["closed"]) == ("recall", 0.5, None)


def test_a_forked_worker_computes_its_own(tmp_path: Path, environment: Mapping[str, str]) -> None:
    body = """
        work(0, 10)
        headwater.flush()
        worker = multiprocessing.get_context("fork").Process(target=work, args=(10, 0))
        worker.start()
        worker.join()
        sys.exit(worker.exitcode)
    """
    assert programs(tmp_path, environment, body) == ["opened 0.50"]
