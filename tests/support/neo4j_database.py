"""A database that tests may empty, and raw Cypher on it, behind the store's back."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, LiteralString, Protocol

from headwater.graph.schema import MIGRATIONS
from headwater.queries.catalogue import catalogue

if TYPE_CHECKING:  # the driver brings pandas with it, and every test run reads this module
    import neo4j


class RunningServer(Protocol):
    """Where a server answers, whoever started it; without authentication, user and password are None."""

    @property
    def bolt_url(self) -> str: ...

    @property
    def user(self) -> str | None: ...

    @property
    def password(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that was not started here, or not by us."""

    bolt_url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Database:
    """The one database of a community server, with what is needed to open it."""

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    name: str = "neo4j"

    @classmethod
    def of(cls, server: RunningServer) -> Database:
        """Return the default database of a server."""
        return cls(server.bolt_url, server.user, server.password)

    def driver(self) -> neo4j.Driver:
        """Return a driver for it that does not retry; the caller closes it."""
        import neo4j

        auth = (self.user, self.password or "") if self.user else None
        return neo4j.GraphDatabase.driver(self.url, auth=auth, connection_timeout=10.0, max_transaction_retry_time=0.0)

    def rows(self, cypher: LiteralString, **params: Any) -> list[tuple[Any, ...]]:
        """Run a statement in a transaction of its own and return its rows."""
        with self.driver() as driver, driver.session(database=self.name) as session:
            return [tuple(record.values()) for record in session.run(cypher, params)]

    def wipe_data(self) -> None:
        """Delete every node and relation, in chunks; constraints and indexes stay."""
        with self.driver() as driver, driver.session(database=self.name) as session:
            _delete_all(session)

    def drop_schema(self) -> None:
        """Drop every constraint and index but the two look-up ones, as in a store that nobody has opened yet."""
        with self.driver() as driver, driver.session(database=self.name) as session:
            session.execute_write(_drop_schema)
            session.run("MATCH (s:Schema) DELETE s").consume()

    def wipe(self) -> None:
        """Leave it as a new server has it: no data, no constraint, no index but the two look-up ones."""
        with self.driver() as driver, driver.session(database=self.name) as session:
            session.execute_write(_drop_schema)
            _delete_all(session)

    def empty(self) -> None:
        """Leave it as a store that was opened once and has nothing in it, or as a new server has it.

        To make the schema again takes the server seconds, and to drop it makes the server plan every query again.
        """
        with self.driver() as driver, driver.session(database=self.name) as session:
            is_whole = session.execute_write(_drop_schema, _names_of_schema()) == _names_of_schema()
            _delete_all(session, "n:Lock OR n:Schema" if is_whole else "false")
            session.run("MATCH (l:Lock) SET l.held = 0").consume()


def _delete_all(session: neo4j.Session, but: LiteralString = "false") -> None:
    # Relations first: a node with 300,000 of them cannot be detached in one transaction with the heap of a test server.
    session.run("MATCH ()-[r]->() CALL (r) { DELETE r } IN TRANSACTIONS OF 20000 ROWS").consume()
    session.run(f"MATCH (n) WHERE NOT ({but}) CALL (n) {{ DELETE n }} IN TRANSACTIONS OF 20000 ROWS").consume()


def _drop_schema(tx: neo4j.ManagedTransaction, but: Set[str] = frozenset()) -> set[str]:
    """Drop what has none of these names, and return the names of what stays."""
    for [name] in list(tx.run("SHOW CONSTRAINTS YIELD name")):
        if name not in but:
            tx.run("DROP CONSTRAINT $name", name=name).consume()
    left = {name for [name] in tx.run("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name")}
    for name in left - but:
        tx.run("DROP INDEX $name", name=name).consume()
    return left & but


@cache
def _names_of_schema() -> frozenset[str]:
    """Return the names of all constraints and indexes that the product makes."""
    statements = [each.text for name in ("schema/open", *MIGRATIONS) for each in catalogue()[name].cypher.statements]
    return frozenset(found[1] for each in statements if (found := re.match(r"CREATE (?:CONSTRAINT|INDEX) (\w+)", each)))
