"""The servers of the tests are real, closed to strangers, and keep what they were given."""

from __future__ import annotations

from urllib.request import urlopen

import pytest
from neo4j.exceptions import AuthError

from tests.support.neo4j_database import Database, RunningServer
from tests.support.neo4j_jars import CURRENT, LONG_TERM
from tests.support.neo4j_server import Neo4jServer

VERSION = "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0]"


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_the_server_answers_directly_and_by_routing(neo4j_server: RunningServer, scheme: str) -> None:
    url = neo4j_server.bolt_url.replace("bolt", scheme, 1)
    assert Database(url, neo4j_server.user, neo4j_server.password).rows("RETURN 6 * 7") == [(42,)]


def test_the_long_term_release_says_its_version(neo4j_process: Neo4jServer) -> None:
    assert Database.of(neo4j_process).rows(VERSION) == [(LONG_TERM.version,)]


def test_the_current_release_says_its_version(neo4j_current: RunningServer) -> None:
    assert Database.of(neo4j_current).rows(VERSION) == [(CURRENT.version,)]


def test_a_wrong_password_is_refused(neo4j_process: Neo4jServer) -> None:
    stranger = Database(neo4j_process.bolt_url, neo4j_process.user, "not the password")
    with pytest.raises(AuthError):
        stranger.rows("RETURN 1")


def test_a_test_gets_a_database_without_data_constraints_and_indexes(
    neo4j_url: Database, neo4j_server: RunningServer
) -> None:
    neo4j_url.rows("CREATE CONSTRAINT `a ``quoted`` name` FOR (n:Thing) REQUIRE n.id IS UNIQUE")
    neo4j_url.rows("CREATE INDEX FOR ()-[r:LINK]-() ON (r.at)")
    neo4j_url.rows("CREATE (:Thing {id: 1})-[:LINK {at: 1}]->(:Thing {id: 2})")

    Database.of(neo4j_server).wipe()

    assert neo4j_url.rows("MATCH (n) RETURN n") == []
    assert neo4j_url.rows("SHOW CONSTRAINTS") == []
    assert neo4j_url.rows("SHOW INDEXES YIELD type RETURN DISTINCT type") == [("LOOKUP",)]


def test_wiping_the_data_keeps_constraints(neo4j_url: Database) -> None:
    neo4j_url.rows("CREATE CONSTRAINT kept FOR (n:Thing) REQUIRE n.id IS UNIQUE")
    neo4j_url.rows("UNWIND range(1, 30000) AS id CREATE (:Thing {id: id})")

    neo4j_url.wipe_data()

    assert neo4j_url.rows("MATCH (n) RETURN count(n)") == [(0,)]
    assert neo4j_url.rows("SHOW CONSTRAINTS YIELD name") == [("kept",)]


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
