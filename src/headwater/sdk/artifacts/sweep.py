"""Freeing payloads: `collect` those that nothing needs any longer, `release` those whose states were erased.

What is to go is moved aside, then it is looked at again whether somebody needs it after all, and only then it is
removed; so a writer that comes in between either finds its chunks or is found. A sweep that was killed is finished by
the next one: what lies aside is put back first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from headwater import clock
from headwater.errors import ArtifactsUnavailable, DamagedArtifact, UnknownArtifact
from headwater.sdk.artifacts.entries import Entry, decoded, key_of
from headwater.sdk.artifacts.places import Found
from headwater.sdk.artifacts.store import TRASH, ArtifactStore

GRACE = timedelta(days=14)

Needed = Callable[[Collection[str]], Mapping[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Freed:
    """What a sweep removed, or would: the artifacts, bytes on the disk, and who needs those that were kept."""

    entries: tuple[Entry, ...]
    size_bytes: int
    chunks: int
    kept: Mapping[str, list[str]] = field(default_factory=dict)
    is_applied: bool = True

    def to_dict(self) -> dict[str, object]:
        """Return the JSON document."""
        artifacts = [entry.to_dict() for entry in self.entries]
        freed = {"size_bytes": self.size_bytes, "chunks": self.chunks, "applied": self.is_applied}
        return {"artifacts": artifacts, **freed, "kept": dict(self.kept)}


def collect(store: ArtifactStore, needed: Needed, *, grace: timedelta = GRACE, applies: bool = False) -> Freed:
    """Free the artifacts that nothing needs and that were saved longer ago than `grace`, and what writers left behind.

    `needed` tells of some digests which are needed; a run's digest comes to the graph after its payload, hence the
    grace. What was saved for another lineage graph as well stays. Without `applies` nothing is removed.
    Raises DamagedArtifact, for who can tell what a damaged entry needs?
    """
    return _sweep(store, needed, None, clock.now() - grace, applies=applies)


def release(store: ArtifactStore, digests: Iterable[str], needed: Needed) -> Freed:
    """Free the payloads of these contents at once, except those that something else needs; return what was freed.

    Chunks that other artifacts share stay; those that no artifact has go too, and with them what killed writers left.
    A damaged entry does not stand in the way: what cannot be loaded is not needed.
    """
    return _sweep(store, needed, frozenset(digests), clock.now(), applies=True)


def _sweep(
    store: ArtifactStore, needed: Needed, only: frozenset[str] | None, until: datetime, *, applies: bool
) -> Freed:
    place = store.place
    with store.failing():
        try:
            with place.sweeping():
                if not applies:
                    return _planned(store, needed, until)
                _put_back(store)
                parts = place.clear_parts()
                gone, kept = _entries_removed(store, needed, only, until)
                chunks = _chunks_removed(store, until, None if only is None else [])
        except BlockingIOError:
            raise ArtifactsUnavailable(f"another sweep of {place} is under way", hint="try again later") from None
    return Freed(tuple(gone), sum(chunk.size_bytes for chunk in chunks) + parts, len(chunks), kept)


def _planned(store: ArtifactStore, needed: Needed, until: datetime) -> Freed:
    """Return what a collection would free now."""
    entries = list(store.entries())
    doomed = _unneeded(store, [entry for entry in entries if entry.saved_at < until], needed)[0]
    going = {entry.digest for entry in doomed}
    chunks = _unused(store, _used(entry for entry in entries if entry.digest not in going), until)
    return Freed(tuple(doomed), sum(chunk.size_bytes for chunk in chunks), len(chunks), is_applied=False)


def _unneeded(
    store: ArtifactStore, entries: list[Entry], needed: Needed
) -> tuple[list[Entry], Mapping[str, list[str]]]:
    """Return the entries that may go, and who needs the others: states of this graph, and other graphs."""
    others = {entry.digest: [graph for graph in entry.graphs if graph != store.graph] for entry in entries}
    states = needed(list(others))
    kept = {
        digest: [*states.get(digest, ()), *graphs] for digest, graphs in others.items() if graphs or digest in states
    }
    return [entry for entry in entries if entry.digest not in kept], kept


def _entries_removed(
    store: ArtifactStore, needed: Needed, only: frozenset[str] | None, until: datetime
) -> tuple[list[Entry], Mapping[str, list[str]]]:
    """Remove the entries; return them, and who needs those of the named ones that stay."""
    candidates = list(_named(store, only)) if only is not None else [e for e in store.entries() if e.saved_at < until]
    doomed, kept = _unneeded(store, candidates, needed)
    aside = [entry for entry in doomed if store.place.move(entry.key, TRASH + entry.key)]
    gone, late = _unneeded(store, aside, needed)
    going = {entry.digest for entry in gone if _is_as_it_was(store, entry)}
    for entry in aside:
        if entry.digest in going:
            store.place.remove(TRASH + entry.key)
        else:
            _restore(store, entry.key)
    return [entry for entry in gone if entry.digest in going], {} if only is None else {**kept, **late}


def _named(store: ArtifactStore, digests: Iterable[str]) -> Iterable[Entry]:
    """Give the entries of these contents; a damaged one is removed at once."""
    for digest in digests:
        try:
            yield store.entry(digest)
        except UnknownArtifact:
            continue
        except DamagedArtifact:
            store.place.remove(key_of(digest))


def _is_as_it_was(store: ArtifactStore, entry: Entry) -> bool:
    """Whether nobody has saved the artifact anew between the look at it and its move."""
    return decoded(store.place.read(TRASH + entry.key), entry.key).saved_at == entry.saved_at


def _chunks_removed(store: ArtifactStore, until: datetime, damaged: list[str] | None) -> list[Found]:
    """Remove the chunks that no entry has and that were written before; a writer that misses them writes them again."""
    unused = _unused(store, _used(store.entries(damaged)), until)
    aside = [chunk for chunk in unused if store.place.move(chunk.key, TRASH + chunk.key)]
    used = _used(store.entries(damaged)) if aside else set()
    for chunk in aside:
        if chunk.key in used:
            _restore(store, chunk.key)
        else:
            store.place.remove(TRASH + chunk.key)
    return [chunk for chunk in aside if chunk.key not in used]


def _used(entries: Iterable[Entry]) -> set[str]:
    return {chunk.key for entry in entries for chunk in entry.chunks}


def _unused(store: ArtifactStore, used: Collection[str], until: datetime) -> list[Found]:
    found = store.place.found("chunks")
    return [one for one in found if one.key not in used and one.written_s < until.timestamp()]


def _put_back(store: ArtifactStore) -> None:
    """Undo what a sweep that was killed has begun."""
    for found in list(store.place.found(TRASH.rstrip("/"))):
        _restore(store, found.key.removeprefix(TRASH))


def _restore(store: ArtifactStore, key: str) -> None:
    """Give a key its bytes again, unless a writer has done so."""
    if store.place.sizes([key]) == [None]:
        store.place.move(TRASH + key, key)
    else:
        store.place.remove(TRASH + key)
