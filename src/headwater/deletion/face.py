"""Deletions of one lineage graph: request, plan, approve, execute, verify, report."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from headwater import clock
from headwater.deletion import reporting
from headwater.deletion.chain import Head
from headwater.deletion.configuration import Configuration
from headwater.deletion.differences import differences, marks
from headwater.deletion.erasing import renamed
from headwater.deletion.execution import Execution, Means, Order, Purge, entered
from headwater.deletion.ledger import Ledger, Planned, Request
from headwater.deletion.plan import Plan
from headwater.deletion.policy import load_policy
from headwater.deletion.proving import Judgement, Proof, Remaining, judge, standing
from headwater.deletion.register import Register
from headwater.deletion.removers import Remover, Removers
from headwater.deletion.rerunners import Rerunner, Rerunners
from headwater.deletion.situation import Target
from headwater.deletion.subjects import Subject, new_salt, parse
from headwater.deletion.survey import survey
from headwater.deletion.targets import targets
from headwater.deletion.vault import Vault
from headwater.errors import (
    DeletionRefused,
    ExecutionUnderWay,
    NotApproved,
    PlanOutdated,
    UnknownPointer,
    UnknownRequest,
    UsageError,
)
from headwater.graph.lineage.face import Lineage
from headwater.graph.redaction import Redaction
from headwater.graph.store import DeletionStore

_SOME = 3
_NOTHING = Redaction(())
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an execution came to, or would come to: `problems` stand in the way of one.

    `receipts` are the salts by which whoever knows the subjects of a request recognises their hashes in the register.
    They are nowhere else from then on.
    """

    plan: str
    status: Literal["dry run", "completed", "remaining"]
    steps: Sequence[Mapping[str, Any]]
    problems: Sequence[str] = ()
    remaining: Sequence[Remaining] = ()
    left: Sequence[str] = ()
    receipts: Mapping[str, str] = field(default_factory=dict)
    head: Head = field(default_factory=Head)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        said = {"plan": self.plan, "status": self.status, "steps": [dict(step) for step in self.steps]}
        rest = {"problems": list(self.problems), "remaining": [one.to_dict() for one in self.remaining]}
        more = {"left": list(self.left), "receipts": dict(self.receipts), "head": self.head.to_dict()}
        return {**said, **rest, **more}


def _silent(_: str) -> None:
    """Tell nobody."""


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
        store: Any = lineage.store
        self._store: DeletionStore = store
        self._register = Register(self._store)
        rerunners = rerun if isinstance(rerun, Rerunners) else Rerunners.of(rerun)
        removers = remove if isinstance(remove, Removers) else Removers.of(remove)
        self._means = Means(rerunners, removers, purge, spool)
        self._is_four_eyes = four_eyes
        self._policy = load_policy(policy)

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
        self._register.read()
        return self._register.head

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
        found = [parse(text) for text in ([subjects] if isinstance(subjects, str) else subjects)]
        self._check_request(found, reason, due, law)
        now, salt = clock.now(), new_salt()
        due = self._policy.due(now, law) if law is not None else due and clock.as_utc(due, "due")
        said = {
            "reason": reason,
            "due": None if due is None else clock.isoformat(due),
            "subjects": sorted(subject.hash(salt) for subject in found),
        }
        ident = ""

        def make(ledger: Ledger) -> Mapping[str, Any]:
            nonlocal ident
            ident = _new_id(now, ledger)
            return {"request": ident, **said}

        self._register.enter("request", by, make)
        Vault(self._store, ident).put("subjects", {"salt": salt, "subjects": [str(subject) for subject in found]})
        return self._register.read().requests[ident]

    def _check_request(self, found: Sequence[Subject], reason: str, due: datetime | None, law: str | None) -> None:
        if not found:
            raise UsageError("no subject was named", hint="name at least one")
        if due is not None and law is not None:
            raise UsageError("both a due time and a law", hint="give one of them")
        if not reason.strip():
            raise UsageError("the request has no reason", hint="say why, without naming the subject: ticket 4711")
        if told := next((subject for subject in found if subject.is_told_by(reason)), None):
            hint = "the register is kept for good and holds no personal data: name a ticket instead"
            raise UsageError(f"the reason names the subject ({told.kind})", hint=hint)
        for subject in found:
            [target] = targets(self._store, {"": [subject]})
            if not self._is_known(target):
                raise UnknownPointer(f"nothing in the graph is {subject.kind} {subject.text!r}")

    def _is_known(self, target: Target) -> bool:
        return bool(target.states or self._store.labelled(target.labels) or self._store.annotated(target.labels))

    def requests(self, *, is_open: bool = False) -> list[Request]:
        """Return the requests, oldest first; only those for which something is to be done, if asked."""
        ledger = self._register.read()
        return ledger.open_requests() if is_open else list(ledger.requests.values())

    def withdraw(self, request: str, *, by: str, reason: str = "") -> Request:
        """Take a request back; what was kept of it is forgotten. Raises UnknownRequest, DeletionRefused."""
        ident = self._register.read().request(request).id

        def make(ledger: Ledger) -> Mapping[str, Any]:
            found = ledger.requests[ident]
            if found.is_over:
                raise DeletionRefused(f"request {ident} is {found.status}", hint="nothing is to be done for it")
            if any(step["step"] == "erase" for plan in self._plans_of(ledger, ident) for step in plan.steps):
                raise DeletionRefused(f"for request {ident} data was erased already", hint="execute it to its end")
            return {"request": ident, "reason": reason}

        self._register.enter("withdrawal", by, make)
        self._sweep()
        return self._register.read().requests[ident]

    def plan(self, requests: str | Sequence[str] = (), *, by: str) -> Plan:
        """Make one plan for these requests, for all open ones if none is named, and return it.

        It takes the place of earlier plans of the same requests, and has to be approved. Raises UnknownRequest.
        """
        self._sweep()
        ledger = self._register.read()
        named = [requests] if isinstance(requests, str) else requests
        chosen = [ledger.request(one) for one in named] if named else ledger.open_requests()
        if not chosen:
            raise UnknownRequest("there is no open request", hint="`headwater forget request` makes one")
        if over := next((one for one in chosen if one.is_over), None):
            raise DeletionRefused(f"request {over.id} is {over.status}", hint="nothing is to be done for it")
        meant = self._targets([one.id for one in chosen])
        found = judge(self._store, meant, self._policy)
        self._keep(found, meant)
        self._register.enter("plan", by, lambda ledger: self._planned(ledger, found))
        return found.plan

    def _keep(self, found: Judgement, meant: Sequence[Target]) -> None:
        vault = Vault(self._store, found.plan.digest)
        vault.drop()
        vault.put("plan", found.plan.to_dict())
        vault.put("marks", marks(found.situation))
        said = [{"request": t.request, "states": list(t.states), "labels": list(map(list, t.labels))} for t in meant]
        vault.put("targets", said)

    def _planned(self, ledger: Ledger, found: Judgement) -> Mapping[str, Any]:
        plan = found.plan
        for one in plan.requests:
            if ledger.requests[one].is_over:
                raise DeletionRefused(f"request {one} is {ledger.requests[one].status} by now", hint="plan again")
            _refuse_if_executing(ledger, ledger.requests[one])
        kinds = sorted({verdict.verdict for verdict in plan.verdicts})
        counts = {kind: len(plan.of(kind)) for kind in kinds}
        digests = {"policy": plan.policy, "situation": plan.situation, "reruns": len(plan.reruns)}
        return {"plan": plan.digest, "requests": list(dict.fromkeys(plan.requests)), **digests, "counts": counts}

    def planned(self, plan: str | None = None) -> Plan:
        """Return a plan as it was made, the newest if none is named. Raises UnknownRequest."""
        found = self._register.read().plan(plan)
        kept = Vault(self._store, found.id).get("plan")
        if kept is None:
            why = f"plan {found.id[:12]} is over, and what it said is forgotten"
            raise UnknownRequest(why, hint="`headwater forget report REQUEST` tells what was done")
        return Plan.from_dict(kept)

    def approve(self, plan: str | None = None, *, by: str) -> Planned:
        """Approve a plan, the newest if none is named. Raises NotApproved for whom it is not to approve."""
        ident = self._register.read().plan(plan).id

        def make(ledger: Ledger) -> Mapping[str, Any]:
            found = self._current(ledger, ident)
            askers = {ledger.requests[one].by for one in found.requests}
            if self._is_four_eyes and by in askers:
                raise NotApproved(f"{by} made the request and cannot approve its plan", hint="let somebody else do it")
            return {"plan": ident}

        self._register.enter("approval", by, make)
        return self._register.read().plans[ident]

    def execute(
        self,
        plan: str | None = None,
        *,
        by: str,
        dry_run: bool = True,
        take_over: bool = False,
        tell: Callable[[str], None] = _silent,
    ) -> Outcome:
        """Execute an approved plan, the newest if none is named, or with `dry_run` say what would be done.

        Otherwise as `begin`; raises DeletionStopped when something fails on the way.
        """
        if not dry_run:
            return self.begin(plan, by=by, take_over=take_over)(tell)
        self._sweep()
        ledger = self._register.read()
        planned = self._current(ledger, ledger.plan(plan).id)
        return self._dry(planned, self._order(planned, by))

    def begin(
        self, plan: str | None = None, *, by: str, take_over: bool = False
    ) -> Callable[[Callable[[str], None]], Outcome]:
        """Begin to execute an approved plan; return what does it, and tells a function how far it is.

        Goes on behind what an earlier execution has done. `take_over` says that the process which executes it is gone,
        where that cannot be seen. Raises NotApproved, PlanOutdated, ExecutionUnderWay, and DeletionRefused when nobody
        reruns a component of the plan.
        """
        self._sweep()
        ledger = self._register.read()
        planned = self._current(ledger, ledger.plan(plan).id)
        order = self._order(planned, by)
        if planned.approved_by is None:
            raise NotApproved(f"plan {planned.id[:12]} is not approved")
        if changes := self._changes(planned, order):
            raise PlanOutdated("; ".join(changes))
        if nobody := self._nobody(order):
            raise DeletionRefused("; ".join(nobody), hint="give each component a rerunner: docs/deletion.md")
        self._register.enter("execution", by, lambda ledger: self._begun(ledger, order, take_over))

        def go(tell: Callable[[str], None] = _silent) -> Outcome:
            with entered(self._register, order):
                execution = Execution(self._store, self._register, order, self._means, tell)
                return self._conclude(planned, order, execution, execution.run())

        return go

    def _dry(self, planned: Planned, order: Order) -> Outcome:
        problems = [*self._changes(planned, order), *self._nobody(order)]
        if planned.approved_by is None:
            problems.append("the plan is not approved")
        return Outcome(planned.id, "dry run", _steps(order.plan), problems, left=self._left(order.plan), head=self.head)

    def _order(self, planned: Planned, by: str) -> Order:
        kept = Vault(self._store, planned.id).all()
        meant = [Target(t["request"], tuple(t["states"]), tuple(map(tuple, t["labels"]))) for t in kept["targets"]]
        return Order(secrets.token_hex(8), Plan.from_dict(kept["plan"]), self._policy, meant, kept["marks"], by)

    def _nobody(self, order: Order) -> list[str]:
        """Return which components nobody reruns."""
        components = {rerun.component for rerun in order.plan.reruns}
        nobody = sorted(str(one) for one in components if self._means.rerunners.find(one) is None)
        return [f"nobody reruns {one!r}" for one in nobody]

    def _changes(self, planned: Planned, order: Order) -> list[str]:
        """Return what has changed since the plan was made; once it was begun, the execution itself looks at it."""
        if order.plan.policy != self._policy.digest:
            return ["the policy is another one than that of the plan"]
        if planned.steps:
            return []
        meant = self._targets(planned.requests)
        if meant != list(order.targets):
            return ["the subjects mean other states by now"]
        now = survey(self._store, standing(self._store, meant))
        if now.digest == order.plan.situation:
            return []
        found = [f"{one.node} {one.what}" for one in differences(order.marks, now)]
        more = [f"and {len(found) - _SOME} more"] if len(found) > _SOME else []
        return [*found[:_SOME], *more] or ["what is live, labelled or declared has changed"]

    def _begun(self, ledger: Ledger, order: Order, take_over: bool) -> Mapping[str, Any]:
        found = self._current(ledger, order.plan.digest)
        if found.place is not None and not take_over and _is_there(found.place):
            raise ExecutionUnderWay(f"process {found.place['pid']} on {found.place['host']} executes the plan")
        here = {"host": socket.gethostname(), "pid": os.getpid()}
        return {"plan": order.plan.digest, "execution": order.execution, "place": here}

    def _conclude(self, planned: Planned, order: Order, execution: Execution, found: Judgement) -> Outcome:
        """Enter what the graph says at the end: completed, or what remains; forget what need not be known any more."""
        remaining, left = found.remaining(), sorted(s for s, what in execution.removed.items() if what == "left")
        said = {"plan": planned.id, "done": not remaining, "remaining": len(remaining)}
        self._register.enter("verification", order.by, lambda _: said)
        if remaining:
            stop = {"plan": planned.id, "execution": order.execution, "code": "remaining"}
            self._register.enter("stop", order.by, lambda _: stop)
            return Outcome(planned.id, "remaining", _steps(order.plan), (), remaining, left, head=self._register.head)
        receipts = {one: Vault(self._store, one).get("subjects")["salt"] for one in planned.requests}
        self._complete(planned, order, execution, found)
        called = [execution.redaction.target(one) for one in left]
        return Outcome(planned.id, "completed", _steps(order.plan), (), (), called, receipts, self._register.head)

    def _complete(self, planned: Planned, order: Order, execution: Execution, found: Judgement) -> None:
        redaction, plan = execution.redaction, execution.plan
        done = reporting.Done(
            list(execution.rebuilder.done.values()), execution.removed, execution.purged, found.proofs
        )
        tombstones = sorted({redaction.target(node) for node in plan.erases if "@" in node}) if plan.labels else []
        subjects = {one.request: list(one.states) for one in renamed(order.targets, redaction)}
        for one in planned.requests:
            ledger = self._register.read()
            told = reporting.report(ledger, ledger.requests[one], plan, done, redaction)
            Vault(self._store, f"report:{one}").put(
                "report", {**told, "subjects": subjects[one], "tombstones": tombstones}
            )
        said = {"plan": planned.id, "requests": planned.requests}
        self._register.enter("completion", order.by, lambda _: {**said, "report": f"report:{planned.id[:12]}"})
        self._sweep()
        self._store.scrub()

    def verify(self, request: str | None = None) -> Verification:
        """Return what the graph says of a request now, the newest if none is named. Raises UnknownRequest."""
        found = self._register.read().request(request)
        subjects, tombstones = self._meant(found)
        looks = [judge(self._store, meant, self._policy) for meant in (subjects, tombstones) if meant]
        remaining = looks[0].remaining() if subjects else []
        if tombstones:
            # What derives from a tombstone needs a new plan; that one stands beside other runs is no fault.
            remaining += [one for one in looks[-1].remaining() if one.do in _NEW]
        reached = len({node for now in looks for node in now.reach})
        live, proofs = sum(now.live for now in looks), [proof for now in looks for proof in now.proofs]
        return Verification(found.id, clock.now(), reached, live, remaining, proofs, self._register.head)

    def _meant(self, request: Request) -> tuple[list[Target], list[Target]]:
        """Return what to look at for a request: its subjects, and where its labels are erased, the tombstones."""
        if request.status == "withdrawn":
            return [], []
        if request.status != "completed":
            return self._targets([request.id]), []
        kept = Vault(self._store, f"report:{request.id}").get("report")
        own = {state.rpartition("@")[0] for state in kept["subjects"]}.intersection(kept["plan"]["names"])
        subjects = [Subject("state", state) for state in kept["subjects"]]
        subjects += [Subject("name", name) for name in sorted(own)]
        tombstones = [Subject("state", state) for state in kept["tombstones"]]
        found = [targets(self._store, {request.id: some}) if some else [] for some in (subjects, tombstones)]
        return found[0], found[1]

    def report(self, request: str | None = None) -> dict[str, Any]:
        """Return the report on a request, the newest if none is named, as far as it has come. Raises UnknownRequest."""
        ledger = self._register.read()
        found = ledger.request(request)
        kept = Vault(self._store, f"report:{found.id}").get("report")
        if kept is not None and found.status == "completed":
            history = list(reporting.history(ledger, found.id))
            told = {key: value for key, value in kept.items() if key not in ("subjects", "tombstones")}
            return {**told, "request": found.to_dict(), "history": history}
        document = Vault(self._store, found.plan).get("plan") if found.plan and not found.is_over else None
        plan = None if document is None else Plan.from_dict(document)
        return reporting.report(ledger, found, plan, self._so_far(found, plan), _NOTHING)

    def _so_far(self, request: Request, plan: Plan | None) -> reporting.Done:
        if plan is None:
            return reporting.Done()
        order = self._order(self._register.read().plans[plan.digest], request.by)
        execution = Execution(self._store, self._register, order, self._means, _silent)
        return reporting.Done(list(execution.rebuilder.done.values()), execution.removed, execution.purged)

    def export(self) -> Iterator[str]:
        """Give the lines of the register's export, which `audited` checks without the store."""
        return self._register.export()

    def _targets(self, requests: Sequence[str]) -> list[Target]:
        """Return what the subjects of requests mean now, and what they were renamed to."""
        subjects: dict[str, list[Subject]] = {}
        for one in requests:
            kept = Vault(self._store, one).all()
            if "subjects" not in kept:
                raise DeletionRefused(f"the subjects of request {one} were lost", hint="withdraw it and request anew")
            again = [Subject("state", state) for state in kept.get("renamed") or ()]
            subjects[one] = [*map(parse, kept["subjects"]["subjects"]), *again]
        return targets(self._store, subjects)

    def _left(self, plan: Plan) -> list[str]:
        """Return the states whose data nobody here would delete."""
        nodes = [node for step in plan.steps if step.kind in ("delete", "source") for node in step.nodes]
        known = self._means.removers
        return [node for node in nodes if not known.fits(node.rpartition("@")[0])]

    def _current(self, ledger: Ledger, plan: str) -> Planned:
        found = ledger.plans[plan]
        if not ledger.counts(found):
            why = "is done" if found.is_completed else "is not that of its requests any more"
            raise DeletionRefused(f"plan {plan[:12]} {why}", hint="`headwater forget plan` makes a new one")
        return found

    def _plans_of(self, ledger: Ledger, request: str) -> list[Planned]:
        return [plan for plan in ledger.plans.values() if request in plan.requests]

    def _sweep(self) -> None:
        """Forget what is kept of requests that are over, and of plans that do not count any more."""
        ledger = self._register.read()
        over = {one.id for one in ledger.requests.values() if one.is_over}
        over |= {plan.id for plan in ledger.plans.values() if not ledger.counts(plan)}
        for owner in sorted({owner for owner, _ in self._store.kept()} & over):
            self._store.drop(owner)


def _new_id(now: datetime, ledger: Ledger) -> str:
    while True:
        ident = f"{now:%Y%m%d}-{secrets.token_hex(4)}"
        if ident not in ledger.requests:
            return ident


def _refuse_if_executing(ledger: Ledger, request: Request) -> None:
    plan = ledger.plans.get(request.plan or "")
    if request.status == "executing" and plan is not None and plan.place is not None and _is_there(plan.place):
        raise ExecutionUnderWay(f"process {plan.place['pid']} on {plan.place['host']} executes plan {plan.id[:12]}")


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


def _steps(plan: Plan) -> list[Mapping[str, Any]]:
    return [{"kind": step.kind, "wave": step.wave, "nodes": list(step.nodes)} for step in plan.steps]
