"""What a store keeps for deletions beside the graph: whose rows were read and written, the register, the vault.

Nothing here is part of the graph's digest but the labels; those are facets.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from headwater.errors import InvalidValue, RegisterMoved
from headwater.graph.engine import Engine, Row, Transaction
from headwater.graph.erasure import label_text, new_salt
from headwater.graph.values import check_name, check_text


class QueryDeletions:
    """The part of a store on an engine that deletions use."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def labelled(self, labels: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str, tuple[str, str]]]:
        """Return (run, name of an input or output, label) of all that carry one of these labels, sorted."""
        known = {label_text(*label): label for label in labels}
        rows = self.engine.read("deletion/labelled", labels=list(known))
        return sorted((run, name, known[text]) for run, name, text in rows)

    def data_labels(self, runs: Sequence[str]) -> Mapping[str, Mapping[str, frozenset[tuple[str, str]]]]:
        """Return the labels of the inputs and outputs of these runs: by run, then by name."""
        found: dict[str, dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
        for run, name, text in self.engine.read("deletion/data_labels", runs=list(runs)):
            key, value = json.loads(text)
            found[run][name].add((key, value))
        return {run: {name: frozenset(said) for name, said in names.items()} for run, names in found.items()}

    def has_erasures(self) -> bool:
        """Return whether anything was ever erased."""
        [(has_erasures,)] = self.engine.read("deletion/has_erasures")
        return bool(has_erasures)

    def salt(self) -> str:
        """Return the salt of this store's erasures, the same from its first use on."""
        own = _own_salt(self.engine.read("deletion/salts"))
        return own or self.engine.write(partial(_make_salt, salt=new_salt()))

    def enter(self, previous: str, entry: str) -> None:
        """Add an entry, a JSON object with its `digest`, behind the one whose digest is `previous` ("" for the first).

        Entering the newest entry again changes nothing. Raises RegisterMoved when another one is the newest.
        """
        if _digest(check_text(entry, "entry")) is None:
            raise InvalidValue("an entry of the register has no digest", hint="give an object with a text `digest`")
        self.engine.write(partial(_enter, previous=previous, entry=entry))

    def register(self, after: int = 0) -> Iterator[str]:
        """Give the entries of the register behind the first `after` ones, in order."""
        return (entry for (entry,) in self.engine.stream("deletion/register", after=after))

    def keep(self, request: str, key: str, text: str) -> None:
        """Keep a text for an open request, in the place of what was kept under this key."""
        check_name(request, "request")
        check_name(key, "key")
        check_text(text, f"{key} of request {request!r}")
        self.engine.write(lambda tx: tx.run("deletion/keep", request=request, key=key, text=text))

    def kept(self, request: str | None = None) -> Mapping[tuple[str, str], str]:
        """Return what is kept for one open request, or for all: texts by (request, key)."""
        rows = self.engine.read("deletion/kept", request=request)
        return {(of, key): text for of, key, text in sorted(rows)}

    def drop(self, request: str) -> None:
        """Forget all that is kept for a request; `scrub` then takes it from the files."""
        self.engine.write(lambda tx: tx.run("deletion/drop", request=request))

    def scrub(self) -> str:
        """Take what was erased or dropped from the store's files; return what is left to do by hand, "" for nothing.

        Raises StoreBusy while somebody reads the files.
        """
        return self.engine.scrub()


def _own_salt(rows: Sequence[Row]) -> str | None:
    return min((salt for salt, is_own in rows if is_own), default=None)


def _make_salt(tx: Transaction, salt: str) -> str:
    tx.run("deletion/head")  # which keeps others from making one
    own = _own_salt(tx.run("deletion/salts"))
    if own is None:
        tx.run("deletion/put_salts", rows=[{"salt": salt, "is_own": True}])
    return own or salt


def _enter(tx: Transaction, previous: str, entry: str) -> None:
    [(seq, newest)] = tx.run("deletion/head") or [(0, None)]
    if newest == entry:  # told twice: the first answer was lost on its way
        return
    digest = "" if newest is None else _digest(newest)
    if digest != previous:
        raise RegisterMoved(f"the newest entry of the register has the digest {digest!r}, not {previous!r}")
    tx.run("deletion/enter", seq=seq + 1, entry=entry)


def _digest(entry: str) -> str | None:
    try:
        found = json.loads(entry)
    except ValueError as exc:
        raise InvalidValue(f"an entry of the register is no JSON: {exc}") from exc
    digest = found.get("digest") if isinstance(found, dict) else None
    return digest if isinstance(digest, str) and digest else None
