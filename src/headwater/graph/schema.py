"""Migrations: the numbered queries of `queries/schema`, each applied once and in order.

A migration's number is the version that it brings a store to.
"""

from __future__ import annotations

from headwater.errors import SchemaTooNew
from headwater.graph.engine import Engine

MIGRATIONS = (
    "schema/001_lineage",
    "schema/002_facets",
    "schema/003_erasures",
    "schema/004_metrics",
    "schema/005_contents",
)


def number(query: str) -> int:
    """Return the version that a migration brings a store to."""
    return int(query.removeprefix("schema/").partition("_")[0])


def newest() -> int:
    """Return the version that this code knows."""
    return number(MIGRATIONS[-1])


def migrate(engine: Engine) -> None:
    """Bring the store's schema to this version of the code; raise SchemaTooNew when the store is ahead of it."""
    engine.migrate("schema/open", 0)
    rows = engine.read("schema/version")
    version = rows[0][0] if rows else 0
    if version > newest():
        raise SchemaTooNew(f"the store has schema version {version}, this Headwater knows up to {newest()}")
    for query in MIGRATIONS:
        if number(query) > version:
            engine.migrate(query, number(query))
