"""A store that an earlier version made is brought up to date by opening it; what it held stays."""

from __future__ import annotations

import pytest

from headwater.graph import schema
from headwater.graph.facts import RunFact
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import at, ran
from tests.support.neo4j_database import Database
from tests.support.stores import opened


def test_a_store_of_the_first_schema_keeps_facets_once_it_is_opened_again(
    place: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ran("w", 0, 1, outputs=["x"])
    with monkeypatch.context() as then:
        then.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        with opened(place) as store:
            store.record([before])
            assert store.engine.read("schema/version") == [(1,)]
    after = RunFact("w", facets={"host": "node-7"}, at=at(2))
    with opened(place) as store:
        store.record([after])
        assert store.engine.read("schema/version") == [(schema.newest(),)]
        assert store.digest() == expected_digest([before, after])
