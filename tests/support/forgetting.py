"""A pipeline that holds the data of clients, and what tests of deletions ask of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from headwater.deletion.face import Deletions
from headwater.deletion.rerunners import Task
from headwater.graph.facts import Annotation, Fact, Input, Output, RunFact, Status
from headwater.graph.lineage.face import Lineage
from headwater.graph.query_store import QueryStore

START = datetime(2026, 1, 1, tzinfo=UTC)
MINE, THEIRS = "clients/zoe/a.csv", "clients/yan/a.csv"
STAGES = ["clean", "train", "predict"]


def ran(run: str, component: str, minute: int, reads: Sequence[str | Input], *writes: str) -> RunFact:
    """Return a completed run of one minute; what it wrote has a content of its own."""
    at = START + timedelta(minutes=minute)
    inputs = tuple(one if isinstance(one, Input) else Input(one) for one in reads)
    outputs = tuple(Output(name, f"sha256:{run}{name}") for name in writes)
    return RunFact(run, component, Status.COMPLETED, at, at + timedelta(minutes=1), inputs, outputs)


def pipeline(client: str = "zoe") -> list[Fact]:
    """Return three stages behind the files of two clients; the first model was superseded by the second."""
    return [
        ran("r1", "clean", 0, [f"clients/{client}/a.csv", THEIRS], "clean.csv"),
        ran("r2", "train", 2, ["clean.csv"], "model.joblib"),
        ran("r3", "train", 4, ["clean.csv"], "model.joblib"),
        ran("r4", "predict", 6, ["model.joblib"], "out.csv"),
        ran("r5", "other", 8, [THEIRS], "other.csv"),
        Annotation("model.joblib@r3", "label", "shop", "registered", at=START),
    ]


class Again:
    """A rerunner that keeps what it was asked, logs nothing itself, and fails where it is told to."""

    def __init__(self, before: Callable[[Task], object] = lambda _: None) -> None:
        self.tasks: list[Task] = []
        self._before = before

    def __call__(self, task: Task) -> None:
        self._before(task)
        self.tasks.append(task)

    @property
    def components(self) -> list[str]:
        return [task.component for task in self.tasks]


def ready(store: QueryStore, again: Again, *subjects: str, **how: object) -> tuple[Deletions, str]:
    """Return the deletions of a store with an approved plan for one request, and the request's id."""
    deletions = Deletions(Lineage(store), {"*": again}, **how)  # type: ignore[arg-type]
    request = deletions.request(subjects or "clients/zoe/*", by="ann", reason="ticket 4711")
    deletions.plan(by="ann")
    deletions.approve(by="bob")
    return deletions, request.id
