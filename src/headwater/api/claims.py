"""The documents that clients send, as the OpenAPI page shows them; `graph.wire` reads those of facts itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from headwater.api.schemas import Exact

MOST_REFERENCES = 1_000
MOST_NAME = 4_096 + 1 + 512


def _instant(value: object) -> object:
    """Read RFC 3339 text; a bare date or time counts as UTC."""
    if not isinstance(value, str):
        return value
    try:
        found = datetime.fromisoformat(value)
    except ValueError as exc:
        raise ValueError("write a time as 2026-01-31 or 2026-01-31T12:00:00Z, and + as %2B in an address") from exc
    return found if found.tzinfo else found.replace(tzinfo=UTC)


Instant: TypeAlias = Annotated[datetime, BeforeValidator(_instant), PlainSerializer(str)]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
Names: TypeAlias = Annotated[list[Name], Field(min_length=1, max_length=MOST_REFERENCES)]


Properties: TypeAlias = Annotated[dict[str, Any], Field(default_factory=dict)]
Rows: TypeAlias = Annotated[dict[str, str | list[str]], Field(default_factory=dict)]


class Label(Exact):
    """A label that somebody put on a state."""

    key: Name
    value: str


class RankQuestion(Exact):
    """The bad outputs: named by `outputs`, or described by the others; `contrast` are the good ones."""

    outputs: Names | None = None
    flagged: bool = False
    components: Names | None = None
    since: Instant | None = None
    until: Instant | None = None
    pattern: Annotated[str, Field(max_length=MOST_NAME)] | None = None
    label: Label | None = None
    contrast: Names | None = None
    formula: str | None = None


class FlagClaim(Exact):
    """What to flag, or with `flagged` false to clear: names, state ids, digests or run ids."""

    of: Names
    flagged: bool = True
    who: Annotated[str, Field(max_length=MOST_NAME)] | None = None
    why: Annotated[str, Field(max_length=65_536)] | None = None


class InputClaim(Exact):
    """A name that a run read: at its start or `at`, or the state with this digest or id; `labels` say whose rows."""

    name: Name
    at: datetime | None = None
    digest: str | None = None
    state: str | None = None
    facets: Properties
    labels: Rows


class OutputClaim(Exact):
    """A name that a run wrote; its type is inferred if not given, `labels` say whose rows."""

    name: Name
    digest: str | None = None
    type: Literal["data", "model", "endpoint"] | None = None
    facets: Properties
    labels: Rows


class TriggerClaim(Exact):
    """What one trigger of a run found."""

    outcome: Literal["passed", "failed", "error"]
    message: str | None = None
    value: Any = None
    duration_s: float | None = None


class RunClaim(Exact):
    """What is known of a run: at its start, at its end, or whole. Claims about one run unite, in any order."""

    fact: Literal["run"] = "run"
    id: Annotated[str, Field(min_length=1, max_length=512)]
    component: str | None = None
    status: Literal["running", "aborted", "failed", "completed"] | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    inputs: Annotated[list[InputClaim], Field(default_factory=list)]
    outputs: Annotated[list[OutputClaim], Field(default_factory=list)]
    params: Properties
    triggers: Annotated[dict[str, TriggerClaim], Field(default_factory=dict)]
    commit: str | None = None
    source: str | None = None
    error: str | None = None
    at: datetime | None = None
    facets: Properties


class ComponentClaim(Exact):
    """What is said of a component; `max_age_us` in microseconds."""

    fact: Literal["component"]
    name: Name
    description: str | None = None
    owner: str | None = None
    tags: list[str] | None = None
    max_age_us: int | None = None
    at: datetime | None = None
    facets: Properties


class AnnotationClaim(Exact):
    """A flag, a label or a note on a state or run."""

    fact: Literal["annotation"]
    target: Name
    kind: Literal["flag", "label", "note"]
    value: Any
    key: str = ""
    who: str | None = None
    why: str | None = None
    at: datetime | None = None


class ErasureClaim(Exact):
    """What is to be forgotten: the payload of `target`, or the name or label whose salted hash is `match`."""

    fact: Literal["erasure"]
    kind: Literal["payload", "name", "label"]
    request: Name
    target: Name | None = None
    match: str | None = None
    salt: str | None = None
    replacement: Name | None = None
    at: datetime | None = None


class Open(BaseModel):
    """A document that may hold more than these fields, all of which is kept."""

    model_config = ConfigDict(extra="allow")


class EventRun(Open):
    """The run of an event."""

    runId: Annotated[str, Field(min_length=1, max_length=512)]  # noqa: N815
    facets: Properties


class EventJob(Open):
    """The job of an event."""

    namespace: str
    name: Name
    facets: Properties


class EventDataset(EventJob):
    """A dataset of an event; an input has inputFacets, an output outputFacets."""


class LineageEvent(Open):
    """An event of OpenLineage: what a run has come to, or what is said of a job or a dataset without a run."""

    eventTime: datetime  # noqa: N815
    eventType: Literal["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"] | None = None  # noqa: N815
    run: EventRun | None = None
    job: EventJob | None = None
    dataset: EventDataset | None = None
    inputs: Annotated[list[EventDataset], Field(default_factory=list)]
    outputs: Annotated[list[EventDataset], Field(default_factory=list)]
    producer: str | None = None
    schemaURL: str | None = None  # noqa: N815
