"""A store that an earlier version made is brought up to date by opening it; what it held stays."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from headwater.graph import schema
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Output, RunFact
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import at, ran
from tests.support.neo4j_database import Database
from tests.support.stores import opened

BEFORE = ran("w", 0, 1, outputs=["x"])
# What the first version wrote for that run: later ones have other statements.
CLAIMS = '{"at":{"*":1767225601000000},"times":[1767225600000000,1767225601000000,1767225600000000,1767225601000000]}'
IN_SQL = f"""
INSERT INTO component(name) VALUES ('make-w');
INSERT INTO run(id, component, status, started_at, ended_at, params, triggers, claims, recorded_at)
VALUES ('w', 'make-w', 'completed', 1767225600000000, 1767225601000000, '{{}}', '{{}}', '{CLAIMS}', 0);
INSERT INTO name(text, type) VALUES ('x', 'data');
INSERT INTO state(id, name, run, maker, type, produced_at, started_at)
SELECT 'x@w', n.key, r.key, r.id, 'data', 1767225601000000, 1767225600000000 FROM name AS n, run AS r;
"""
IN_CYPHER = """
CREATE (c:Component {name: 'make-w'})
CREATE (r:ComponentRun {id: 'w', component: 'make-w', status: 'completed', started_at: $start, ended_at: $end,
  params: '{}', triggers: '{}', claims: $claims, recorded_at: $end, flagged: false})
CREATE (r)-[:RUN_OF]->(c)
CREATE (p:IOPointer {id: 'x@w', name: 'x', run: 'w', type: 'data', produced_at: $end, started_at: $start,
  flagged: false})
CREATE (r)-[:PRODUCED]->(p)
"""


def _arrange(place: Database) -> None:
    if place.url.startswith("sqlite"):
        with closing(sqlite3.connect(place.url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(IN_SQL)
    else:
        place.rows(IN_CYPHER, start=at(0), end=at(1), claims=CLAIMS)


@pytest.mark.parametrize("version", range(1, len(schema.MIGRATIONS) + 1))
def test_a_store_of_an_earlier_schema_goes_on_once_it_is_opened_again(
    bare_place: Database, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    with monkeypatch.context() as then:
        then.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:version])
        with opened(bare_place) as store:
            assert store.engine.read("schema/version") == [(version,)]
    _arrange(bare_place)
    after = [RunFact("w", outputs=(Output("x", "d", facets={"rows": 7}),), facets={"host": "node-7"}, at=at(2))]
    erasure = Erasure.of_payload("x@w", "d1", at(3))
    with opened(bare_place) as store:
        assert store.digest() == expected_digest([BEFORE])
        store.record(after)
        assert store.digest() == expected_digest([BEFORE, *after])
        store.record([erasure])
        assert store.engine.read("schema/version") == [(schema.newest(),)]
        assert store.digest() == expected_digest([BEFORE, *after, erasure])
