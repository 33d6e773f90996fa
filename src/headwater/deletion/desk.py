"""What everything about deletions works with: the store, its register, the policy, and who does what here."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from headwater.deletion.execution import Means
from headwater.deletion.ledger import Ledger, Planned, Request
from headwater.deletion.policy import Policy
from headwater.deletion.register import Register
from headwater.deletion.reporting import digest_of
from headwater.deletion.situation import Target
from headwater.deletion.subjects import Subject, parse
from headwater.deletion.targets import targets
from headwater.deletion.vault import Vault
from headwater.errors import CorruptStore, DeletionRefused, ExecutionUnderWay
from headwater.graph.store import DeletionStore


@dataclass(frozen=True, slots=True)
class Desk:
    """The store with its register, the policy, by what means plans are executed, and whether four eyes are wanted."""

    store: DeletionStore
    register: Register
    policy: Policy
    means: Means
    is_four_eyes: bool = False

    def vault(self, owner: str) -> Vault:
        """Return what is kept readable of a request or plan."""
        return Vault(self.store, owner)

    def targets(self, requests: Sequence[str]) -> list[Target]:
        """Return what the subjects of open requests mean now, and what they were renamed to."""
        subjects: dict[str, list[Subject]] = {}
        for one in requests:
            kept = self.vault(one).all()
            if "subjects" not in kept:
                raise DeletionRefused(f"the subjects of request {one} were lost", hint="withdraw it and request anew")
            again = [Subject("state", state) for state in kept.get("renamed") or ()]
            subjects[one] = [*map(parse, kept["subjects"]["subjects"]), *again]
        return targets(self.store, subjects)

    def report(self, request: Request) -> dict[str, Any]:
        """Return the report on a completed request; raises CorruptStore when it is not the one that was entered."""
        kept: dict[str, Any] | None = self.vault(f"report:{request.id}").get("report")
        if kept is None or digest_of(kept) != request.report:
            raise CorruptStore(f"the report on request {request.id} is not the one whose digest is in the register")
        return kept

    def sweep(self) -> None:
        """Forget what is kept of requests that are over, and of plans that do not count any more."""
        ledger = self.register.read()
        over = {one.id for one in ledger.requests.values() if one.is_over}
        over |= {plan.id for plan in ledger.plans.values() if not ledger.counts(plan)}
        for owner in sorted({owner for owner, _ in self.store.kept()} & over):
            self.store.drop(owner)


def current(ledger: Ledger, plan: str) -> Planned:
    """Return a plan that still counts; raises DeletionRefused for any other."""
    found = ledger.plans[plan]
    if not ledger.counts(found):
        why = "is done" if found.is_completed else "is not that of its requests any more"
        raise DeletionRefused(f"plan {plan[:12]} {why}", hint="`headwater forget plan` makes a new one")
    return found


def refuse_if_executing(plan: Planned | None) -> None:
    """Raise ExecutionUnderWay while a process executes the plan."""
    if plan is not None and plan.place is not None and _is_there(plan.place):
        where = f"process {plan.place['pid']} on {plan.place['host']}"
        raise ExecutionUnderWay(f"{where} executes plan {plan.id[:12]}")


def here() -> dict[str, Any]:
    """Return by what others know this process."""
    return {"host": socket.gethostname(), "pid": os.getpid()}


def _is_there(place: Mapping[str, Any]) -> bool:
    """Whether the process of an execution may still run: on another machine that cannot be seen."""
    if place["host"] != socket.gethostname():
        return True
    with suppress(PermissionError):
        try:
            os.kill(place["pid"], 0)
        except ProcessLookupError:
            return False
    return True
