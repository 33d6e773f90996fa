"""The documents of the service as the OpenAPI page shows them. Answers are made elsewhere and not checked again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Exact(BaseModel):
    """A document with these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class FailureDetail(Exact):
    """What went wrong: a word for programs, a sentence, and what to do."""

    code: str
    message: str
    hint: str


class Failure(Exact):
    """Any failure."""

    error: FailureDetail


class ErasedDocument(Exact):
    """When the payload of a state or run was erased, and for which request; its edges stay."""

    at: datetime
    request: str


class RunNode(Exact):
    """A run, as walking answers show it."""

    id: str
    kind: Literal["run"]
    component: str | None
    status: Literal["running", "aborted", "failed", "completed"]
    started_at: datetime
    ended_at: datetime | None
    flagged: bool
    labels: dict[str, str]
    erased: ErasedDocument | None


class PointerNode(Exact):
    """One state of a named thing; `run` made it, none that is recorded if null."""

    id: str
    kind: Literal["pointer"]
    name: str
    type: Literal["data", "model", "endpoint"]
    digest: str | None
    run: str | None
    produced_at: datetime | None
    flagged: bool
    labels: dict[str, str]
    erased: ErasedDocument | None


class WalkedRun(RunNode):
    """A run and its distance from the start, in edges."""

    hops: int


class WalkedPointer(PointerNode):
    """A state and its distance from the start, in edges."""

    hops: int


class EdgeDocument(Exact):
    """An arrow; it points with the data."""

    source: str
    target: str
    kind: Literal["consumed_by", "produced"]


class Truncated(Exact):
    """Why a walk ended early; a walk from the frontier goes on."""

    reason: Literal["depth", "nodes", "time", "rebinding"]
    frontier: list[str]


class ColumnDocument(Exact):
    """A column of a state; null is the state as a whole."""

    state: str
    column: str | None


class DerivationDocument(Exact):
    """In a run, the target came from the source; `basis` is what says so."""

    source: ColumnDocument
    target: ColumnDocument
    run: str
    basis: Literal["lineage", "columnLineage", "inputs"]
    transformations: list[Any]


class Walk(Exact):
    """A part of the graph: nodes nearest first, all edges between them, and whether anything is left out."""

    start: list[str]
    nodes: list[WalkedPointer | WalkedRun]
    edges: list[EdgeDocument]
    complete: bool
    truncated: Truncated | None
    as_of: datetime | None
    watermark: int
    derivations: list[DerivationDocument] = Field(default=[], description="With `columns` or `column` only.")


class TimeOut(Failure):
    """The time was over; `answer` is what was reached, if anything was."""

    answer: Walk | None = None


class SuspectDocument(Exact):
    """Runs in the traces of the same outputs; `runs` are the earliest hundred of `size`, an infinite score is null."""

    position: int
    score: float | None
    ef: int
    nf: int
    ep: int
    np: int
    size: int
    runs: list[RunNode]


class RankingDocument(Exact):
    """The suspects by the formula, and by frequency."""

    formula: str
    slice: list[str]
    contrast_size: int
    suspects: list[SuspectDocument]
    by_frequency: list[SuspectDocument]
    complete: bool
    truncated: Truncated | None
    watermark: int


class CauseDocument(Exact):
    """Why a run is stale, with the edge that proves it and the path down to what was asked for."""

    kind: Literal["old_input", "fresher_state", "fresher_run", "failed_test"]
    run: str
    edge: EdgeDocument | None
    evidence: str
    path: list[str]


class StalenessDocument(Exact):
    """What is stale about one run or state."""

    of: str
    stale: bool
    causes: list[CauseDocument]
    watermark: int


class StaleList(Exact):
    """The components whose newest run is stale, by that run."""

    stale: list[StalenessDocument]


class DivergenceDocument(Exact):
    """One difference between two runs at the same place."""

    kind: Literal["code", "data", "params", "stale_input", "failed_trigger", "status", "component"]
    a: str | None
    b: str | None
    depth: int
    what: str
    values: list[Any]


class DiffDocument(Exact):
    """All differences, most upstream first."""

    a: str
    b: str
    first: DivergenceDocument | None
    divergences: list[DivergenceDocument]
    complete: bool


class RunDocument(RunNode):
    """All that is known of a run itself."""

    commit: str | None
    source: str | None
    error: str | None
    params: dict[str, Any]
    triggers: dict[str, Any]


class RunList(Exact):
    """Some runs, newest first; `cursor` asks for the next page."""

    runs: list[RunDocument]
    cursor: str | None


class ClaimDocument(Exact):
    """What a run claimed of an input beside its name."""

    at: datetime | None
    digest: str | None
    state: str | None


class OutputDocument(PointerNode):
    """A state that a run made; `data_labels` say whose rows it holds."""

    facets: dict[str, Any]
    data_labels: dict[str, list[str]]


class InputDocument(OutputDocument):
    """A state that a run read."""

    claim: ClaimDocument


class AnnotationDocument(Exact):
    """What somebody said of a run or state."""

    target: str
    kind: Literal["flag", "label", "note"]
    key: str
    value: Any
    who: str | None
    why: str | None
    at: datetime


class InspectedRun(RunDocument):
    """A run whole."""

    inputs: list[InputDocument]
    outputs: list[OutputDocument]
    facets: dict[str, Any]
    annotations: list[AnnotationDocument]


class ComponentDocument(Exact):
    """A stage of the pipeline; an input older than `max_age_s` seconds makes its runs stale."""

    name: str
    description: str | None
    owner: str | None
    tags: list[str]
    max_age_s: float | None


class ComponentList(Exact):
    """All components by name."""

    components: list[ComponentDocument]


class PointerList(Exact):
    """States."""

    pointers: list[PointerNode]


class Stats(Exact):
    """How much there is."""

    components: int
    runs: int
    pointers: int
    consumed_by: int
    produced: int
    annotations: int


class Digest(Exact):
    """The hash of the whole graph."""

    digest: str


class Flagged(Exact):
    """The ids of what was flagged, or of what was cleared."""

    flagged: list[str] | None = None
    unflagged: list[str] | None = None


class Health(Exact):
    """That the service is there."""

    status: Literal["live"]


class Readiness(Exact):
    """That the store answers, and what it is."""

    status: Literal["ready"]
    software: str
    schema_version: int
    watermark: int
    rebinding: bool


class Refusal(Exact):
    """Which item was not recorded, and why."""

    index: int
    error: FailureDetail


class Recorded(Exact):
    """How many items were recorded, and those that were not."""

    recorded: int
    refused: list[Refusal]


class BatchSummary(Exact):
    """How many events came and what became of them."""

    received: int
    successful: int
    failed: int


class FailedEvent(Exact):
    """Which event was not recorded, why, and whether it may be sent again."""

    index: int
    reason: str
    retriable: bool


class Batch(Exact):
    """What became of a list of events, as OpenLineage tells it."""

    status: Literal["SUCCESS", "PARTIAL", "FAILURE"]
    summary: BatchSummary
    failed_events: list[FailedEvent]
