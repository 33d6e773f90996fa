"""The command line on a real server gives the documents that it gives on a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import headwater
from headwater.graph.facts import Input, Output, RunFact, Status
from tests.support.neo4j_database import Database
from tests.support.neo4j_server import Neo4jServer

START = datetime(2026, 1, 1, tzinfo=UTC)
FACT = RunFact("r1", "clean", Status.COMPLETED, START, START, (Input("raw.csv"),), (Output("clean.csv"),))


def _headwater(store: str, password: str | None, *words: str) -> tuple[int, Any]:
    environ = {**os.environ, "HEADWATER_NEO4J_PASSWORD": password or ""}
    command = [sys.executable, "-m", "headwater.cli", "--store", store, "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_a_trace_is_the_same_on_a_server_and_in_a_file(neo4j_url: Database, tmp_path: Path) -> None:
    file = f"sqlite:///{tmp_path}/lineage.db"
    with headwater.connect(file) as lineage:
        lineage.record([FACT])
    with headwater.connect(neo4j_url.url, user=neo4j_url.user, password=neo4j_url.password) as lineage:
        lineage.record([FACT])
    for words in (["trace", "clean.csv"], ["digest"], ["history", "clean"]):
        on_server, in_file = (_headwater(url, neo4j_url.password, *words) for url in (neo4j_url.url, file))
        assert _unmarked(on_server) == _unmarked(in_file)
    _, about = _headwater(neo4j_url.url, neo4j_url.password, "doctor")
    assert about["software"].startswith("Neo4j 5.26")


def _unmarked(found: tuple[int, dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """Without the watermark, which counts what a store has recorded."""
    return found[0], {key: value for key, value in found[1].items() if key != "watermark"}


def test_a_wrong_password_is_a_named_failure(neo4j_process: Neo4jServer) -> None:
    code, found = _headwater(neo4j_process.bolt_url, "not the password", "stats")
    assert (code, found["error"]["code"]) == (1, "authentication_failed")
