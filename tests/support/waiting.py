"""Waiting for a condition, and for transactions that wait for each other."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.support.neo4j_database import Database

DEADLINE_S = 60.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition never came"


def waiting(database: Database) -> int:
    """Return how many transactions wait for a lock."""
    [(found,)] = database.rows("SHOW TRANSACTIONS YIELD status WHERE status STARTS WITH 'Blocked' RETURN count(*)")
    return int(found)
