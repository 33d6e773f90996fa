"""Making a plan for requests, and approving it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from headwater import clock
from headwater.deletion.desk import Desk, current, refuse_if_executing
from headwater.deletion.differences import marks
from headwater.deletion.ledger import Ledger, Planned, Request, due_of
from headwater.deletion.plan import Plan
from headwater.deletion.proving import Judgement, judge
from headwater.deletion.schedule import Queued, Schedule
from headwater.deletion.schedule import schedule as scheduled
from headwater.deletion.situation import Target
from headwater.errors import DeletionRefused, NotApproved, UnknownRequest


def make_plan(desk: Desk, requests: Sequence[str], by: str) -> Plan:
    """Make one plan for these requests, for all open ones if none is named; keep it and return it."""
    desk.sweep()
    ledger = desk.register.read()
    chosen = [ledger.request(one) for one in requests] if requests else ledger.open_requests()
    if not chosen:
        raise UnknownRequest("there is no open request", hint="`headwater forget request` makes one")
    if over := next((one for one in chosen if one.is_over), None):
        raise DeletionRefused(f"request {over.id} is {over.status}", hint="nothing is to be done for it")
    for one in chosen:
        refuse_if_executing(ledger.plans.get(one.plan or ""))
    meant = desk.targets(list(dict.fromkeys(one.id for one in chosen)))
    has_reruns = any(plan.steps for plan in ledger.plans.values())
    found = judge(desk.store, meant, desk.policy, has_reruns=has_reruns)
    _keep(desk, found, meant)
    desk.register.enter("plan", by, lambda ledger: _entry(ledger, found.plan))
    return found.plan


def schedule(desk: Desk, requests: Sequence[str], law: str) -> Schedule:
    """Return when to execute one plan for these requests, or all open ones; those without a due time have a law's."""
    ledger = desk.register.read()
    chosen = [ledger.request(one) for one in requests] if requests else ledger.open_requests()
    queue = [_queued(desk, one, law) for one in chosen]
    found = judge(desk.store, desk.targets([one.id for one in chosen]), desk.policy)
    return scheduled(found.plan, queue, clock.now())


def _queued(desk: Desk, request: Request, law: str) -> Queued:
    received = datetime.fromisoformat(request.at)
    return Queued(request.id, received, due_of(request) or desk.policy.due(received, law))


def approve(desk: Desk, plan: str | None, by: str) -> Planned:
    """Approve a plan, the newest if none is named; raises NotApproved for whom it is not to approve."""
    ident = desk.register.read().plan(plan).id

    def make(ledger: Ledger) -> Mapping[str, Any]:
        found = current(ledger, ident)
        askers = {ledger.requests[one].by for one in found.requests}
        if desk.is_four_eyes and by in askers:
            raise NotApproved(f"{by} made the request and cannot approve its plan", hint="let somebody else do it")
        return {"plan": ident}

    desk.register.enter("approval", by, make)
    return desk.register.read().plans[ident]


def _keep(desk: Desk, found: Judgement, meant: Sequence[Target]) -> None:
    vault = desk.vault(found.plan.digest)
    vault.drop()
    vault.put("plan", found.plan.to_dict())
    vault.put("marks", marks(found.situation))
    said = [{"request": t.request, "states": list(t.states), "labels": list(map(list, t.labels))} for t in meant]
    vault.put("targets", said)


def _entry(ledger: Ledger, plan: Plan) -> Mapping[str, Any]:
    for one in plan.requests:
        request = ledger.requests[one]
        if request.is_over:
            raise DeletionRefused(f"request {one} is {request.status} by now", hint="plan again")
        refuse_if_executing(ledger.plans.get(request.plan or ""))
    kinds = sorted({verdict.verdict for verdict in plan.verdicts})
    counts = {kind: len(plan.of(kind)) for kind in kinds}
    digests = {"policy": plan.policy, "situation": plan.situation, "reruns": len(plan.reruns)}
    return {"plan": plan.digest, "requests": list(dict.fromkeys(plan.requests)), **digests, "counts": counts}
