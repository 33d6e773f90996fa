"""The register of a store: what was requested, planned, approved and done, as a hash chain.

It holds no personal data: whoever writes an entry keeps names, labels and messages out of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from headwater import clock
from headwater.deletion.chain import Head, exported, sealed
from headwater.deletion.ledger import Ledger
from headwater.errors import RegisterMoved, UsageError
from headwater.graph.store import DeletionStore

_ATTEMPTS = 100


class Register:
    """The chain in a store. Reads what others have entered before each answer."""

    def __init__(self, store: DeletionStore) -> None:
        self._store = store
        self._ledger = Ledger()
        self._head = Head()

    def read(self) -> Ledger:
        """Return what all entries so far come to."""
        for line in self._store.register(self._head.seq):
            entry = json.loads(line)
            self._ledger.add(entry)
            self._head = Head(entry["seq"], entry["digest"])
        return self._ledger

    @property
    def head(self) -> Head:
        """The last entry of those that were read."""
        return self._head

    def enter(self, kind: str, by: str, make: Callable[[Ledger], Mapping[str, Any]]) -> Head:
        """Append an entry with what `make` says, given how far things are; it raises when the entry may not be made.

        Two who enter at once do so one after the other, and the second asks `make` again. Returns the new head.
        """
        if not by.strip():
            raise UsageError("nobody is named who does it", hint="say who: a name, a team, a ticket of theirs")
        for _ in range(_ATTEMPTS):
            ledger = self.read()
            said = {"kind": kind, "at": clock.isoformat(clock.now()), "by": by, **make(ledger)}
            line, _head = sealed(self._head, said)
            try:
                self._store.enter(self._head.digest, line)
            except RegisterMoved:
                continue
            self.read()
            return self._head
        raise RegisterMoved

    def export(self) -> Iterator[str]:
        """Give the lines of an export, which `chain.audited` checks without the store."""
        return exported(self._store.register(0))
