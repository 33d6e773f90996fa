"""Which contents the lineage graph still needs: those of its states, and of what waits on this disk to be recorded."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import islice
from pathlib import Path

from headwater import ids
from headwater.graph.facts import RunFact
from headwater.graph.store import Store
from headwater.sdk.spool import Spool

_AT_ONCE = 500


def holders(
    store: Store, digests: Iterable[str], erased: Container[str] = (), spool: Path | None = None
) -> dict[str, list[str]]:
    """Return for each of these contents that is needed the ids of the states that have it, without the erased ones.

    `spool` is the folder of facts that wait to be recorded.
    """
    asked = dict.fromkeys(digests)
    found: dict[str, list[str]] = {}
    for some in _batches(asked):
        for pointer in store.holders(some):
            if pointer.digest is not None and pointer.erased is None and pointer.id not in erased:
                found.setdefault(pointer.digest, []).append(pointer.id)
    for digest, state in _spooled(spool):
        if digest in asked and state not in erased:
            found.setdefault(digest, []).append(state)
    return found


def _batches(digests: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(digests)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _spooled(folder: Path | None) -> Iterator[tuple[str, str]]:
    """Give the digests in facts that wait on disk with their states; bad facts are left to whoever sends them."""
    if folder is None:
        return
    spool = Spool(lambda: folder)
    for path in spool.files():
        for fact in spool.read(path):
            if isinstance(fact, RunFact):
                yield from _digests(fact)


def _digests(fact: RunFact) -> Iterator[tuple[str, str]]:
    for read in fact.inputs:
        if read.digest is not None:
            yield read.digest, ids.external_id(read.name, read.digest)
    for written in fact.outputs:
        if written.digest is not None:
            yield written.digest, ids.state_id(written.name, fact.id)
