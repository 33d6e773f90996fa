"""Migrations: the numbered queries of `queries/schema`, each applied once and in order."""

from __future__ import annotations

from headwater.errors import SchemaTooNew
from headwater.graph.engine import Engine

MIGRATIONS = ("schema/001_lineage", "schema/002_facets", "schema/003_erasures")


def migrate(engine: Engine) -> None:
    """Bring the store's schema to this version of the code; raise SchemaTooNew when the store is ahead of it."""
    engine.migrate("schema/open", 0)
    rows = engine.read("schema/version")
    version = rows[0][0] if rows else 0
    if version > len(MIGRATIONS):
        raise SchemaTooNew(f"the store has schema version {version}, this Headwater knows up to {len(MIGRATIONS)}")
    for number, query in enumerate(MIGRATIONS[version:], version + 1):
        engine.migrate(query, number)
