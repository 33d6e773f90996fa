"""The report on a request: what was found, decided, done and by whom, with the evidence. Pure."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headwater.deletion.execution import Execution
from headwater.deletion.ledger import Ledger, Planned, Request
from headwater.deletion.plan import Plan
from headwater.deletion.proving import Proof
from headwater.deletion.rebuilding import Rebuilt
from headwater.graph.redaction import Redaction

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What an execution has done so far."""

    rebuilt: Sequence[Rebuilt] = ()
    removed: Mapping[str, str] = field(default_factory=dict)
    purged: Mapping[str, str] = field(default_factory=dict)
    proofs: Sequence[Proof] = ()

    @classmethod
    def of(cls, execution: Execution, proofs: Sequence[Proof] = ()) -> Done:
        """Return what an execution, and those before it, have done."""
        return cls(list(execution.rebuilder.done.values()), execution.removed, execution.purged, proofs)


def report(ledger: Ledger, request: Request, plan: Plan | None, done: Done, redaction: Redaction) -> Document:
    """Return the report as one JSON document; names are those that `redaction` leaves.

    With a plan: what is decided of each node, by which rule; for what is live, the chain from a subject as well.
    """
    found: Document = {"request": request.to_dict(), "history": list(history(ledger, request.id))}
    if plan is None:
        return {**found, "plan": None, "execution": None}
    return {**found, "plan": _plan(ledger, plan, redaction), "execution": _execution(done, redaction)}


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a report, which stands in the register."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def plan_document(plan: Plan) -> Document:
    """Return a plan whole, with its id."""
    return {"id": plan.digest, **plan.to_dict()}


def history(ledger: Ledger, request: str) -> Iterator[Document]:
    """Yield who did what for a request, and when, in order."""
    for entry in ledger.of_request(request):
        said = {key: entry[key] for key in ("seq", "at", "kind", "by")}
        details = {key: entry[key] for key in ("plan", "step", "count", "code", "done", "remaining") if key in entry}
        yield {**said, **details, "digest": entry["digest"]}


def _plan(ledger: Ledger, plan: Plan, redaction: Redaction) -> Document:
    planned = ledger.plans.get(plan.digest) or Planned(plan.digest, list(plan.requests), "")
    document = plan.to_dict()
    kept = {key: document[key] for key in ("requests", "policy", "situation", "cost", "saving", "fewest")}
    counted = Counter(verdict.verdict for verdict in plan.verdicts)
    approved = {"approved_by": planned.approved_by, "approved_at": planned.approved_at}
    return {
        "id": plan.digest,
        **kept,
        "planned_by": planned.by,
        **approved,
        "counts": dict(sorted(counted.items())),
        "verdicts": [_verdict(plan, verdict.node, redaction) for verdict in plan.verdicts],
        "reruns": list(_reruns(plan, redaction)),
        "names": [redaction.name(name) for name in plan.names],
        "labels": len(plan.labels),
    }


def _reruns(plan: Plan, redaction: Redaction) -> Iterator[Document]:
    for one in plan.reruns:
        replaces = [redaction.target(state) for state in one.replaces]
        yield {"run": one.run, "component": one.component, "wave": one.wave, "replaces": replaces}


def _verdict(plan: Plan, node: str, redaction: Redaction) -> Document:
    verdict = plan.by_node[node]
    is_told = verdict.verdict != "delete"
    evidence = [redaction.target(one) for one in plan.evidence(node)] if is_told else []
    said = {"node": redaction.target(node), "verdict": verdict.verdict, "rule": verdict.rule}
    # What is missing is told in words that may hold names.
    missing = verdict.missing if not redaction.erasures else None
    return {**said, "missing": missing, "evidence": evidence}


def _execution(done: Done, redaction: Redaction) -> Document:
    rebuilt = [
        {**one.to_dict(), "unchanged": [redaction.target(state) for state in one.unchanged]} for one in done.rebuilt
    ]
    proofs = [
        {**one.to_dict(), "state": redaction.target(one.state), "same_as": redaction.target(one.same_as)}
        for one in done.proofs
    ]
    removed = {redaction.target(state): outcome for state, outcome in sorted(done.removed.items())}
    took = sum(one.took_s for one in done.rebuilt)
    rest = {"removed": removed, "purged": dict(sorted(done.purged.items())), "proofs": proofs}
    return {"reruns": rebuilt, "took_s": took, **rest}
