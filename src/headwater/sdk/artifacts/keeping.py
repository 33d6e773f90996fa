"""What a component saves of what it captured: a value as it is at that moment, a file when there is time.

A value may change once the function goes on, so it is written down in the caller's thread; the rest, chunks and the
disk or the service, is done behind the program. What cannot be saved becomes the facet `unsaved` of the run.
"""

from __future__ import annotations

import shutil
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import IO

from headwater import clock
from headwater.errors import Unsaveable
from headwater.graph.facts import RunFact
from headwater.sdk import files, recording
from headwater.sdk.artifacts import formats
from headwater.sdk.artifacts.saved import kind_of, save_file
from headwater.sdk.artifacts.saver import Job, saver
from headwater.sdk.artifacts.store import ArtifactStore
from headwater.sdk.artifacts.where import open_artifacts
from headwater.sdk.claims import Claim
from headwater.sdk.content import digest_of
from headwater.sdk.faults import Ours
from headwater.sdk.run import UNSAVED, RunLog

MOST_REMEMBERED = 4096
_OTHER_CONTENT = "it changed while it was saved, or its digest was given by hand"

_saved: OrderedDict[tuple[ArtifactStore, str], None] = OrderedDict()


class Keeper:
    """Saves what one run captures: `policy` is "outputs" or "all", and `durability` "wait" does it at once."""

    __slots__ = ("_policy", "_run", "_waits")

    def __init__(self, run: RunLog, policy: str, durability: str) -> None:
        self._run = run
        self._policy = policy
        self._waits = durability == "wait"

    def __call__(self, value: object, claims: Sequence[Claim], written: bool) -> None:
        """Save what the claims are about, as far as the policy goes. Raises nothing."""
        if written or self._policy == "all":
            for claim in claims:
                with Ours("saving an artifact") as attempt:
                    self._keep(claim, value)
                if attempt.has_failed:
                    self._given_up(claim.name, str(attempt.error))

    def _keep(self, claim: Claim, value: object) -> None:
        if claim.mark is not None:
            self._keep_file(claim, claim.mark)
        elif claim.digest is not None:
            self._keep_value(claim, claim.digest, value)
        elif (reason := claim.facets.get("undigested")) is not None:
            raise Unsaveable(f"a {type(value).__name__} has no digest: {reason}")

    def _keep_file(self, claim: Claim, mark: files.FileMark) -> None:
        if mark.size_bytes > files.LIMIT_BYTES:
            raise Unsaveable("it has no digest, for it is too large; headwater.save takes files of any size")
        if mark.content is not None and mark.content.digest is None:
            raise Unsaveable(f"it has no digest: {mark.content.reason}")
        self._put(claim.name, partial(_save_file, claim, mark))

    def _keep_value(self, claim: Claim, digest: str, value: object) -> None:
        """Write the value down now, unless it is saved already."""
        store = open_artifacts()
        if (store, digest) in _saved or (store.place.is_near and store.has(digest)):
            self._put(claim.name, partial(_renew, store, digest))
            return
        payload = store.place.scratch()
        try:
            chosen = formats.format_for(value)
            formats.written(chosen, value, payload)
            if digest_of(value).digest != digest:
                raise Unsaveable(_OTHER_CONTENT)
            put = partial(store.put, lambda: digest, chosen.name, partial(_copy, payload), name=claim.name)
            put = partial(put, kind=kind_of(value), about=chosen.about(value))
            self._put(claim.name, partial(_save_payload, store, digest, payload, put), payload)
        except BaseException:
            payload.close()
            raise

    def _put(self, name: str, work: partial[None], payload: IO[bytes] | None = None) -> None:
        if self._waits:
            work()
        else:
            size = 0 if payload is None else payload.tell()
            saver.put(Job(work, size, partial(self._given_up_late, name, payload)))

    def _given_up(self, name: str, why: str) -> None:
        self._run.not_saved(name, why)

    def _given_up_late(self, name: str, payload: IO[bytes] | None, why: str) -> None:
        """Record the reason in a fact of its own: that of the run's end may be on its way already."""
        if payload is not None:
            payload.close()
        self._given_up(name, why)
        fact = RunFact(self._run.id, facets={UNSAVED: self._run.facets[UNSAVED]}, at=clock.now())
        recording.recorder.put(lambda: fact)


def _save_file(claim: Claim, mark: files.FileMark) -> None:
    entry = save_file(open_artifacts(), mark.path, claim.name, mark)
    if claim.digest not in (None, entry.digest):
        raise Unsaveable(_OTHER_CONTENT)


def _renew(store: ArtifactStore, digest: str) -> None:
    if store.renew(digest) is None:
        _saved.pop((store, digest), None)
        raise Unsaveable("what was saved of it before is gone or damaged")


def _copy(payload: IO[bytes], file: IO[bytes]) -> None:
    payload.seek(0)
    shutil.copyfileobj(payload, file, 1 << 20)


def _save_payload(store: ArtifactStore, digest: str, payload: IO[bytes], put: Callable[[], object]) -> None:
    with payload:
        if store.renew(digest) is None:
            put()
    _saved[store, digest] = None
    if len(_saved) > MOST_REMEMBERED:
        _saved.popitem(last=False)
