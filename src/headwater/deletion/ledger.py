"""How far requests and plans are: what the register's entries come to, in their order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from headwater.errors import UnknownRequest, UsageError

RequestStatus: TypeAlias = Literal["open", "planned", "approved", "executing", "stopped", "completed", "withdrawn"]
Entry: TypeAlias = Mapping[str, Any]
_LEAST_PREFIX = 4
_OVER = ("completed", "withdrawn")
_TELLING = frozenset({"request", "plan", "approval", "execution", "step", "stop", "completion", "withdrawal"})


@dataclass(slots=True)
class Request:
    """A deletion request: who asked, when, why, by when, and the salted hashes of its subjects."""

    id: str
    at: str
    by: str
    reason: str
    due: str | None
    subjects: list[str]
    status: RequestStatus = "open"
    plan: str | None = None
    report: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done for it."""
        return self.status in _OVER

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        said = {"id": self.id, "status": self.status, "at": self.at, "by": self.by, "reason": self.reason}
        return {**said, "due": self.due, "subjects": self.subjects, "plan": self.plan, "report": self.report}


@dataclass(slots=True)
class Planned:
    """A plan: for which requests, who approved it, and how far its execution is."""

    id: str
    requests: list[str]
    by: str
    approved_by: str | None = None
    approved_at: str | None = None
    execution: str | None = None
    place: Mapping[str, Any] | None = None
    steps: list[Entry] = field(default_factory=list)
    is_completed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        said = {"id": self.id, "requests": self.requests, "by": self.by, "completed": self.is_completed}
        approved = {"approved_by": self.approved_by, "approved_at": self.approved_at}
        return {**said, **approved, "steps": [{"step": one["step"], "count": one["count"]} for one in self.steps]}


@dataclass(slots=True)
class Ledger:
    """All requests and plans by id, and the entries in their order."""

    requests: dict[str, Request] = field(default_factory=dict)
    plans: dict[str, Planned] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Ledger:
        """Return what the entries come to."""
        ledger = cls()
        for entry in entries:
            ledger.add(entry)
        return ledger

    def add(self, entry: Entry) -> None:
        """Take one more entry; kinds that say nothing of how far things are change nothing."""
        self.entries.append(entry)
        if entry["kind"] in _TELLING:
            getattr(self, f"_{entry['kind']}")(entry)

    def request(self, reference: str | None = None) -> Request:
        """Return the request whose id this is, or begins with it, without one the newest; raises UnknownRequest."""
        if reference is None:
            if not self.requests:
                raise UnknownRequest("there is no request", hint="`headwater forget request` makes one")
            return list(self.requests.values())[-1]
        return self.requests[_find(reference, self.requests, "request")]

    def plan(self, reference: str | None = None) -> Planned:
        """Return the plan whose id this is or begins with it, without one the newest that still counts."""
        if reference is not None:
            return self.plans[_find(reference, self.plans, "plan")]
        for plan in reversed(self.plans.values()):
            if self.counts(plan):
                return plan
        raise UnknownRequest("there is no plan to go on with", hint="`headwater forget plan` makes one")

    def counts(self, plan: Planned) -> bool:
        """Whether it still is the plan of all its requests, and not done."""
        its = (self.requests[one] for one in plan.requests)
        return not plan.is_completed and all(one.plan == plan.id and not one.is_over for one in its)

    def open_requests(self) -> list[Request]:
        """Return the requests for which something is to be done, oldest first."""
        return [one for one in self.requests.values() if not one.is_over]

    def of_request(self, request: str) -> list[Entry]:
        """Return the entries about a request or a plan that was made for it."""
        plans = {plan.id for plan in self.plans.values() if request in plan.requests}
        return [
            entry
            for entry in self.entries
            if request in (entry.get("request"), *entry.get("requests", ())) or entry.get("plan") in plans
        ]

    def _request(self, entry: Entry) -> None:
        said = {key: entry[key] for key in ("at", "by", "reason", "due", "subjects")}
        self.requests[entry["request"]] = Request(entry["request"], **said)

    def _plan(self, entry: Entry) -> None:
        self.plans[entry["plan"]] = Planned(entry["plan"], entry["requests"], entry["by"])
        for request in self._requests_of(entry):
            request.status, request.plan = "planned", entry["plan"]

    def _approval(self, entry: Entry) -> None:
        plan = self.plans[entry["plan"]]
        plan.approved_by, plan.approved_at = entry["by"], entry["at"]
        self._move(plan, "approved")

    def _execution(self, entry: Entry) -> None:
        plan = self.plans[entry["plan"]]
        plan.execution, plan.place = entry["execution"], entry["place"]
        self._move(plan, "executing")

    def _step(self, entry: Entry) -> None:
        self.plans[entry["plan"]].steps.append(entry)

    def _stop(self, entry: Entry) -> None:
        plan = self.plans[entry["plan"]]
        plan.place = None
        self._move(plan, "stopped")

    def _completion(self, entry: Entry) -> None:
        plan = self.plans[entry["plan"]]
        plan.is_completed, plan.place = True, None
        self._move(plan, "completed")
        for request in self._requests_of(entry):
            request.report = entry["reports"].get(request.id)

    def _withdrawal(self, entry: Entry) -> None:
        self.requests[entry["request"]].status = "withdrawn"

    def _move(self, plan: Planned, status: RequestStatus) -> None:
        for one in plan.requests:
            if self.requests[one].plan == plan.id:
                self.requests[one].status = status

    def _requests_of(self, entry: Entry) -> list[Request]:
        return [self.requests[one] for one in entry["requests"]]


def due_of(request: Request) -> datetime | None:
    """Return the time by which a request has to be done."""
    return None if request.due is None else datetime.fromisoformat(request.due)


def _find(reference: str, known: Mapping[str, object], what: str) -> str:
    if reference in known:
        return reference
    if len(reference) < _LEAST_PREFIX:
        raise UnknownRequest(f"no {what} has the id {reference!r}")
    found = [one for one in known if one.startswith(reference) or one.partition(":")[2].startswith(reference)]
    if not found:
        raise UnknownRequest(f"no {what} has the id {reference!r}")
    if len(found) > 1:
        raise UsageError(f"{reference!r} begins {len(found)} ids of {what}s", hint="write more of it")
    return found[0]
