"""Deletion requests: what derives from a subject, what is rerun before it goes, and the proof."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from headwater.api import deleting
from headwater.api.asking import Asking, Document, json_response
from headwater.api.deleting import Deleter, Id, InDeletions, reference, signed, told
from headwater.api.documentation import API, beginning, deletion, examples
from headwater.api.logs import audit
from headwater.deletion.chain import Head, audited
from headwater.deletion.face import Deletions
from headwater.deletion.reporting import plan_document
from headwater.errors import HeadwaterError

router = APIRouter(prefix=f"{API}/deletions", tags=["deletions"])

_ACCEPTED = 202


def _example(name: str) -> object:
    return Body(examples=[examples()[name]["request"]])


@router.get("", **deletion("deletion_list", deleting.RequestList))
async def list_requests(
    ask: Asking,
    deletions: InDeletions,
    _: Deleter,
    is_open: Annotated[bool, Query(alias="open", description="Only those for which something is to be done.")] = False,
) -> Response:
    """List the requests, oldest first, and how far each is."""

    def found() -> Document:
        listed = [one.to_dict() for one in deletions.requests(is_open=is_open)]
        return {"requests": listed, "head": deletions.head.to_dict()}

    return json_response(await ask.put(lambda _: found()))


@router.post("", **deletion("deletion_request", deleting.OneRequest))
async def request_deletion(
    request: Request,
    ask: Asking,
    deletions: InDeletions,
    who: Deleter,
    claim: Annotated[deleting.RequestClaim, _example("deletion_request")],
) -> Response:
    """Ask for subjects to be forgotten; the register keeps them as salted hashes."""
    by = signed(who, claim.by)
    found = await ask.put(
        lambda _: deletions.request(claim.subjects, by=by, reason=claim.reason, due=claim.due, law=claim.law)
    )
    return told(request, who, "deletion_request", {"request": found.to_dict()})


@router.post("/plans", **deletion("deletion_plan", deleting.PlanDocument))
async def plan(
    request: Request,
    ask: Asking,
    deletions: InDeletions,
    who: Deleter,
    claim: Annotated[deleting.PlanClaim, _example("deletion_plan")],
) -> Response:
    """Make one plan for requests: what goes, what is rerun first, in which order, at what cost, and why."""
    found = await ask.put(lambda _: deletions.plan(claim.requests, by=signed(who, claim.by)))
    return told(request, who, "deletion_plan", plan_document(found))


@router.get("/plans/{plan}", **deletion("deletion_show", deleting.PlanDocument))
async def show_plan(ask: Asking, deletions: InDeletions, _: Deleter, plan: Id) -> Response:
    """Show a plan again, for whoever is to approve it."""
    return json_response(await ask.put(lambda _: plan_document(deletions.planned(reference(plan)))))


@router.post("/plans/{plan}/approval", **deletion("deletion_approve", deleting.OnePlan))
async def approve(
    request: Request,
    ask: Asking,
    deletions: InDeletions,
    who: Deleter,
    plan: Id,
    claim: Annotated[deleting.Signature, _example("deletion_approve")],
) -> Response:
    """Approve a plan."""
    found = await ask.put(lambda _: deletions.approve(reference(plan), by=signed(who, claim.by)))
    return told(request, who, "deletion_approve", {"plan": found.to_dict()})


@router.post("/plans/{plan}/execution", **beginning("deletion_execute", deleting.OutcomeDocument))
async def execute(
    request: Request,
    ask: Asking,
    deletions: InDeletions,
    who: Deleter,
    plan: Id,
    claim: Annotated[deleting.ExecutionClaim, _example("deletion_execute")],
) -> Response:
    """Tell what an execution would do; with `dry_run` false begin it (202), and reports tell how far it is."""
    by, named = signed(who, claim.by), reference(plan)
    found = await ask.put(lambda _: deletions.execute(named, by=by).to_dict())
    if claim.dry_run:
        return json_response(found)
    head = await ask.put(lambda _: _begin(deletions, named, by, claim.take_over))
    document = {**found, "status": "executing", "head": head.to_dict()}
    return told(request, who, "deletion_execute", document, _ACCEPTED)


def _begin(deletions: Deletions, plan: str | None, by: str, take_over: bool) -> Head:
    """Begin an execution, and go on with it beside the service's questions: reruns take hours."""
    go = deletions.begin(plan, by=by, take_over=take_over)

    def work() -> None:
        try:
            audit("deletion_executed", status=go(lambda _: None).status)
        except HeadwaterError as error:
            audit("deletion_stopped", failure=error.code)

    head = deletions.head
    threading.Thread(target=work, name="deletion", daemon=True).start()
    return head


@router.get("/schedule", **deletion("deletion_schedule", deleting.ScheduleDocument))
async def schedule(
    ask: Asking,
    deletions: InDeletions,
    _: Deleter,
    law: Annotated[
        str, Query(max_length=64, description="Whose term counts for requests without a due time.")
    ] = "gdpr",
) -> Response:
    """Tell what all open requests cost together: now, tonight, and as late as they may be done."""
    return json_response(await ask.put(lambda _: deletions.schedule(law=law).to_dict()))


@router.get("/register", **deletion("deletion_export", deleting.ChainDocument))
async def export(ask: Asking, deletions: InDeletions, _: Deleter) -> Response:
    """Give the register, a hash chain, for an audit."""

    def found() -> Document:
        return {"chain": "".join(deletions.export()), "head": deletions.head.to_dict()}

    return json_response(await ask.put(lambda _: found()))


@router.post("/audit", **deletion("deletion_audit", deleting.AuditDocument))
async def audit_chain(
    ask: Asking, _: Deleter, claim: Annotated[deleting.ChainClaim, _example("deletion_audit")]
) -> Response:
    """Check an exported register, which may be of any store; name the first altered record if there is one."""
    content = claim.chain.encode(errors="surrogatepass")
    return json_response(await ask.put(lambda _: audited(content, claim.head).to_dict()))


@router.post("/{request_id}/withdrawal", **deletion("deletion_withdraw", deleting.OneRequest))
async def withdraw(
    request: Request,
    ask: Asking,
    deletions: InDeletions,
    who: Deleter,
    request_id: Id,
    claim: Annotated[deleting.WithdrawalClaim, _example("deletion_withdraw")],
) -> Response:
    """Take a request back; what was kept of it is forgotten."""
    by = signed(who, claim.by)
    found = await ask.put(lambda _: deletions.withdraw(request_id, by=by, reason=claim.reason))
    return told(request, who, "deletion_withdraw", {"request": found.to_dict()})


@router.get("/{request_id}/verification", **deletion("deletion_verify", deleting.VerificationDocument))
async def verify(ask: Asking, deletions: InDeletions, _: Deleter, request_id: Id) -> Response:
    """Show from the graph what is still to do for a request."""
    return json_response(await ask.put(lambda _: deletions.verify(reference(request_id)).to_dict()))


@router.get("/{request_id}/report", **deletion("deletion_report", deleting.ReportDocument))
async def report(ask: Asking, deletions: InDeletions, _: Deleter, request_id: Id) -> Response:
    """Tell what was asked, planned, approved and done for a request, by whom and when."""
    return json_response(await ask.put(lambda _: deletions.report(reference(request_id))))
