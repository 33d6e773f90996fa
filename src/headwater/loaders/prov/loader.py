"""W3C PROV as a source: PROV-JSON, PROV-O, PROV-N, PROV-XML and PROV-JSONLD, read by the prov library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from headwater.graph.facts import RunFact
from headwater.loaders.base import Found, Item, Place, Problem, attempt
from headwater.loaders.documents import documents
from headwater.loaders.files import files, fingerprint, total_bytes
from headwater.loaders.prov.account import Account, Deed
from headwater.loaders.prov.mapping import run_fact, settle, unused
from headwater.loaders.prov.own import is_own, own_claims, read_claim
from headwater.loaders.prov.reading import SUFFIXES, Read, read_prov
from headwater.loaders.times import zone


@dataclass(frozen=True, slots=True)
class ProvLoader:
    """Reads a document, or every one in a folder, one at a time; `tz` is the zone of times that have none."""

    tz: str = "UTC"
    kind: ClassVar[str] = "prov"

    def read(self, source: str) -> Iterator[Found]:
        """Give each activity, and each claim that an export of Headwater carried along.

        Raises SourceError when a single file is no document of PROV.
        """
        own = zone(self.tz)
        for found in documents(source, SUFFIXES, _parse):
            if isinstance(found, Problem):
                yield found
            elif isinstance(found.content, Path):
                yield from own_claims(found.content, found.position - found.content.stat().st_size)
            else:
                account = Account.of(found.content.document, own)
                yield from _Told(found.file, found.position, found.content, account, self.tz).items()

    def total(self, source: str) -> int:
        """Return the size of the files in bytes."""
        return total_bytes(files(source, SUFFIXES))

    def fingerprint(self, source: str) -> str:
        """Return a text that changes when a file does."""
        return fingerprint(files(source, SUFFIXES))


def _parse(path: Path) -> Read | Path:
    """Return the document, or the path of one that is read line by line."""
    return path if is_own(path) else read_prov(path)


@dataclass(frozen=True, slots=True)
class _Told:
    """One document and what it says."""

    file: str
    position: int
    read: Read
    account: Account
    tz: str

    def items(self) -> Iterator[Found]:
        settle(self.account)
        for path, text in self.account.claims:
            yield self._claim(self._place(path), text)
        for iri in sorted(self.account.deeds):
            yield self._activity(self.account.deeds[iri])
        yield from self._problems()

    def _claim(self, place: Place, text: str) -> Found:
        return attempt(place, lambda: read_claim(text, place, self.position), self.position)

    def _activity(self, deed: Deed) -> Found:
        place = self._place(f"activity {deed.iri}" if deed.is_stated else deed.iri)
        return attempt(place, lambda: self._run(deed, place), self.position)

    def _run(self, deed: Deed, place: Place) -> Item:
        fact = run_fact(self.account, deed)
        kind = "activity" if deed.is_stated else deed.iri.partition(" ")[0].removeprefix("prov:")
        return Item(kind, place, (fact,), _opaque(fact), self.position)

    def _problems(self) -> Iterator[Problem]:
        position = self.position
        for doubt in self.read.doubts:
            yield Problem(self._place(doubt.path), doubt.reason, "skipped" if doubt.is_lost else "warning", position)
        for path, reason in self.account.doubts:
            yield Problem(self._place(path), reason, position=position)
        for path, reason in self.account.contradictions:
            yield Problem(self._place(path), reason, "warning", position)
        for iri in unused(self.account):
            yield Problem(self._place(iri), "nothing was done with it: left out", "warning", position)
        if count := self.account.naive_times:
            reason = f"{count} times have no zone and are read as {self.tz}: option tz names another"
            yield Problem(self._place(""), reason, "warning", position)

    def _place(self, path: str) -> Place:
        return Place(self.file, path=path)


def _opaque(fact: RunFact) -> tuple[str, ...]:
    return tuple(sorted({key.key for key in fact.kept}))
