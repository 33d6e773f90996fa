"""Taking an approved plan to its end: what stands in its way, the execution, the proof, the report."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from headwater.deletion import reporting
from headwater.deletion.chain import Head
from headwater.deletion.desk import Desk, current, here, refuse_if_executing
from headwater.deletion.differences import differences
from headwater.deletion.erasing import renamed
from headwater.deletion.execution import Execution, Order, entered
from headwater.deletion.ledger import Ledger, Planned
from headwater.deletion.plan import Plan
from headwater.deletion.proving import Judgement, Remaining, standing
from headwater.deletion.situation import Target
from headwater.deletion.survey import survey
from headwater.errors import DeletionRefused, NotApproved, PlanOutdated

Tell = Callable[[str], None]

_SOME = 3


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


def silent(_: str) -> None:
    """Tell nobody."""


def dry_run(desk: Desk, plan: str | None, by: str) -> Outcome:
    """Return what an execution of a plan would do, and what stands in its way."""
    desk.sweep()
    ledger = desk.register.read()
    planned = current(ledger, ledger.plan(plan).id)
    order = order_of(desk, planned, by)
    problems = [*_changes(desk, planned, order), *_nobody(desk, order)]
    if planned.approved_by is None:
        problems.append("the plan is not approved")
    left, head = _left(desk, order.plan), desk.register.head
    return Outcome(planned.id, "dry run", _steps(order.plan), problems, left=left, head=head)


def begin(desk: Desk, plan: str | None, by: str, take_over: bool) -> Callable[[Tell], Outcome]:
    """Enter that a plan is executed; return what does it. Raises NotApproved, PlanOutdated, ExecutionUnderWay."""
    desk.sweep()
    ledger = desk.register.read()
    planned = current(ledger, ledger.plan(plan).id)
    order = order_of(desk, planned, by)
    if planned.approved_by is None:
        raise NotApproved(f"plan {planned.id[:12]} is not approved")
    if changes := _changes(desk, planned, order):
        raise PlanOutdated("; ".join(changes))
    if nobody := _nobody(desk, order):
        raise DeletionRefused("; ".join(nobody), hint="give each component a rerunner: docs/deletion.md")
    desk.register.enter("execution", by, lambda ledger: _begun(ledger, order, take_over))

    def go(tell: Tell = silent) -> Outcome:
        with entered(desk.register, order):
            execution = Execution(desk.store, desk.register, order, desk.means, tell)
            return _conclude(desk, planned, execution, execution.run())

    return go


def order_of(desk: Desk, planned: Planned, by: str) -> Order:
    """Return what is to be executed, as it was kept when the plan was made."""
    kept = desk.vault(planned.id).all()
    meant = [Target(t["request"], tuple(t["states"]), tuple(map(tuple, t["labels"]))) for t in kept["targets"]]
    return Order(secrets.token_hex(8), Plan.from_dict(kept["plan"]), desk.policy, meant, kept["marks"], by)


def _changes(desk: Desk, planned: Planned, order: Order) -> list[str]:
    """Return what has changed since the plan was made; once it was begun, the execution itself looks at it."""
    if order.plan.policy != desk.policy.digest:
        return ["the policy is another one than that of the plan"]
    if planned.steps:
        return []
    meant = desk.targets(planned.requests)
    if meant != list(order.targets):
        return ["the subjects mean other states by now"]
    now = survey(desk.store, standing(desk.store, meant))
    if now.digest == order.plan.situation:
        return []
    found = [f"{one.node} {one.what}" for one in differences(order.marks, now)]
    more = [f"and {len(found) - _SOME} more"] if len(found) > _SOME else []
    return [*found[:_SOME], *more] or ["what is live, labelled or declared has changed"]


def _nobody(desk: Desk, order: Order) -> list[str]:
    """Return which components nobody reruns."""
    components = {rerun.component for rerun in order.plan.reruns}
    nobody = sorted(str(one) for one in components if desk.means.rerunners.find(one) is None)
    return [f"nobody reruns {one!r}" for one in nobody]


def _left(desk: Desk, plan: Plan) -> list[str]:
    """Return the states whose data nobody here would delete."""
    nodes = [node for step in plan.steps if step.kind in ("delete", "source") for node in step.nodes]
    return [node for node in nodes if not desk.means.removers.fits(node.rpartition("@")[0])]


def _begun(ledger: Ledger, order: Order, take_over: bool) -> Mapping[str, Any]:
    found = current(ledger, order.plan.digest)
    if not take_over:
        refuse_if_executing(found)
    return {"plan": order.plan.digest, "execution": order.execution, "place": here()}


def _conclude(desk: Desk, planned: Planned, execution: Execution, found: Judgement) -> Outcome:
    """Enter what the graph says at the end: completed, or what remains; forget what need not be known any more."""
    order, register = execution.order, desk.register
    remaining, left = found.remaining(), sorted(s for s, what in execution.removed.items() if what == "left")
    said = {"plan": planned.id, "done": not remaining, "remaining": len(remaining)}
    register.enter("verification", order.by, lambda _: said)
    if remaining:
        stop = {"plan": planned.id, "execution": order.execution, "code": "remaining"}
        register.enter("stop", order.by, lambda _: stop)
        return Outcome(planned.id, "remaining", _steps(order.plan), (), remaining, left, head=register.head)
    receipts = {one: desk.vault(one).get("subjects")["salt"] for one in planned.requests}
    redaction = execution.redaction
    _complete(desk, planned, execution, found)
    called = [redaction.target(one) for one in left]
    return Outcome(planned.id, "completed", _steps(order.plan), (), (), called, receipts, register.head)


def _complete(desk: Desk, planned: Planned, execution: Execution, found: Judgement) -> None:
    order, redaction, plan = execution.order, execution.redaction, execution.plan
    done = reporting.Done.of(execution, found.proofs)
    tombstones = sorted({redaction.target(node) for node in plan.erases if "@" in node}) if plan.labels else []
    subjects = {one.request: list(one.states) for one in renamed(order.targets, redaction)}
    reports = {}
    for one in planned.requests:
        ledger = desk.register.read()
        told = reporting.report(ledger, ledger.requests[one], plan, done, redaction)
        kept = {**told, "subjects": subjects[one], "tombstones": tombstones}
        reports[one] = reporting.digest_of(kept)
        desk.vault(f"report:{one}").put("report", kept)
    said = {"plan": planned.id, "requests": planned.requests, "reports": reports}
    desk.register.enter("completion", order.by, lambda _: said)
    desk.sweep()
    desk.store.scrub()


def _steps(plan: Plan) -> list[Mapping[str, Any]]:
    return [{"kind": step.kind, "wave": step.wave, "nodes": list(step.nodes)} for step in plan.steps]
