"""Every query is planned as its header promises: by index, however little the planner knows of the data.

Neo4j plans, and keeps the plan, while a database is new. So each query is planned on a new database, on one that was
just filled (its statistics still say that it is empty), and on one whose statistics are up to date.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import neo4j
import pytest

from headwater.graph.embedded import SQLiteEngine
from headwater.graph.facts import ComponentFact, Fact, Input, Output, RunFact
from headwater.graph.neo4j import Neo4jEngine
from headwater.graph.query_store import QueryStore
from headwater.queries.catalogue import Query, catalogue
from tests.support.browser_pages import browser_values
from tests.support.neo4j_database import Database, RunningServer

QUERIES = [query for query in catalogue() if not query.name.startswith("schema/")]
NAMES = [query.name for query in QUERIES]
STAGES = ("new", "filled", "sampled")

# What a header calls the whole of each label and table. Locks are 256 and waiting re-bindings as a rule none.
WHOLE = {
    "Alert": "all alerts",
    "Annotation": "all annotations",
    "CONSUMED_BY": "all inputs",
    "Component": "all components",
    "Correction": "all corrections",
    "ComponentRun": "all runs",
    "Entry": "the entries",
    "Erasure": "all erasures",
    "Facet": "all facets",
    "IOPointer": "all states",
    "Incident": "all incidents",
    "Measurement": "all values",
    "MetricSeries": "all series",
    "Observation": "all rows",
    "Kept": "all that is kept",
    "PRODUCED": "all outputs",
    "WindowState": "all windows",
    "alert": "all alerts",
    "Salt": "the salts",
    "annotation": "all annotations",
    "component": "all components",
    "consumption": "all inputs",
    "correction": "all corrections",
    "erasure": "all erasures",
    "facet": "all facets",
    "incident": "all incidents",
    "measurement": "all values",
    "name": "all names",
    "observation": "all rows",
    "register": "the entries",
    "run": "all runs",
    "series": "all series",
    "salt": "the salts",
    "state": "all states",
    "window_state": "all windows",
    "vault": "all that is kept",
}
BOOKKEEPING = {"Lock", "Rebinding", "Register"}


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of a plan on Neo4j."""

    kind: str
    details: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of one statement, and the columns that it gives."""

    columns: tuple[str, ...]
    operators: tuple[Operator, ...]


def explained(session: neo4j.Session, statement: str, params: dict[str, Any]) -> Plan:
    result = session.run(f"EXPLAIN {statement}", params)
    columns = tuple(result.keys())
    plan = result.consume().plan
    assert plan is not None
    return Plan(columns, tuple(_operators(plan)))


def _operators(plan: Mapping[str, Any]) -> Iterator[Operator]:
    yield Operator(plan["operatorType"].partition("@")[0], plan["args"].get("Details", ""))
    for child in plan.get("children", ()):
        yield from _operators(child)


def faults(statement: str, cost: str, plan: Plan) -> list[str]:
    """Return what is wrong with the plan of a Cypher statement whose header says this cost."""
    kinds = [operator.kind for operator in plan.operators]
    found = [kind for kind in kinds if kind in {"AllNodesScan", "CartesianProduct"}]
    found += [f"{each.kind} {each.details}" for each in plan.operators if _reads_too_much(each, cost)]
    if "*0.." in statement and not any(kind.startswith("VarLengthExpand(Pruning,BFS") for kind in kinds):
        found.append("enumerates paths")
    if "sorts" not in cost:
        found += [f"{each.kind} {each.details}" for each in plan.operators if _sorts_for_one(each)]
    return found


def _reads_too_much(operator: Operator, cost: str) -> bool:
    if not operator.kind.endswith("Scan") or operator.kind == "AllNodesScan":
        return False
    labels = set(re.findall(r":(\w+)", operator.details))
    return any(WHOLE[label] not in cost for label in labels - BOOKKEEPING)


def _sorts_for_one(operator: Operator) -> bool:
    """Tell a look-up of the first state or run that sorts all of them: an index gives them in order."""
    return operator.kind in {"Top", "PartialTop"} and re.search(r"LIMIT \d", operator.details) is not None


def some_facts() -> Iterator[Fact]:
    """Yield 300 runs of a small pipeline that writes the same names every day."""
    stages = [
        ("clean", "raw.csv", "clean.csv"),
        ("train", "clean.csv", "model.joblib"),
        ("predict", "model.joblib", "predictions.csv"),
    ]
    start = datetime(2019, 3, 1, tzinfo=UTC)
    for number in range(300):
        component, read, wrote = stages[number % 3]
        at = start + timedelta(hours=number)
        yield RunFact(f"r{number}", component, None, at, at, (Input(read),), (Output(wrote),))
    yield ComponentFact("train", owner="ml", at=start)


@pytest.fixture(scope="module")
def plans(neo4j_server: RunningServer) -> dict[tuple[str, str], list[Plan]]:
    """The plans of each statement of each query, by stage and name."""
    database = Database.of(neo4j_server)
    database.wipe()
    found = {}
    engine = Neo4jEngine(database.url, database.user, database.password)
    with QueryStore(engine) as store, database.driver() as driver, driver.session(database=database.name) as session:
        for stage in STAGES:
            if stage == "filled":
                store.record(some_facts())
            if stage == "sampled":
                session.run("CALL db.prepareForReplanning(60)").consume()
            session.run("CALL db.clearQueryCaches()").consume()
            found.update({(stage, query.name): _plans(session, query) for query in QUERIES})
    return found


def _plans(session: neo4j.Session, query: Query) -> list[Plan]:
    params = browser_values(session, query.cypher.browser)
    return [explained(session, statement.text, params) for statement in query.cypher.statements]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", NAMES)
def test_neo4j_finds_by_index_what_a_query_asks_for(
    plans: dict[tuple[str, str], list[Plan]], name: str, stage: str
) -> None:
    query = catalogue()[name]
    planned = zip(query.cypher.statements, plans[stage, name], strict=True)
    assert [fault for each, plan in planned for fault in faults(each.text, query.cypher.cost, plan)] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_columns_are_those_of_the_header(plans: dict[tuple[str, str], list[Plan]], name: str) -> None:
    assert plans["new", name][-1].columns == tuple(column.name for column in catalogue()[name].columns)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("MATCH (n) WHERE n.id = $id RETURN n", "AllNodesScan"),
        ("MATCH (a:IOPointer {id: $id}), (b:ComponentRun {id: $id}) RETURN a, b", "CartesianProduct"),
        ("MATCH (r:ComponentRun) WHERE r.status = $id RETURN r", "NodeByLabelScan r:ComponentRun"),
        ("MATCH ()-[c:PRODUCED]->() RETURN c.at AS at", "DirectedRelationshipTypeScan"),
        ("MATCH (t:IOPointer {id: $id})<-[c:CONSUMED_BY|PRODUCED*0..]-(n) RETURN n, c", "enumerates paths"),
        ("MATCH (p:IOPointer {name: $id}) RETURN p ORDER BY p.type DESC LIMIT 1", "Top"),
    ],
)
def test_a_bad_plan_is_seen(neo4j_server: RunningServer, statement: str, fault: str) -> None:
    database = Database.of(neo4j_server)
    QueryStore(Neo4jEngine(database.url, database.user, database.password)).close()
    with database.driver() as driver, driver.session(database=database.name) as session:
        plan = explained(session, statement, {"id": "x"})
    assert any(found.startswith(fault) for found in faults(statement, "one index seek", plan))


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A connection of its own to a file with the product's schema."""
    path = tmp_path_factory.mktemp("plans") / "lineage.db"
    QueryStore(SQLiteEngine(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("regexp", 2, lambda pattern, text: bool(re.fullmatch(pattern, text)))
        connection.create_function("lower_unicode", 1, str.lower)
        statements = [each.text for query in QUERIES for each in query.sql.statements]
        for temporary in filter(re.compile("CREATE TEMP").match, statements):
            connection.execute(temporary)
        yield connection


def scanned(connection: sqlite3.Connection, statement: str, params: Iterable[str]) -> set[str]:
    """Return the tables that SQLite reads from end to end, by index or not."""
    steps = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", dict.fromkeys(params))]
    tables = "|".join(table for table in WHOLE if table.islower())
    named = re.findall(rf"\b(?:FROM|JOIN|UPDATE|INTO)\s+({tables})\b(?:\s+AS\s+(\w+))?", statement)
    by_alias = {alias or table: table for table, alias in named}
    # What is flagged has an index of its own, and so have the labels of rows; that alone is read.
    found = [re.match(r"SCAN (\w+)\b(?! USING (?:COVERING )?INDEX (?:state_flagged|facet_by_label))", s) for s in steps]
    return {by_alias[step[1]] for step in found if step and step[1] in by_alias}


@pytest.mark.parametrize("name", NAMES)
def test_sqlite_finds_by_index_what_a_query_asks_for(sqlite: sqlite3.Connection, name: str) -> None:
    half = catalogue()[name].sql
    read_whole = {table for each in half.statements for table in scanned(sqlite, each.text, each.params)}
    assert {table for table in read_whole if WHOLE[table] not in half.cost} == set()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT s.id FROM json_each(:ids) AS i JOIN state AS s ON s.type = i.value",
        "SELECT id FROM state WHERE type = :ids",
        "SELECT count(*) FROM state WHERE name + 0 = :ids",
    ],
)
def test_a_scan_of_a_table_is_seen(sqlite: sqlite3.Connection, statement: str) -> None:
    assert scanned(sqlite, statement, ["ids"]) == {"state"}
