"""The Cypher script on a real server: the database that it makes is the store that was exported."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.graph.connect import open_store
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact, TriggerResult
from headwater.graph.lineage.face import Lineage
from headwater.graph.store import Store
from headwater.loaders.exporting import Exported, exporter
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import at
from tests.support.browser_pages import statements
from tests.support.nasty_facts import nasty_facts
from tests.support.neo4j_database import Database
from tests.support.stores import assert_is_graph_of, opened

HOSTILE = (
    "it's",
    "a'}) DETACH DELETE (n) //",
    "\\",
    "\\'",
    "\\u0027}) MATCH (n) DETACH DELETE n //",
    "\\\\u0027",
    "line\nbreak;\r\n:param x => 1",
    '$rows `tick` "quote"',
    "\u2028ünïcode \U0001f33e\ufeff",
    "tab\there \x08\x0c\x1b",
)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/source.db") as store:
        yield store


def hostile_facts() -> Iterator[Fact]:
    for number, text in enumerate(HOSTILE):
        yield RunFact(
            f"r{number} {text}",
            text,
            started_at=at(number),
            ended_at=at(number),
            inputs=(Input(f"in {text}"), Input(text, digest=text)),
            outputs=(Output(text, digest=f"d {text}", facets={text: [text, {text: None}]}),),
            params={text: text},
            triggers={text: TriggerResult("failed", message=text)},
            error=text,
        )
        yield ComponentFact(text, description=text, tags=(text,), at=at(1))
        yield Annotation(f"r{number} {text}", "label", text, key=text, who=text, why=text, at=at(2))


def script(what: Exported) -> str:
    to = io.StringIO(newline="")
    exporter("cypher").write(what, to)
    return to.getvalue()


def run(database: Database, text: str) -> None:
    with database.driver() as driver, driver.session(database=database.name) as session:
        for statement in statements(text):
            session.run(statement).consume()


def test_the_database_that_the_script_makes_is_the_store(source: Store, neo4j_bare: Database) -> None:
    facts = [*nasty_facts(11, 120), *hostile_facts()]
    source.record(facts)

    run(neo4j_bare, script(Exported(source)))
    run(neo4j_bare, script(Exported(source)))

    with opened(neo4j_bare) as made:
        assert made.stats() == source.stats()
        assert_is_graph_of(made, facts)


def test_a_made_database_goes_on_merging_as_the_store_would(source: Store, neo4j_bare: Database) -> None:
    earlier, later = nasty_facts(5, 120), nasty_facts(6, 120)
    source.record(earlier)
    run(neo4j_bare, script(Exported(source)))

    with opened(neo4j_bare) as made:
        made.record(later)

        assert made.digest() == expected_digest([*earlier, *later])


def test_an_answer_makes_its_runs_and_the_states_that_they_really_read(source: Store, neo4j_bare: Database) -> None:
    source.record(nasty_facts(7, 200))
    answer = Lineage(source).impact("a")
    what = Exported(source, answer)

    run(neo4j_bare, script(what))

    with opened(neo4j_bare) as made:
        runs = [node.id for node in answer.runs()]
        assert set(made.sources(runs).edges) == set(source.sources(runs).edges)
        assert made.digest() == expected_digest(list(what.facts()))
