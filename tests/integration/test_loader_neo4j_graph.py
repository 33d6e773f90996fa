"""Graphs of others on a real Neo4j server, read by a mapping."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from headwater.errors import AuthenticationFailed, BadRecord, SourceError, StoreUnavailable
from headwater.graph.connect import connect, open_store
from headwater.graph.facts import Fact, RunFact
from headwater.graph.neo4j import Neo4jEngine
from headwater.loaders.base import Item, Problem
from headwater.loaders.importing import import_source
from headwater.loaders.neo4j_graph import Neo4jLoader
from headwater.loaders.relational import statement
from headwater.testing.oracle import expected_digest
from tests.support.neo4j_database import Database

MAPPED = {"run": "Job", "pointer": "Dataset,Model", "consumed": "READS", "produced": "WRITES", "component": "task"}


@pytest.fixture
def database(neo4j_bare: Database) -> Database:
    """A cleaning and a training; one relation points with the data, the other against it; a cat is none of both."""
    neo4j_bare.rows(
        """
        CREATE (clean:Job:Batch {id: 'j1', task: 'clean', started_at: datetime('2021-05-01T10:00:00Z'),
                                 ended_at: localdatetime('2021-05-01T13:00:00'), where: point({x: 1.0, y: 2.0})})
        CREATE (train:Job {id: 'j2', task: 'train', started_at: datetime('2021-05-01T14:00:00[Europe/Berlin]'),
                           took: duration('PT90S'), day: date('2021-05-01'), tags: ['a', 'b']})
        CREATE (raw:Dataset {name: 'raw.csv', owner: 'ann'}), (data:Dataset {name: 'clean.csv', rows: 3})
        CREATE (model:Model {name: 'model'}), (cat:Cat {name: 'cat'})
        CREATE (clean)-[:READS {columns: ['x']}]->(raw), (clean)-[:WRITES]->(data)
        CREATE (data)-[:READS]->(train), (train)-[:WRITES]->(model), (train)-[:READS]->(cat), (cat)-[:OWNS]->(model)
        """
    )
    return neo4j_bare


@pytest.fixture
def loader(monkeypatch: pytest.MonkeyPatch, neo4j_bare: Database) -> Callable[..., Neo4jLoader]:
    """Loaders that may enter the server."""
    monkeypatch.setenv("HEADWATER_SOURCE_NEO4J_PASSWORD", neo4j_bare.password or "")
    return lambda **options: Neo4jLoader(**{**MAPPED, "user": neo4j_bare.user or "", **options})


def facts_of(loader: Neo4jLoader, source: str) -> list[Fact]:
    return [fact for found in loader.read(source) if isinstance(found, Item) for fact in found.facts]


def runs_of(loader: Neo4jLoader, source: str) -> dict[str, RunFact]:
    return {fact.id: fact for fact in facts_of(loader, source) if isinstance(fact, RunFact)}


def test_a_graph_of_others_is_traced_as_ours(
    database: Database, loader: Callable[..., Neo4jLoader], tmp_path: Path
) -> None:
    with connect(f"sqlite:///{tmp_path}/lineage.db") as lineage:
        dry = import_source(None, loader(tz="Europe/Berlin"), database.url)
        report = import_source(lineage.store, loader(tz="Europe/Berlin"), database.url)
        import_source(lineage.store, loader(tz="Europe/Berlin"), database.url)
        found = lineage.trace("model")
        assert lineage.store.digest() == expected_digest(facts_of(loader(tz="Europe/Berlin"), database.url))

    assert (dry.read, dry.facts) == (report.read, report.facts) == ({"run": 2}, {"runs": 2})
    assert set(found.nodes) == {"model@j2", "j2", "clean.csv@j1", "j1", "raw.csv@external"}
    assert loader(tz="Europe/Berlin").total(database.url) == 2


def test_properties_come_with_their_values(database: Database, loader: Callable[..., Neo4jLoader]) -> None:
    runs = runs_of(loader(tz="Europe/Berlin"), database.url)

    clean, train = runs["j1"], runs["j2"]
    assert (clean.component, clean.started_at) == ("clean", datetime(2021, 5, 1, 10, tzinfo=UTC))
    assert (clean.ended_at, train.started_at) == tuple(datetime(2021, 5, 1, hour, tzinfo=UTC) for hour in (11, 12))
    assert train.facets == {"took": "PT1M30S", "day": date(2021, 5, 1).isoformat(), "tags": ["a", "b"]}
    assert clean.inputs[0].facets == {"owner": "ann", "columns": ["x"]}
    assert (train.inputs[0].facets, clean.outputs[0].facets) == ({}, {"rows": 3})


def test_a_node_that_is_a_state_was_read_whatever_the_clocks_say(
    database: Database, loader: Callable[..., Neo4jLoader]
) -> None:
    database.rows("MATCH (j:Job {id: 'j2'}) SET j.started_at = datetime('2020-01-01T00:00:00Z')")

    [read] = runs_of(loader(pointer_is="state"), database.url)["j2"].inputs
    assert (read.name, read.state) == ("clean.csv", "clean.csv@j1")


def test_shuffled_and_repeated_runs_give_one_graph_on_neo4j_too(
    database: Database, loader: Callable[..., Neo4jLoader]
) -> None:
    facts = facts_of(loader(), database.url)
    sent = [*facts, *facts]
    random.Random(3).shuffle(sent)
    database.wipe()
    with open_store(database.url, user=database.user, password=database.password) as store:
        for fact in sent:
            store.record([fact])
        assert store.digest() == expected_digest(facts)


def test_labels_and_types_are_values_and_never_part_of_a_statement(
    database: Database, loader: Callable[..., Neo4jLoader]
) -> None:
    before = database.rows("MATCH (n) RETURN count(n)")
    evil = "Job) DETACH DELETE r //"
    with pytest.raises(SourceError, match=re.escape(f"has the label {evil}")):
        facts_of(loader(run=evil), database.url)
    database.rows("CREATE (:`Job) DETACH DELETE r //` {id: 'j9'})-[:`RE``ADS`]->(:Dataset {name: 'x'})")

    assert [read.name for read in runs_of(loader(run=evil, consumed="RE`ADS"), database.url)["j9"].inputs] == ["x"]
    assert database.rows("MATCH (n) RETURN count(n)") == [(before[0][0] + 2,)]


def test_bad_records_are_told_and_stop_nothing(database: Database, loader: Callable[..., Neo4jLoader]) -> None:
    database.rows(
        """
        CREATE (:Job {id: 'j3', started_at: 'noon'}), (:Job {id: 'j4', status: 'half'})
        CREATE (:Job {id: 'j5', started_at: datetime('+99999-01-01T00:00:00Z')})
        CREATE (:Job {id: 'j6', task: ''}), (:Job {id: 'j7'})-[:READS]->(:Dataset {name: ''})
        """
    )
    found = list(loader().read(database.url))

    problems = [one for one in found if isinstance(one, Problem)]
    assert sorted(one.place.path for one in problems) == [f"Job j{number}" for number in range(3, 8)]
    assert {one.severity for one in problems} == {"skipped"}
    assert len(found) - len(problems) == 2
    with pytest.raises(BadRecord):
        import_source(None, loader(), database.url, is_strict=True)


def test_a_type_that_stands_nowhere_is_told(database: Database, loader: Callable[..., Neo4jLoader]) -> None:
    [doubt] = [one for one in loader(produced="MAKES").read(database.url) if isinstance(one, Problem)]
    assert (doubt.severity, doubt.reason) == (
        "warning",
        "no relation MAKES stands between a Job and a Dataset,Model",
    )


def test_whoever_may_not_enter_is_told_what_to_set(database: Database, loader: Callable[..., Neo4jLoader]) -> None:
    if not database.user:
        pytest.skip("the server asks nobody for a password")
    with pytest.raises(AuthenticationFailed, match="set HEADWATER_SOURCE_NEO4J_PASSWORD"):
        facts_of(loader(user=""), database.url)
    with pytest.raises(StoreUnavailable, match="has no such database"):
        facts_of(loader(database="nowhere"), database.url)


def test_the_statements_read_only_and_give_what_their_headers_say(database: Database) -> None:
    empty: dict[str, object] = {"list[str]": [], "str": "", "bool": False}
    for name in ("runs.cypher", "count.cypher"):
        found = statement("headwater.loaders.neo4j_graph", name)
        with database.driver() as driver, driver.session(database=database.name) as session:
            params = {param.name: empty[param.type] for param in found.params}
            result = session.run(f"EXPLAIN {found.statements[0].text}", params)
            assert list(result.keys()) == [column.name for column in found.columns]
            assert result.consume().query_type == "r"


def test_a_reader_that_goes_away_ends_its_transaction(database: Database) -> None:
    database.rows("UNWIND range(1, 20000) AS i CREATE (:Job {id: 'n' + i})")
    runs = statement("headwater.loaders.neo4j_graph", "count.cypher")
    with closing(Neo4jEngine(database.url, database.user, database.password)) as engine:
        with closing(engine.stream_foreign(runs, runs=["Job"])) as rows:  # type: ignore[type-var]  # a generator
            assert next(rows) == (20_002,)
        assert database.rows("SHOW TRANSACTIONS YIELD metaData WHERE metaData.question IS NOT NULL RETURN 1") == []
