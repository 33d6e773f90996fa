"""What the graph says of a request: whether anything live still derives from its subjects, and what is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headwater import clock
from headwater.deletion.chain import Head
from headwater.deletion.desk import Desk
from headwater.deletion.ledger import Request
from headwater.deletion.proving import Proof, Remaining, judge
from headwater.deletion.situation import Target
from headwater.deletion.subjects import Subject
from headwater.deletion.targets import targets

_NEW = ("rebuild", "wait", "resolve")


@dataclass(frozen=True, slots=True)
class Verification:
    """What the graph says of a request: `live` states that its subjects still reach, and all that is left to do.

    `reached` nodes were looked at; `proofs` are the states that were made again with the same content without the
    subjects, so that nothing of them is in what derives from these.
    """

    request: str
    at: datetime
    reached: int
    live: int
    remaining: Sequence[Remaining]
    proofs: Sequence[Proof]
    head: Head

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return not self.remaining

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        said = {"request": self.request, "done": self.is_done, "at": clock.isoformat(self.at)}
        found = {"reached": self.reached, "live": self.live, "remaining": [one.to_dict() for one in self.remaining]}
        return {**said, **found, "proofs": [one.to_dict() for one in self.proofs], "head": self.head.to_dict()}


def verify(desk: Desk, request: str | None) -> Verification:
    """Return what the graph says of a request now, the newest if none is named. Cost: that of a plan."""
    found = desk.register.read().request(request)
    subjects, tombstones = _meant(desk, found)
    looks = [judge(desk.store, meant, desk.policy) for meant in (subjects, tombstones) if meant]
    remaining = looks[0].remaining() if subjects else []
    if tombstones:
        # What derives from a tombstone needs a new plan; that one stands beside other runs is no fault.
        remaining += [one for one in looks[-1].remaining() if one.do in _NEW]
    reached = len({node for now in looks for node in now.reach})
    live, proofs = sum(now.live for now in looks), [proof for now in looks for proof in now.proofs]
    return Verification(found.id, clock.now(), reached, live, remaining, proofs, desk.register.head)


def _meant(desk: Desk, request: Request) -> tuple[list[Target], list[Target]]:
    """Return what to look at for a request: its subjects, and where its labels are erased, the tombstones."""
    if request.status == "withdrawn":
        return [], []
    if request.status != "completed":
        return desk.targets([request.id]), []
    kept = desk.report(request)
    own = {state.rpartition("@")[0] for state in kept["subjects"]}.intersection(kept["plan"]["names"])
    subjects = [Subject("state", state) for state in kept["subjects"]]
    subjects += [Subject("name", name) for name in sorted(own)]
    tombstones = [Subject("state", state) for state in kept["tombstones"]]
    found = [targets(desk.store, {request.id: some}) if some else [] for some in (subjects, tombstones)]
    return found[0], found[1]
