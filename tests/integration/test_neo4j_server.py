"""The servers of the tests are real, closed to strangers, and keep what they were given."""

from __future__ import annotations

from urllib.request import urlopen

import pytest
from neo4j.exceptions import AuthError

from headwater.testing.rules import ran
from tests.support.neo4j_database import Database, RunningServer
from tests.support.neo4j_jars import CURRENT, LONG_TERM
from tests.support.neo4j_server import Neo4jServer
from tests.support.stores import opened

VERSION = "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0]"


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_the_server_answers_directly_and_by_routing(neo4j_server: RunningServer, scheme: str) -> None:
    url = neo4j_server.bolt_url.replace("bolt", scheme, 1)
    assert Database(url, neo4j_server.user, neo4j_server.password).rows("RETURN 6 * 7") == [(42,)]


def test_the_long_term_release_says_its_version(neo4j_process: Neo4jServer) -> None:
    assert Database.of(neo4j_process).rows(VERSION) == [(LONG_TERM.version,)]


def test_the_current_release_says_its_version(neo4j_current: RunningServer) -> None:
    assert Database.of(neo4j_current).rows(VERSION) == [(CURRENT.version,)]


def test_one_worker_gets_all_tests_of_a_server(neo4j_server: RunningServer, request: pytest.FixtureRequest) -> None:
    assert neo4j_server.bolt_url
    is_grouped = getattr(request.config.option, "loadgroup", False)
    assert request.node.nodeid.endswith(f"@neo4j-{LONG_TERM.version}") == is_grouped


def test_a_wrong_password_is_refused(neo4j_process: Neo4jServer) -> None:
    stranger = Database(neo4j_process.bolt_url, neo4j_process.user, "not the password")
    with pytest.raises(AuthError):
        stranger.rows("RETURN 1")


SCHEMA = "SHOW INDEXES YIELD name, type, owningConstraint WHERE type <> 'LOOKUP' RETURN name, owningConstraint"
NODES = "MATCH (n) RETURN labels(n), count(n), sum(n.held)"


def _make_things(database: Database) -> None:
    database.rows("CREATE CONSTRAINT `a ``quoted`` name` FOR (n:Thing) REQUIRE n.id IS UNIQUE")
    database.rows("CREATE INDEX FOR ()-[r:LINK]-() ON (r.at)")
    database.rows("UNWIND range(1, 100) AS id CREATE (:Thing {id: id})-[:LINK {at: 1}]->(:Thing {id: -id})")


def test_a_wiped_database_has_no_data_constraint_or_index(neo4j_url: Database) -> None:
    opened(neo4j_url).close()
    _make_things(neo4j_url)

    neo4j_url.wipe()

    assert neo4j_url.rows("MATCH (n) RETURN n") == []
    assert neo4j_url.rows("SHOW CONSTRAINTS") == []
    assert neo4j_url.rows("SHOW INDEXES YIELD type RETURN DISTINCT type") == [("LOOKUP",)]


def test_an_emptied_database_is_a_store_that_was_opened_and_has_nothing_in_it(neo4j_bare: Database) -> None:
    with opened(neo4j_bare) as store:
        as_opened = sorted(neo4j_bare.rows(SCHEMA)), neo4j_bare.rows(NODES)
        store.record([ran("r", 0, 1, ["a"], ["b"])])
    _make_things(neo4j_bare)

    neo4j_bare.empty()

    found = sorted(neo4j_bare.rows(SCHEMA)), neo4j_bare.rows(NODES)
    assert found == as_opened


def test_a_database_that_was_opened_by_halves_is_made_whole_when_it_is_opened_again(neo4j_bare: Database) -> None:
    opened(neo4j_bare).close()
    as_opened = sorted(neo4j_bare.rows(SCHEMA))
    neo4j_bare.rows("DROP CONSTRAINT run_id")

    neo4j_bare.empty()

    opened(neo4j_bare).close()
    assert sorted(neo4j_bare.rows(SCHEMA)) == as_opened


def test_wiping_the_data_keeps_constraints(neo4j_bare: Database) -> None:
    neo4j_bare.rows("CREATE CONSTRAINT kept FOR (n:Thing) REQUIRE n.id IS UNIQUE")
    neo4j_bare.rows("UNWIND range(1, 30000) AS id CREATE (:Thing {id: id})")

    neo4j_bare.wipe_data()

    assert neo4j_bare.rows("MATCH (n) RETURN count(n)") == [(0,)]
    assert neo4j_bare.rows("SHOW CONSTRAINTS YIELD name") == [("kept",)]


def test_a_restart_keeps_the_data(neo4j_url: Database, neo4j_process: Neo4jServer) -> None:
    neo4j_url.rows("CREATE (:Thing {id: 1})")
    neo4j_process.restart()
    assert neo4j_url.rows("MATCH (n:Thing) RETURN n.id") == [(1,)]


def test_a_killed_server_keeps_what_it_had_committed(neo4j_url: Database, neo4j_process: Neo4jServer) -> None:
    neo4j_url.rows("CREATE (:Thing {id: 2})")
    neo4j_process.kill()
    assert not neo4j_process.is_running
    neo4j_process.start()
    assert neo4j_url.rows("MATCH (n:Thing) RETURN n.id") == [(2,)]


def test_neo4j_browser_is_served(neo4j_process: Neo4jServer) -> None:
    with urlopen(f"{neo4j_process.http_url}/browser/", timeout=30) as page:
        assert page.status == 200
        assert "Neo4j Browser" in page.read().decode()
