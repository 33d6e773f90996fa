"""The loader of MLflow: every run is a run, every registration of a model one more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, get_args

from headwater.errors import SourceError, UsageError
from headwater.graph.facts import Fact, RunFact
from headwater.loaders.base import Found, Item, Place, Problem, attempt
from headwater.loaders.files import fingerprint
from headwater.loaders.mlflow.mapping import Naming, run_facts, version_facts
from headwater.loaders.mlflow.reading import Registered, Torn, Tracked, Tracking, opened
from headwater.loaders.mlflow.sources import Directory, Server, place


@dataclass(frozen=True, slots=True)
class MlflowLoader:
    """Reads a tracking directory, a file `mlflow.db`, or any tracking URI.

    `component` says what of a run names its step: its `source`, its `name`, or nothing but the `experiment`. `history`
    keeps every value of each metric, for which a server is asked once a metric, not the last one alone.
    """

    component: str = "source"
    history: bool = True
    kind: ClassVar[str] = "mlflow"

    def __post_init__(self) -> None:
        if self.component not in get_args(Naming):
            raise UsageError(f"option component={self.component!r}", hint=f"use {', '.join(get_args(Naming))}")

    def read(self, source: str) -> Iterator[Found]:
        """Give each run, deleted ones too, then each version of each registered model."""
        with opened(source, with_history=self.history) as tracking:
            position = 0
            for position, found in enumerate(tracking.runs(), 1):
                yield self._run(found, source, position)
            yield from _versions(tracking, source, position)

    def total(self, source: str) -> int | None:
        """Return how many runs a directory holds; a database or server is not counted before it is read."""
        where = place(source)
        return len(_metas(where)) if isinstance(where, Directory) else None

    def fingerprint(self, source: str) -> str | None:
        """Return a text that changes when a run of a directory begins or ends, or a file does; of a server None."""
        where = place(source)
        if isinstance(where, Directory):
            return fingerprint(_metas(where))
        if isinstance(where, Server) or where.path is None:
            return None
        return fingerprint([path for path in (where.path, Path(f"{where.path}-wal")) if path.exists()])

    def _run(self, found: Tracked | Torn, source: str, position: int) -> Found:
        if isinstance(found, Torn):
            return Problem(Place(source, path=found.where), found.reason, position=position)
        at = Place(source, path=f"run {found.run.info.run_id}")
        naming: Naming = self.component  # type: ignore[assignment]  # checked when the loader was made
        return attempt(at, lambda: _item("run", at, run_facts(found, naming), position), position)


def _versions(tracking: Tracking, source: str, position: int) -> Iterator[Found]:
    try:
        for found in tracking.versions():
            yield _registration(found, source, position)
    except SourceError as exc:
        yield Problem(Place(source, path="registered models"), str(exc), position=position)


def _registration(found: Registered | Torn, source: str, position: int) -> Found:
    if isinstance(found, Torn):
        return Problem(Place(source, path=found.where), found.reason, position=position)
    at = Place(source, path=f"models:/{found.version.name}/{found.version.version}")
    return attempt(at, lambda: _item("model version", at, version_facts(found), position), position)


def _item(kind: str, at: Place, facts: tuple[Fact, ...], position: int) -> Item:
    run = facts[0]
    assert isinstance(run, RunFact)
    return Item(kind, at, facts, tuple(sorted({key.key for key in run.kept})), position)


def _metas(where: Directory) -> list[Path]:
    """Return what tells of each run: the file that is written when it begins and ends, and those of the registry."""
    return sorted(path for pattern in ("*", ".trash/*") for path in where.path.glob(f"{pattern}/*/meta.yaml"))
