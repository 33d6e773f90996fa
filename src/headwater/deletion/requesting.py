"""Asking for subjects to be forgotten, and taking that back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from headwater import clock
from headwater.deletion.desk import Desk
from headwater.deletion.ledger import Ledger, Request
from headwater.deletion.subjects import Subject, parse
from headwater.deletion.targets import targets
from headwater.errors import DeletionRefused, UnknownPointer, UsageError
from headwater.graph.erasure import new_salt


def make_request(
    desk: Desk, texts: Sequence[str], by: str, reason: str, due: datetime | None, law: str | None
) -> Request:
    """Enter a request and keep its subjects; return it. Raises UsageError, UnknownPointer, InvalidPolicy."""
    subjects = [parse(text) for text in texts]
    _check(desk, subjects, reason, due, law)
    now, salt = clock.now(), new_salt()
    due = desk.policy.due(now, law) if law is not None else due and clock.as_utc(due, "due")
    said = {
        "reason": reason,
        "due": None if due is None else clock.isoformat(due),
        "subjects": sorted(subject.hash(salt) for subject in subjects),
    }
    ident = ""

    def make(ledger: Ledger) -> Mapping[str, Any]:
        nonlocal ident
        ident = _new_id(now, ledger)
        return {"request": ident, **said}

    desk.register.enter("request", by, make)
    desk.vault(ident).put("subjects", {"salt": salt, "subjects": [str(subject) for subject in subjects]})
    return desk.register.read().requests[ident]


def withdraw(desk: Desk, request: str, by: str, reason: str) -> Request:
    """Take a request back and forget what was kept of it. Raises UnknownRequest, DeletionRefused."""
    ident = desk.register.read().request(request).id

    def make(ledger: Ledger) -> Mapping[str, Any]:
        found = ledger.requests[ident]
        if found.is_over:
            raise DeletionRefused(f"request {ident} is {found.status}", hint="nothing is to be done for it")
        plans = [plan for plan in ledger.plans.values() if ident in plan.requests]
        if any(step["step"] == "erase" for plan in plans for step in plan.steps):
            raise DeletionRefused(f"for request {ident} data was erased already", hint="execute it to its end")
        return {"request": ident, "reason": reason}

    desk.register.enter("withdrawal", by, make)
    desk.sweep()
    return desk.register.read().requests[ident]


def _check(desk: Desk, subjects: Sequence[Subject], reason: str, due: datetime | None, law: str | None) -> None:
    if not subjects:
        raise UsageError("no subject was named", hint="name at least one")
    if due is not None and law is not None:
        raise UsageError("both a due time and a law", hint="give one of them")
    if not reason.strip():
        raise UsageError("the request has no reason", hint="say why, without naming the subject: ticket 4711")
    if told := next((subject for subject in subjects if subject.is_told_by(reason)), None):
        hint = "the register is kept for good and holds no personal data: name a ticket instead"
        raise UsageError(f"the reason names the subject ({told.kind})", hint=hint)
    for subject in subjects:
        if not _is_known(desk, subject):
            raise UnknownPointer(f"nothing in the graph is {subject.kind} {subject.text!r}")


def _is_known(desk: Desk, subject: Subject) -> bool:
    [found] = targets(desk.store, {"": [subject]})
    return bool(found.states or desk.store.labelled(found.labels) or desk.store.annotated(found.labels))


def _new_id(now: datetime, ledger: Ledger) -> str:
    while True:
        ident = f"{now:%Y%m%d}-{secrets.token_hex(4)}"
        if ident not in ledger.requests:
            return ident
