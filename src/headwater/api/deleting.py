"""The documents of deletion requests, as the OpenAPI page shows them, and what the routes about them share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Depends, Path, Request, Response, Security
from pydantic import Field

from headwater.api.asking import Document, json_response
from headwater.api.claims import Instant, Names
from headwater.api.logs import audit
from headwater.api.schemas import Exact
from headwater.api.service import InService, Service, allowed
from headwater.api.tokens import ANONYMOUS, Identity, Scope
from headwater.deletion.configuration import load_configuration
from headwater.deletion.face import Deletions
from headwater.deletion.purging import Artifacts
from headwater.graph.lineage.face import Lineage
from headwater.sdk.artifacts.where import artifacts_beside, graph_name, open_artifacts
from headwater.sdk.recording import spool_folder

NEWEST = "newest"

Deleter: TypeAlias = Annotated[Identity, Security(allowed, scopes=[Scope.DELETE.value])]
Id: TypeAlias = Annotated[str, Path(max_length=512, description="An id, its beginning, or `newest`.")]
Who: TypeAlias = Annotated[str, Field(min_length=1, max_length=512)]
Why: TypeAlias = Annotated[str, Field(max_length=65_536)]


class RequestClaim(Exact):
    """Whose data is to go: names, `name@run`, digests, globs, labels `key=value`; due at a time or as a law says."""

    subjects: Names
    reason: Why
    due: Instant | None = None
    law: Annotated[str, Field(max_length=64)] | None = None
    by: Who | None = None


class Signature(Exact):
    """Who does it, where the service knows no tokens; a token's name counts before this one."""

    by: Who | None = None


class WithdrawalClaim(Signature):
    """Why a request is taken back."""

    reason: Why = ""


class PlanClaim(Signature):
    """The requests to plan for; all open ones if none is named."""

    requests: Annotated[list[Annotated[str, Field(max_length=512)]], Field(default_factory=list, max_length=10_000)]


class ExecutionClaim(Signature):
    """Whether a plan is executed, or only what that would do is told."""

    dry_run: bool = True
    take_over: bool = False


class ChainClaim(Exact):
    """An exported register, and the digest of an entry that was noted down before."""

    chain: str
    head: Annotated[str, Field(max_length=512)] | None = None


class HeadDocument(Exact):
    """The newest entry of the register; its digest, noted down, shows later whether any entry was altered."""

    seq: int
    digest: str


class RequestDocument(Exact):
    """A request; its subjects as salted hashes."""

    id: str
    status: Literal["open", "planned", "approved", "executing", "stopped", "completed", "withdrawn"]
    at: datetime
    by: str
    reason: str
    due: datetime | None
    subjects: list[str]
    plan: str | None
    report: str | None


class OneRequest(Exact):
    """A request."""

    request: RequestDocument


class RequestList(Exact):
    """The requests, oldest first, and the head of the register."""

    requests: list[RequestDocument]
    head: HeadDocument


class StepDocument(Exact):
    """One thing to do before the next."""

    kind: Literal["quarantine", "rebuild", "swap", "delete", "source", "purge", "verify"]
    wave: int | None
    nodes: list[str]


class VerdictDocument(Exact):
    """What becomes of a node, by which rule, and the nodes before it, the next on its evidence first."""

    node: str
    verdict: Literal["delete", "regenerate", "unlearn", "protected", "quarantine", "keep", "undetermined"]
    rule: str
    sources: list[str]
    missing: str | None


class PlanDocument(Exact):
    """A plan: docs/deletion-planning.md tells of its parts."""

    id: str
    requests: list[str]
    policy: str
    situation: str
    verdicts: list[VerdictDocument]
    reruns: list[dict[str, Any]]
    fewest: int
    steps: list[StepDocument]
    cost: dict[str, float]
    saving: dict[str, Any]
    names: list[str]
    labels: list[list[str]]
    erases: list[str]
    artifacts: dict[str, list[str]]
    chains: dict[str, list[str]]


class Planned(Exact):
    """How far a plan is."""

    id: str
    requests: list[str]
    by: str
    completed: bool
    approved_by: str | None
    approved_at: datetime | None
    steps: list[dict[str, Any]]


class OnePlan(Exact):
    """A plan's state."""

    plan: Planned


class RemainingDocument(Exact):
    """One thing that is still to be done, with the chain of nodes that says so."""

    do: Literal["rebuild", "wait", "resolve", "erase", "rename", "unlabel"]
    node: str
    why: str
    evidence: list[str]


class ProofDocument(Exact):
    """A state that was made again alike without the subjects."""

    state: str
    same_as: str
    digest: str


class OutcomeDocument(Exact):
    """What an execution would do (`dry run`), or that it has begun (`executing`)."""

    plan: str
    status: Literal["dry run", "executing", "completed", "remaining"]
    steps: list[StepDocument]
    problems: list[str]
    remaining: list[RemainingDocument]
    left: list[str]
    receipts: dict[str, str]
    head: HeadDocument


class VerificationDocument(Exact):
    """What the graph says of a request: done, or what remains."""

    request: str
    done: bool
    at: datetime
    reached: int
    live: int
    remaining: list[RemainingDocument]
    proofs: list[ProofDocument]
    head: HeadDocument


class ReportDocument(Exact):
    """What was asked, planned, approved and done, by whom and when."""

    request: RequestDocument
    history: list[dict[str, Any]]
    plan: dict[str, Any] | None
    execution: dict[str, Any] | None


class OptionDocument(Exact):
    """What it takes to start at one time, with the requests that will have come until then."""

    when: Literal["now", "tonight", "latest"]
    start: datetime
    done: datetime
    further: float
    reruns: float
    work_median_s: float
    work_p90_s: float
    share: float
    late: list[str]


class ScheduleDocument(Exact):
    """When to execute one plan for the open requests."""

    requests: list[str]
    options: list[OptionDocument]
    reruns_alone: int
    work_alone_median_s: float
    without_history: int
    assumptions: list[str]


class ChainDocument(Exact):
    """The register as lines of JSON, which an audit takes as they are."""

    chain: str
    head: HeadDocument


class AuditDocument(Exact):
    """Whether nothing of an exported register was altered, else the first record that was, and why."""

    intact: bool
    entries: int
    head: HeadDocument
    altered: int | None
    why: str | None


async def _deletions(service: InService) -> Deletions:
    return deletions(service, service.lineage)


def deletions(service: Service, lineage: Lineage) -> Deletions:
    """Return the deletions of the service's lineage graph, done as its configuration says by now."""
    settings = service.settings
    spool = spool_folder(settings.store)
    graph = graph_name(settings.store, settings.neo4j_database)
    artifacts = open_artifacts(settings.artifacts or artifacts_beside(settings.store), graph)
    purge = Artifacts(lineage.store, artifacts, spool)
    return Deletions.configured(lineage, load_configuration(settings.forget), purge=purge, spool=spool)


InDeletions: TypeAlias = Annotated[Deletions, Depends(_deletions)]


def signed(who: Identity, claimed: str | None) -> str:
    """Return who does it: whose token it is, and without tokens whom the request names."""
    return who.name if who != ANONYMOUS else claimed or who.name


def reference(ident: str) -> str | None:
    """Return the id that an address names, None for the newest."""
    return None if ident == NEWEST else ident


def told(request: Request, who: Identity, action: str, document: Document, status: int = 200) -> Response:
    """Log who has changed what, and return the response that holds the document."""
    audit(action, request_id=request.scope["state"]["request_id"], token=who.id, name=who.name)
    return json_response(document, status)
