"""Neo4j without Headwater: the official driver. The bare graph has labels of its own, so that both fit one database."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from neo4j import Driver, GraphDatabase, NotificationMinimumSeverity, unit_of_work
from neo4j.exceptions import Neo4jError

from benchmarks.prepared import SQLRow
from headwater import Lineage, clock, connect
from headwater.queries.catalogue import catalogue

GraphRows: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]

_CONSTRAINTS = (
    "CREATE CONSTRAINT bare_run IF NOT EXISTS FOR (r:BareRun) REQUIRE r.id IS UNIQUE",
    "CREATE CONSTRAINT bare_pointer IF NOT EXISTS FOR (p:BarePointer) REQUIRE p.id IS UNIQUE",
    "CREATE CONSTRAINT bare_component IF NOT EXISTS FOR (c:BareComponent) REQUIRE c.name IS UNIQUE",
    "CALL db.awaitIndexes(300)",
)
# Edges are known beforehand: each statement finds its ends by their constraint and merges. Times travel as text, which
# the driver packs a hundred times as fast as datetimes.
_MERGE = {
    "runs": """UNWIND $rows AS row
    MERGE (r:BareRun {id: row.id})
    SET r.component = row.component, r.status = row.status, r.started_at = datetime(row.started_at),
      r.ended_at = datetime(row.ended_at), r.commit = row.commit, r.params = row.params, r.triggers = row.triggers,
      r.claims = row.claims, r.recorded_at = datetime(row.recorded_at), r.flagged = false
    MERGE (c:BareComponent {name: row.component})
    MERGE (r)-[:BARE_RUN_OF]->(c)""",
    "states": """UNWIND $rows AS row
    MERGE (p:BarePointer {id: row.id})
    SET p.name = row.name, p.run = row.run, p.type = row.type, p.digest = row.digest,
      p.produced_at = datetime(row.produced_at), p.started_at = datetime(row.started_at), p.claims = row.claims,
      p.flagged = false""",
    "makes": """UNWIND $rows AS row
    MATCH (r:BareRun {id: row.run}) MATCH (p:BarePointer {id: row.state})
    MERGE (r)-[:BARE_PRODUCED]->(p)""",
    "reads": """UNWIND $rows AS row
    MATCH (p:BarePointer {id: row.state}) MATCH (r:BareRun {id: row.run})
    MERGE (p)-[c:BARE_CONSUMED_BY {name: row.name, claim: row.claim}]->(r)
    SET c.lane = row.lane, c.at = datetime(row.at), c.run = row.run""",
}
_ONE = """MERGE (i:BarePointer {id: 'shared.csv@external'})
    MERGE (r:BareRun {id: $run}) SET r.status = 'completed', r.number = $number
    MERGE (o:BarePointer {id: $output})
    MERGE (i)-[:BARE_CONSUMED_BY]->(r)
    MERGE (r)-[:BARE_PRODUCED]->(o)"""
_PATHS = """MATCH path = (:IOPointer {id: $id})<-[:CONSUMED_BY|PRODUCED*0..]-()
    UNWIND nodes(path) AS n RETURN count(DISTINCT n) AS nodes"""
_EMPTY = "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"


class Neo4jPeer:
    """A driver beside the store's own, on the same database, with user and password from Headwater's environment."""

    name = "Neo4j"

    def __init__(self, url: str) -> None:
        self.url = url
        user, password = os.environ.get("HEADWATER_NEO4J_USER"), os.environ.get("HEADWATER_NEO4J_PASSWORD", "")
        self._driver: Driver = GraphDatabase.driver(
            url,
            auth=(user, password) if user else None,
            notifications_min_severity="OFF",
            warn_notification_severity=NotificationMinimumSeverity.OFF,
        )
        self._run_ids: dict[int, str] = {}
        self._states: dict[int, str] = {}
        self._names: dict[int, str] = {}

    def open(self) -> Lineage:
        """Open the store."""
        return connect(self.url)

    def empty(self) -> None:
        """Delete every node, and lay out the constraints of both graphs."""
        for statement in (_EMPTY, *_CONSTRAINTS):
            self._execute(statement)
        self.open().close()

    def batch(self, rows: Mapping[str, Sequence[SQLRow]]) -> GraphRows:
        """Return the rows as nodes and edges, with their ends' ids."""
        self._run_ids.update((row[0], row[1]) for row in rows["run"])
        self._states.update((row[0], row[1]) for row in rows["state"])
        self._names.update((row[0], row[1]) for row in rows["name"])
        return {
            "runs": [_run(row) for row in rows["run"]],
            "states": [_state(row, self._names[row[2]]) for row in rows["state"]],
            "makes": [{"run": row[4], "state": row[1]} for row in rows["state"] if row[3] is not None],
            "reads": [self._read(row) for row in rows["consumption"]],
        }

    def write(self, batch: GraphRows) -> None:
        """UNWIND and MERGE the nodes and edges."""

        def merge(tx: Any) -> None:
            for part, statement in _MERGE.items():
                tx.run(statement, rows=batch[part]).consume()

        with self._driver.session() as session:
            session.execute_write(merge)

    def write_one(self, number: int, run: str) -> None:
        """MERGE one run with its edges, by one statement."""
        with self._driver.session() as session:
            session.execute_write(lambda tx: tx.run(_ONE, run=run, number=number, output=f"out/{run}@{run}").consume())

    def statement(self, query: str, ids: Sequence[str]) -> int:
        """Run the catalogue's Cypher half and fetch every row."""
        text = catalogue()[query].cypher.statements[-1].text
        with self._driver.session(fetch_size=5_000) as session:
            return session.execute_read(lambda tx: len([record.values() for record in tx.run(text, ids=list(ids))]))

    def edges(self) -> list[tuple[str, str]]:
        """MATCH all edges."""
        query = "MATCH (a)-[:CONSUMED_BY|PRODUCED]->(b) RETURN DISTINCT a.id, b.id"
        with self._driver.session(fetch_size=5_000) as session:
            return session.execute_read(lambda tx: [(record[0], record[1]) for record in tx.run(query)])

    def paths(self, state: str, timeout_s: float) -> int | None:
        """Match every path upstream: what a query with a path variable does."""
        work = unit_of_work(timeout=timeout_s)(lambda tx: tx.run(_PATHS, id=state).single(strict=True)["nodes"])
        try:
            with self._driver.session() as session:
                return int(session.execute_read(work))
        except Neo4jError as exc:
            if "TransactionTimedOut" not in (exc.code or ""):
                raise
            return None

    def readers(self, name: str) -> int:
        """MATCH the readers of the name."""
        query = "MATCH (p:IOPointer {name: $name})-[c:CONSUMED_BY]->(r:ComponentRun) RETURN r.id, c.at, p.id"
        with self._driver.session(fetch_size=5_000) as session:
            return session.execute_read(lambda tx: len([record.values() for record in tx.run(query, name=name)]))

    def version(self) -> str:
        """Return the server's version."""
        query = "CALL dbms.components() YIELD versions, edition RETURN versions[0] + ' ' + edition AS found"
        with self._driver.session() as session:
            return f"Neo4j {session.execute_read(lambda tx: tx.run(query).single(strict=True)['found'])}"

    def close(self) -> None:
        """Close the driver."""
        self._driver.close()

    def _read(self, row: SQLRow) -> dict[str, Any]:
        run, name, claim, lane, at, state = row
        ends = {"run": self._run_ids[run], "state": self._states[state], "name": self._names[name]}
        return {**ends, "claim": claim, "lane": lane, "at": _time(at)}

    def _execute(self, statement: str) -> None:
        with self._driver.session() as session:
            session.run(statement).consume()


def _run(row: SQLRow) -> dict[str, Any]:
    _, ident, component, status, started, ended, commit, _, _, params, triggers, claims, *_, recorded = row
    texts = {"id": ident, "component": component, "status": status, "commit": commit, "params": params}
    times = {"started_at": _time(started), "ended_at": _time(ended), "recorded_at": _time(recorded)}
    return {**texts, **times, "triggers": triggers, "claims": claims}


def _state(row: SQLRow, name: str) -> dict[str, Any]:
    _, ident, _, _, maker, kind, digest, produced, started, claims, *_ = row
    texts = {"id": ident, "name": name, "run": maker, "type": kind, "digest": digest, "claims": claims}
    return {**texts, "produced_at": _time(produced), "started_at": _time(started)}


def _time(micros: int | None) -> str | None:
    return None if micros is None else clock.isoformat(clock.from_micros(micros))
