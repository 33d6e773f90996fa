"""Where the profile comes from that data are compared with: memory, a file, or the newest run of another component."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias, cast

from headwater import clock
from headwater.errors import StoreBusy, UnknownComponent, UnknownReference
from headwater.graph.connect import default
from headwater.graph.facts import Status
from headwater.graph.lineage.face import Lineage
from headwater.graph.store import RunDetail
from headwater.graph.values import JSON, canonical
from headwater.library.checks import Check, check, keep
from headwater.library.profiles import Profile
from headwater.library.verdicts import verdict
from headwater.sdk import recording
from headwater.sdk.run import current

DEADLINE_S = 10.0
KEPT_S = 60.0
_MOST_PART_BYTES = 500_000
_MOST_RUNS = 200


_kept_at: dict[str, float] = {}  # when this process has last kept a profile under a key


@dataclass(eq=False)
class Recorded:
    """The profile that the newest completed run of a component has kept.

    The store is asked once in KEPT_S seconds, or when this process has kept another one meanwhile.
    """

    component: str
    key: str = "profile"
    _held: tuple[float, Profile] | None = field(default=None, init=False, repr=False)
    _busy_at: float = field(default=-KEPT_S, init=False, repr=False)

    def load(self) -> Profile:
        """Return the profile; raises UnknownReference without one, StoreBusy when the store does not answer."""
        now = clock.monotonic_s()
        if self._held is None or now - self._held[0] > KEPT_S or self._held[0] <= _kept_at.get(self.key, now - KEPT_S):
            self._held = now, self._asked(now)
        return self._held[1]

    def _asked(self, now: float) -> Profile:
        if now - self._busy_at < KEPT_S:
            raise StoreBusy(f"the store did not tell the {self.key} of {self.component!r} a moment ago")
        answers: list[Profile | None] = []
        run = current.get()
        recording.recorder.ask(partial(self._read, "" if run is None else run.id, answers), DEADLINE_S)
        if not answers:
            self._busy_at = now
            raise StoreBusy(f"the store does not tell the {self.key} of {self.component!r}")
        if answers[0] is None:
            raise UnknownReference(f"no completed run of {self.component!r} has kept a {self.key!r}")
        return answers[0]

    def _read(self, without: str, answers: list[Profile | None]) -> None:
        documents = (_document(one, self.key) for one in _completed(default(), self.component, without))
        found = next((one for one in documents if one is not None), None)
        answers.append(None if found is None else Profile.from_dict(found))


Reference: TypeAlias = "Profile | Recorded | str | os.PathLike[str]"


def recorded(component: str, key: str = "profile") -> Recorded:
    """Return a reference to the profile that the newest completed run of a component has kept under this key."""
    return Recorded(component, key)


def resolve(reference: Reference) -> Profile:
    """Return the profile: itself, read from a file, or asked of the store.

    Raises UnknownReference, StoreBusy, OSError, SourceError.
    """
    if isinstance(reference, Profile):
        return reference
    return reference.load() if isinstance(reference, Recorded) else Profile.load(reference)


def profile(variable: str, key: str = "profile") -> Check:
    """Return a trigger that keeps the profile of a variable with the run, for `recorded(COMPONENT, key)`."""

    def body(data: object) -> object:
        found = Profile.fit(data, name=variable)
        keep_profile(found, key)
        return verdict([], f"{found.rows:,} rows, {len(found.columns):,} columns", {"rows": found.rows})

    return check(key, body, variable)  # type: ignore[arg-type]


def keep_profile(found: Profile, key: str) -> None:
    """Keep a profile with the current run, in as many facets as it takes: KEY, KEY:2, KEY:3 ..."""
    document = found.to_dict()
    parts: list[dict[str, JSON]] = [{}]
    size = 0
    for name, one in document["columns"].items():  # type: ignore[union-attr]
        size += len(canonical(one)) + len(name)
        if size > _MOST_PART_BYTES:
            parts.append({})
            size = 0
        parts[-1][name] = one
    keep({_part(key, n): {**document, "columns": part} for n, part in enumerate(parts, 1)})
    _kept_at[key] = clock.monotonic_s()


def _part(key: str, number: int) -> str:
    return key if number == 1 else f"{key}:{number}"


def _completed(lineage: Lineage, component: str, without: str) -> Iterator[RunDetail]:
    """Give the newest completed runs of a component, without that one."""
    cursor: str | None = None
    looked_at = 0
    while looked_at < _MOST_RUNS:
        try:
            page = lineage.history(component, cursor=cursor)
        except UnknownComponent:
            return
        done = (run for run in page.runs if run.status is Status.COMPLETED and run.id != without)
        yield from (lineage.inspect(run.id) for run in done)
        cursor, looked_at = page.cursor, looked_at + len(page.runs)
        if cursor is None:
            return


def _document(detail: RunDetail, key: str) -> Mapping[str, object] | None:
    """Return the document of a profile among the facets of a run, its parts united."""
    facets = {where.key: value for where, value in detail.facets.items() if where.subject == "run"}
    found: dict[str, object] | None = None
    number = 1
    columns: dict[str, object] = {}
    while isinstance(part := facets.get(_part(key, number)), Mapping):
        columns |= cast("Mapping[str, object]", part["columns"])
        found = {**part, "columns": columns}
        number += 1
    return found
