from __future__ import annotations

from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import pytest

from headwater.deletion.chain import audited
from headwater.deletion.ledger import Ledger
from headwater.deletion.register import Register
from headwater.deletion.vault import Vault
from headwater.errors import DeletionRefused
from tests.support.neo4j_database import Database
from tests.support.stores import opened
from tests.support.writers import run_all

ENTRIES = 15


def enter_many(place: Database, _: Connection, who: str) -> None:
    """Enter requests one after the other."""
    with opened(place) as store:
        register = Register(store)
        for number in range(ENTRIES):
            said: dict[str, Any] = {"request": f"{who}-{number}", "reason": "r", "due": None, "subjects": []}
            register.enter("request", who, partial(lambda said, _: said, said))


def test_two_who_enter_at_once_make_one_chain(place: Database) -> None:
    opened(place).close()

    run_all(enter_many, place, [("ann",), ("bob",)])

    with opened(place) as store:
        register = Register(store)
        assert len(register.read().requests) == 2 * ENTRIES
        found = audited("".join(register.export()).encode())
        assert (found.is_intact, found.entries) == (True, 2 * ENTRIES)
        assert found.head == register.head


def test_an_entry_that_may_not_be_made_is_not(place: Database) -> None:
    def refuse(_: Ledger) -> dict[str, str]:
        raise DeletionRefused

    with opened(place) as store:
        register = Register(store)
        with pytest.raises(DeletionRefused):
            register.enter("request", "ann", refuse)
        assert register.read().entries == []


def test_the_vault_keeps_documents_of_any_size_until_they_are_dropped(place: Database) -> None:
    large = ["parts:9 ☃" * 20] * 30_000

    with opened(place) as store:
        vault, other = Vault(store, "r1"), Vault(store, "r2")
        vault.put("plan", large)
        vault.put("progress", {"a": 1})
        vault.put("progress", {"a": 2})
        other.put("plan", [1])

        assert vault.all() == {"plan": large, "progress": {"a": 2}}
        assert vault.get("none") is None

        vault.drop()
        assert vault.all() == {}
        assert other.get("plan") == [1]
