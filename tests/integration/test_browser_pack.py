"""The pack for Neo4j Browser does in Neo4j Browser what it says, and so does the picture of docs/queries.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import neo4j
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, Fact, Output, RunFact, as_input, as_output
from headwater.graph.neo4j import Neo4jEngine
from headwater.graph.query_store import QueryStore
from headwater.queries.catalogue import catalogue
from headwater.queries.export import export_pack
from tests.support.browser_pages import run_page, statements
from tests.support.chromium import PATIENCE_S, chromium, found
from tests.support.neo4j_database import Database, RunningServer
from tests.support.neo4j_server import Neo4jServer

NAMES = [query.name for query in catalogue()]
ANSWERING = [
    name for name in NAMES if name.startswith(("trace/", "rank/", "runs/", "store/")) and name != "store/terminate"
]
TRACED = {"predictions.csv@r3", "r3", "model.joblib@r2", "r2", "clean.csv@r1", "r1", "raw.csv@external"}

# The headers' examples ask for these.
RUNS = [
    ("r1", "clean", "raw.csv", "clean.csv"),
    ("r2", "train", "clean.csv", "model.joblib"),
    ("r3", "predict", "model.joblib", "predictions.csv"),
    ("r4", "predict", "model.joblib", "predictions.csv"),
]


def some_facts() -> Iterator[Fact]:
    start = datetime(2019, 3, 1, tzinfo=UTC)
    for number, (run, component, read, wrote) in enumerate(RUNS):
        at = start + timedelta(hours=number)
        yield RunFact(run, component, None, at, at, (as_input(read),), (as_output(wrote),))
    yield Annotation("predictions.csv@r3", "flag", True, at=start)
    yield Annotation("predictions.csv@r3", "label", "c-17", key="client", at=start)
    yield RunFact("r5", "publish", None, start, start, outputs=(Output("public.csv", "sha256:0"),))
    yield Erasure.of_payload("r5", "d1", start)
    yield ComponentFact("train", owner="ml", at=start, facets={"docs": "Fits the model."})


def fill(database: Database) -> None:
    """Leave in the database what the examples ask for, and nothing else."""
    database.empty()
    with QueryStore(Neo4jEngine(database.url, database.user, database.password)) as store:
        store.record(some_facts())


@pytest.fixture(scope="module")
def session(neo4j_server: RunningServer) -> Iterator[neo4j.Session]:
    database = Database.of(neo4j_server)
    fill(database)
    with database.driver() as driver, driver.session(database=database.name) as session:
        yield session


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    export_pack(catalogue(), folder)
    return folder


def page(pack: Path, name: str) -> str:
    return (pack / f"{name.replace('/', '_')}.cypher").read_text(encoding="utf-8")


@pytest.fixture
def picture(checkout: Path) -> str:
    """The page that draws a trace, from the documentation."""
    [found] = re.findall(
        r"```cypher\n(.*?)```", (checkout / "docs" / "queries.md").read_text(encoding="utf-8"), re.DOTALL
    )
    return str(found)


@pytest.mark.parametrize("name", NAMES)
def test_each_page_runs_or_is_planned(session: neo4j.Session, pack: Path, name: str) -> None:
    rows = run_page(session, page(pack, name))
    assert rows or name not in ANSWERING


def test_a_page_splits_where_neo4j_browser_splits_it() -> None:
    pasted = "// A title; not the end.\n:param text => 'a;b';\n\nRETURN $text AS `;` // done;\n;\n"
    assert list(statements(pasted)) == [":param text => 'a;b'", "RETURN $text AS `;` // done;"]


def test_the_picture_of_the_documentation_is_the_whole_trace(session: neo4j.Session, picture: str) -> None:
    rows = run_page(session, picture)

    assert rows is not None
    assert {row["n"]["id"] for row in rows} == TRACED
    edges = {(e.start_node["id"], e.end_node["id"]) for row in rows if (e := row["e"]) is not None}
    assert len(edges) == 6


@pytest.fixture
def window(neo4j_process: Neo4jServer) -> Iterator[webdriver.Chrome]:
    """Neo4j Browser in a headless Chromium, logged in to a server that holds what the examples ask for."""
    with chromium("Neo4j Browser itself") as driver:
        fill(Database.of(neo4j_process))
        _log_in(driver, neo4j_process)
        yield driver


def _log_in(driver: webdriver.Chrome, server: Neo4jServer) -> None:
    driver.get(server.browser_url)
    if server.password:
        found(driver, "input[type=password]").send_keys(server.password, Keys.ENTER)
    WebDriverWait(driver, PATIENCE_S).until(lambda _: "You are connected" in driver.page_source)


def paste(driver: webdriver.Chrome, text: str) -> None:
    """Paste one statement into the editor and run it; typing would have the editor close quotes and brackets."""
    found(driver, "[data-testid=activeEditor] .monaco-editor").click()
    driver.execute_cdp_cmd("Input.insertText", {"text": text})
    found(driver, "[data-testid=editor-Run]").click()


def shown(driver: webdriver.Chrome, texts: set[str]) -> bool:
    """Wait until the newest answer shows all of these texts."""
    wait = WebDriverWait(driver, PATIENCE_S)
    return wait.until(lambda _: texts <= set(re.split(r'[\s"]+', found(driver, "[data-testid=frame]").text)))


def drawn(driver: webdriver.Chrome, nodes: int) -> bool:
    """Wait until the newest answer draws this many nodes: the picture comes some time after its caption."""
    found_all = partial(driver.find_elements, By.CSS_SELECTOR, "[data-testid=frame] g.node")
    return WebDriverWait(driver, PATIENCE_S).until(lambda _: len(found_all()) == nodes)


def test_neo4j_browser_answers_with_a_table_and_draws_the_picture(
    window: webdriver.Chrome, pack: Path, picture: str
) -> None:
    setting, query = statements(page(pack, "trace/upstream"))
    paste(window, setting)
    assert shown(window, {"predictions.csv@r3"})

    paste(window, query)
    assert shown(window, TRACED)

    [_, drawing] = statements(picture)
    paste(window, drawing)
    assert shown(window, {"Displaying", "7", "nodes,", "6", "relationships."})
    assert drawn(window, nodes=7)
