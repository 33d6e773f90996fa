"""Metrics and alerts on the command line, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import headwater
from headwater.cli.app import app
from headwater.cli.context import options
from headwater.graph.facts import RunFact
from headwater.graph.measures import Measured, Terms
from headwater.testing.rules import at

TERMS = Terms(">= 0.9", "page", min_rows=2)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(options, "json", False)
    url = f"sqlite:///{tmp_path}/lineage.db"
    with headwater.connect(url) as lineage:
        lineage.record([RunFact(f"r{n}", "predict", started_at=at(n)) for n in range(4)])
        lineage.record([RunFact("t", "train", started_at=at(0))])
        recalls = [0.95, 0.5, None, 0.75]
        lineage.record(
            Measured("predict", "recall", f"r{n}", value, 120, "7 d", TERMS, at=at(n))
            for n, value in enumerate(recalls)
        )
        lineage.record([Measured("predict", "loss", "r3", None, 0, "run", message="ValueError: no\x1b[0m", at=at(3))])
        lineage.record([Measured("serve", "ms", f"r{n}", n, terms=Terms("< 1"), at=at(n)) for n in (1, 0)])
        lineage.record([Measured("serve", "ms", "r2", 0, terms=Terms("< 1"), at=at(2))])
    return url


def run(store: str, *words: str) -> Result:
    return CliRunner().invoke(app, ["--store", store, *words])


def document(store: str, *words: str) -> Any:
    done = run(store, *words, "--json")
    assert done.exit_code == 0
    return json.loads(done.stdout)


def test_a_component_shows_its_metrics_with_their_verdicts_and_history(store: str) -> None:
    _, loss, recall = (line.split("  ") for line in run(store, "metrics", "predict").stdout.splitlines())
    assert [cell.strip() for cell in recall if cell.strip()] == [
        *("recall", "7 d", "0.75", "120", ">= 0.9", "breach", "█▁ ▅", "2026-01-01 00:00:03", "r3")
    ]
    assert "ValueError: no\\x1b[0m" in "  ".join(loss)


def test_the_document_has_each_value_with_its_run(store: str) -> None:
    found = document(store, "metrics", "predict", "--limit", "2")
    assert (found["component"], [one["metric"] for one in found["metrics"]]) == ("predict", ["loss", "recall"])
    assert [(one["run"], one["value"], one["verdict"]) for one in found["metrics"][1]["values"]] == [
        ("r3", 0.75, "breach"),
        ("r2", None, "insufficient"),
    ]


def test_open_incidents_are_listed_and_closed_ones_on_request(store: str) -> None:
    [opened] = document(store, "alerts")["alerts"]
    both = document(store, "alerts", "--all")["alerts"]
    assert (opened["metric"], opened["opened"]["run"], opened["closed"]) == ("recall", "r1", None)
    assert [(one["metric"], one["closed"] and one["closed"]["run"]) for one in both] == [("recall", None), ("ms", "r2")]
    assert run(store, "alerts").stdout.split()[-5:] == ["7", "d", "2026-01-01", "00:00:01", "r1"]


def test_a_run_shows_the_metrics_that_were_recorded_with_it(store: str) -> None:
    [_, recall] = document(store, "inspect", "r3")["metrics"]
    assert (recall["metric"], recall["value"], recall["bound"], recall["severity"]) == (
        "recall",
        0.75,
        ">= 0.9",
        "page",
    )
    assert "metric  recall  0.75 of 120 rows, 7 d, breach (>= 0.9)" in run(store, "inspect", "r3").stdout


def test_what_is_not_there_is_said(store: str) -> None:
    assert run(store, "metrics", "train").stdout == "the component has no metrics\n"
    assert document(store, "metrics", "train") == {"component": "train", "metrics": []}
    assert run(store, "metrics", "nobody").exit_code == 1
