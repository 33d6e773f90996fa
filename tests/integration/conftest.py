"""What the integration tests share: a fresh place for each kind of store."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.neo4j_database import Database
from tests.support.stores import BOTH, place_for


@pytest.fixture(params=BOTH)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A fresh SQLite file, then the emptied database of the Neo4j server."""
    return place_for(request, tmp_path)


@pytest.fixture(params=BOTH)
def bare_place(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A place where no store was ever opened: a fresh SQLite file, then a database without constraint and index."""
    return place_for(request, tmp_path, "neo4j_bare")
