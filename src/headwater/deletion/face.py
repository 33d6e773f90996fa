"""Deletions of one lineage graph: request, plan, approve, execute, verify, report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from headwater.deletion import conducting, deciding, reporting, requesting
from headwater.deletion import verification as verifying
from headwater.deletion.chain import Head
from headwater.deletion.conducting import Outcome, Tell, silent
from headwater.deletion.configuration import Configuration
from headwater.deletion.desk import Desk
from headwater.deletion.execution import Execution, Means, Purge
from headwater.deletion.ledger import Planned, Request
from headwater.deletion.plan import Plan
from headwater.deletion.policy import load_policy
from headwater.deletion.register import Register
from headwater.deletion.removers import Remover, Removers
from headwater.deletion.rerunners import Rerunner, Rerunners
from headwater.deletion.schedule import Schedule
from headwater.deletion.verification import Verification
from headwater.errors import UnknownRequest, UsageError
from headwater.graph.lineage.face import Lineage
from headwater.graph.redaction import Redaction
from headwater.graph.store import DeletionStore

_NOTHING = Redaction(())


class Deletions:
    """What is to be forgotten in a lineage graph, and how it is done here.

    `rerun` says who makes the runs of which component (a glob) again: a callable, a shell command, a `Webhook`;
    `remove` who deletes the data of which names (a glob): a callable, a shell command, the folder of files. With
    `four_eyes` nobody approves a plan for a request of their own. `policy` is a file of rules.
    """

    def __init__(
        self,
        lineage: Lineage,
        rerun: Mapping[str, Rerunner | str] | Rerunners | None = None,
        remove: Mapping[str, Remover | str | Path] | Removers | None = None,
        *,
        four_eyes: bool = False,
        policy: Path | None = None,
        purge: Purge | None = None,
        spool: Path | None = None,
    ) -> None:
        if not hasattr(lineage.store, "enter"):
            raise UsageError("this store cannot forget", hint="use one on SQLite or Neo4j, or a service")
        store: DeletionStore = lineage.store  # type: ignore[assignment]
        rerunners = rerun if isinstance(rerun, Rerunners) else Rerunners.of(rerun)
        removers = remove if isinstance(remove, Removers) else Removers.of(remove)
        means = Means(rerunners, removers, purge, spool)
        self._desk = Desk(store, Register(store), load_policy(policy), means, four_eyes)

    @classmethod
    def configured(
        cls, lineage: Lineage, found: Configuration, *, purge: Purge | None = None, spool: Path | None = None
    ) -> Deletions:
        """Return the deletions of a lineage graph as a configuration says."""
        how = {"four_eyes": found.is_four_eyes, "policy": found.policy}
        return cls(lineage, found.rerunners, found.removers, purge=purge, spool=spool, **how)  # type: ignore[arg-type]

    @property
    def head(self) -> Head:
        """The newest entry of the register: whoever notes its digest down can tell later whether any was altered."""
        self._desk.register.read()
        return self._desk.register.head

    def request(
        self,
        subjects: str | Sequence[str],
        *,
        by: str,
        reason: str,
        due: datetime | None = None,
        law: str | None = None,
    ) -> Request:
        """Ask for subjects to be forgotten; return the request. It is due at a time, or as a law of the policy says.

        Raises UsageError for what is no subject, or a reason that gives one away, UnknownPointer for one that the graph
        does not know.
        """
        texts = [subjects] if isinstance(subjects, str) else subjects
        return requesting.make_request(self._desk, texts, by, reason, due, law)

    def requests(self, *, is_open: bool = False) -> list[Request]:
        """Return the requests, oldest first; only those for which something is to be done, if asked."""
        ledger = self._desk.register.read()
        return ledger.open_requests() if is_open else list(ledger.requests.values())

    def withdraw(self, request: str, *, by: str, reason: str = "") -> Request:
        """Take a request back; what was kept of it is forgotten. Raises UnknownRequest, DeletionRefused."""
        return requesting.withdraw(self._desk, request, by, reason)

    def plan(self, requests: str | Sequence[str] = (), *, by: str) -> Plan:
        """Make one plan for these requests, for all open ones if none is named, and return it.

        It takes the place of earlier plans of the same requests, and has to be approved. Raises UnknownRequest,
        DeletionRefused for a request that is over, ExecutionUnderWay.
        """
        return deciding.make_plan(self._desk, [requests] if isinstance(requests, str) else requests, by)

    def schedule(self, requests: str | Sequence[str] = (), *, law: str = "gdpr") -> Schedule:
        """Return what one plan for these requests, or all open ones, costs now, tonight, and at the latest time.

        A request without a due time is due as the law says. Raises UsageError when no request waits.
        """
        return deciding.schedule(self._desk, [requests] if isinstance(requests, str) else requests, law)

    def planned(self, plan: str | None = None) -> Plan:
        """Return a plan as it was made, the newest if none is named. Raises UnknownRequest."""
        found = self._desk.register.read().plan(plan)
        kept = self._desk.vault(found.id).get("plan")
        if kept is None:
            why = f"plan {found.id[:12]} is over, and what it said is forgotten"
            raise UnknownRequest(why, hint="`headwater forget report REQUEST` tells what was done")
        return Plan.from_dict(kept)

    def approve(self, plan: str | None = None, *, by: str) -> Planned:
        """Approve a plan, the newest if none is named. Raises NotApproved for whom it is not to approve."""
        return deciding.approve(self._desk, plan, by)

    def execute(
        self,
        plan: str | None = None,
        *,
        by: str,
        dry_run: bool = True,
        take_over: bool = False,
        tell: Tell = silent,
    ) -> Outcome:
        """Execute an approved plan, the newest if none is named, or with `dry_run` say what would be done.

        Otherwise as `begin`; raises DeletionStopped when something fails on the way.
        """
        if dry_run:
            return conducting.dry_run(self._desk, plan, by)
        return self.begin(plan, by=by, take_over=take_over)(tell)

    def begin(self, plan: str | None = None, *, by: str, take_over: bool = False) -> Callable[[Tell], Outcome]:
        """Begin to execute an approved plan; return what does it, and tells a function how far it is.

        Goes on behind what an earlier execution has done. `take_over` says that the process which executes it is gone,
        where that cannot be seen. Raises NotApproved, PlanOutdated, ExecutionUnderWay, and DeletionRefused when nobody
        reruns a component of the plan.
        """
        return conducting.begin(self._desk, plan, by, take_over)

    def verify(self, request: str | None = None) -> Verification:
        """Return what the graph says of a request now, the newest if none is named. Raises UnknownRequest."""
        return verifying.verify(self._desk, request)

    def report(self, request: str | None = None) -> dict[str, Any]:
        """Return the report on a request, the newest if none is named, as far as it has come. Raises UnknownRequest."""
        ledger = self._desk.register.read()
        found = ledger.request(request)
        if found.status == "completed":
            kept, history = self._desk.report(found), list(reporting.history(ledger, found.id))
            told = {key: value for key, value in kept.items() if key not in ("subjects", "tombstones")}
            return {**told, "request": found.to_dict(), "history": history}
        if found.plan is None or found.is_over:
            return reporting.report(ledger, found, None, reporting.Done(), _NOTHING)
        order = conducting.order_of(self._desk, ledger.plans[found.plan], found.by)
        so_far = Execution(self._desk.store, self._desk.register, order, self._desk.means, silent)
        return reporting.report(ledger, found, order.plan, reporting.Done.of(so_far), _NOTHING)

    def export(self) -> Iterator[str]:
        """Give the lines of the register's export, which `audited` checks without the store."""
        return self._desk.register.export()
