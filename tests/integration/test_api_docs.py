"""The page about the service is true, and so are the clients: every example runs against a real one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import headwater
from headwater.api.documentation import examples
from headwater.api.tokens import Scope, TokenFolder
from tests.support.chromium import chromium, found
from tests.support.http_service import pipeline, process

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^curl .*$", PAGE, re.MULTILINE)
# One goes on where another ended.
SESSION = [example for example in EXAMPLES if "/deletions" in example]
CLIENTS = {
    "curl": (["sh", "clients/log.sh"], "curl.csv@curl-1"),
    "node": (["node", "clients/log.mjs"], "node.csv@node-1"),
    "java": (["java", "clients/Log.java"], "java.csv@java-1"),
}


@dataclass(frozen=True, slots=True)
class Served:
    """A running service with the environment that its clients read."""

    store: str
    environ: dict[str, str]

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    store = f"sqlite:///{folder}/lineage.db"
    with headwater.connect(store) as lineage:
        lineage.record(pipeline())
    _, token = TokenFolder(folder / "tokens").add("docs", [Scope.ADMIN])
    with process(store, "--port", "0", folder=folder) as (url, _):
        yield Served(store, {**os.environ, "HEADWATER_URL": url, "HEADWATER_TOKEN": token})


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example not in SESSION])
def test_each_example_of_the_page_runs(served: Served, example: str) -> None:
    run(served, example)


def test_the_deletion_of_the_page_runs(served: Served) -> None:
    for example in SESSION:
        run(served, example)


def run(served: Served, example: str) -> None:
    fail_with_body = example.replace(
        "curl ", 'curl -sS --fail-with-body -H "Authorization: Bearer $HEADWATER_TOKEN" ', 1
    )
    text = served.run("sh", "-c", fail_with_body)
    if "$HEADWATER_URL/metrics" in example:
        assert "headwater_request_seconds" in text
    else:
        assert all(json.loads(line).keys() != {"error"} for line in text.splitlines())


def test_the_python_of_the_page_prints_what_it_says(served: Served) -> None:
    [block] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    [said] = re.findall(r"  # (\[.*)$", block, re.MULTILINE)
    assert served.run(sys.executable, "-c", block).splitlines() == [said]


def test_every_route_stands_on_the_page() -> None:
    asked = {re.sub(r"\?.*", "", path) for path in re.findall(r"\$HEADWATER_URL(/[^\"]*)", PAGE)}
    for name, example in examples().items():
        request = example["request"]
        path = request.split()[1].partition("?")[0] if isinstance(request, str) else None
        assert path is None or path in asked, name
    assert {"/api/v1/rank", "/api/v1/runs", "/api/v1/flags", "/api/v1/feedback", "/metrics"} <= asked


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_logs_a_run_and_reads_its_trace(served: Served, client: str) -> None:
    if shutil.which(client) is None:
        pytest.skip(f"NOT TESTED: {client} is not installed")
    command, state = CLIENTS[client]
    found = json.loads(served.run(*command))
    with headwater.connect(served.store) as lineage:
        assert found == lineage.trace(state).to_dict()
    assert {"r4", state} < {node["id"] for node in found["nodes"]}


def test_the_page_of_routes_shows_itself_without_another_host(served: Served) -> None:
    with chromium("the page at /docs") as window:
        window.get(f"{served.environ['HEADWATER_URL']}/docs")
        found(window, "#operations-lineage-trace button").click()
        assert found(window, "#operations-lineage-trace .try-out").is_displayed()
        assert [line["message"] for line in window.get_log("browser")] == []  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("file", sorted((ROOT / "clients").iterdir()), ids=lambda file: file.name)
def test_a_client_is_shorter_than_twenty_lines(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) < 20
