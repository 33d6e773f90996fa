"""The blocks of docs/py2neo.md run in order on a real server."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from headwater.graph.facts import RunFact, as_input, as_output
from headwater.graph.neo4j import Neo4jEngine
from headwater.graph.query_store import QueryStore
from tests.support.neo4j_database import Database

RUNS = [
    ("r1", "clean", "raw.csv", "clean.csv"),
    ("r2", "train", "clean.csv", "model.joblib"),
    ("r3", "predict", "model.joblib", "predictions.csv"),
]


@pytest.fixture
def database(neo4j_url: Database) -> Database:
    """A server that holds the runs of which the page speaks."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    facts = [
        RunFact(run, component, None, at, at, (as_input(read),), (as_output(wrote),))
        for number, (run, component, read, wrote) in enumerate(RUNS)
        for at in [start + timedelta(hours=number)]
    ]
    with QueryStore(Neo4jEngine(neo4j_url.url, neo4j_url.user, neo4j_url.password)) as store:
        store.record(facts)
    return neo4j_url


def test_the_page_runs(database: Database, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (checkout / "docs" / "py2neo.md").read_text(encoding="utf-8")
    # py2neo looks for the classes of a model in the module of the class that names them.
    module = ModuleType("page_of_py2neo")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    vars(module).update(bolt_url=database.url, user=database.user, password=database.password)
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)

    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"docs/py2neo.md, block {number}", "exec"), vars(module))

    assert len(blocks) == 6
