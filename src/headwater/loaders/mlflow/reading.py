"""MLflow's stores, read by MLflow's own client: runs one at a time, the registry page by page. Makes no facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from mlflow import MlflowClient
from mlflow.entities import Experiment, LoggedModel, Metric, Run, ViewType
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from headwater.errors import SourceError
from headwater.graph.values import JSON
from headwater.loaders.mlflow.sources import Directory, Place, environment, place
from headwater.loaders.relational import plain

T = TypeVar("T")

PAGE = 200
MOST_VALUES = 10_000
_CACHED = 1_024
# What MLflow raises for a damaged file or row; its stores do not translate what parsing them raises.
FAILURES = (
    *(MlflowException, yaml.YAMLError, SQLAlchemyError, OSError),
    *(ValueError, LookupError, TypeError, AttributeError),
)
# The folders of an experiment that are no runs.
_NO_RUNS = frozenset({"artifacts", "assessments", "datasets", "models", "tags", "traces"})


class Model(NamedTuple):
    """A logged model and the name of its experiment; `logged` is None when MLflow does not know it any longer."""

    id: str
    experiment: str
    logged: LoggedModel | None


@dataclass(frozen=True, slots=True)
class Tracked:
    """One run with its experiment, the models that it read and wrote, and the values of metrics that have several."""

    run: Run
    experiment: Experiment
    reads: tuple[Model, ...]
    writes: tuple[Model, ...]
    history: Mapping[str, JSON]


class Torn(NamedTuple):
    """A run or folder that cannot be read, and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Registered:
    """One version of a registered model, its aliases, and what it was made of.

    A logged model; before MLflow 3 the run, whose experiment is named, that wrote the files.
    """

    version: ModelVersion
    aliases: tuple[str, ...]
    model: Model | None
    run: str | None = None
    experiment: str = ""


@dataclass(slots=True)
class Tracking:
    """An open store; looks up experiments and models that many runs name once."""

    client: MlflowClient
    place: Place
    with_history: bool
    experiment: Callable[[str], Experiment] = field(init=False)
    model: Callable[[str], Model] = field(init=False)

    def __post_init__(self) -> None:
        self.experiment = lru_cache(_CACHED)(self.client.get_experiment)
        self.model = lru_cache(_CACHED)(self._model)

    def runs(self) -> Iterator[Tracked | Torn]:
        """Give every run, deleted ones too, experiment by experiment."""
        for ident in self._folders() if isinstance(self.place, Directory) else self._pages():
            yield ident if isinstance(ident, Torn) else self._run(ident)

    def versions(self) -> Iterator[Registered | Torn]:
        """Give every version of every registered model. Raises SourceError when the registry cannot be read."""
        aliases = _aliases(_all(self.client.search_registered_models))
        for version in _all(self.client.search_model_versions, order_by=["name ASC", "version_number ASC"]):
            named = aliases.get((version.name, str(version.version)), ())
            found = _tried(lambda version=version, named=named: self._registered(version, named))  # type: ignore[misc]
            where = f"models:/{version.name}/{version.version}"
            yield Torn(where, str(found)) if isinstance(found, SourceError) else found

    def _pages(self) -> Iterator[str]:
        for experiment in _all(self.client.search_experiments, view_type=ViewType.ALL, order_by=["experiment_id ASC"]):
            order = ["attributes.start_time ASC", "attributes.run_id ASC"]
            ask = {"run_view_type": ViewType.ALL, "order_by": order}
            yield from (run.info.run_id for run in _all(self._search, ids=[experiment.experiment_id], **ask))

    def _search(self, ids: list[str], **how: Any) -> Any:
        return self.client.search_runs(ids, **how)

    def _folders(self) -> Iterator[str | Torn]:
        """Walk the files, for MLflow's own search reads all runs of an experiment at once and passes over torn ones."""
        assert isinstance(self.place, Directory)
        for folder in (self.place.path, self.place.path / ".trash"):
            for experiment in sorted(path.parent for path in folder.glob("*/meta.yaml")):
                if isinstance(failure := _tried(lambda at=experiment: self.experiment(at.name)), SourceError):  # type: ignore[misc]
                    yield Torn(str(experiment / "meta.yaml"), f"the experiment and its runs are left out: {failure}")
                    continue
                yield from (path.name for path in _runs(experiment))

    def _run(self, ident: str) -> Tracked | Torn:
        found = _tried(lambda: self._tracked(ident))
        return Torn(f"run {ident}", str(found)) if isinstance(found, SourceError) else found

    def _tracked(self, ident: str) -> Tracked:
        run = self.client.get_run(ident)
        reads = tuple(self.model(one.model_id) for one in (run.inputs.model_inputs if run.inputs else None) or ())
        writes = tuple(self.model(one.model_id) for one in (run.outputs.model_outputs if run.outputs else None) or ())
        names = sorted(run.data.metrics) if self.with_history else ()
        told = ((name, steps(self.client.get_metric_history(ident, name))) for name in names)
        history = {name: values for name, values in told if values is not None}
        return Tracked(run, self.experiment(run.info.experiment_id), reads, writes, history)

    def _model(self, ident: str) -> Model:
        try:
            logged = self.client.get_logged_model(ident)
            return Model(ident, self.experiment(logged.experiment_id).name, logged)
        except MlflowException as exc:
            if exc.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return Model(ident, "", None)

    def _registered(self, version: ModelVersion, aliases: tuple[str, ...]) -> Registered:
        source = str(version.source or "")
        ident = version.model_id or (source.removeprefix("models:/") if source.startswith("models:/m-") else "")
        model = self.model(ident) if ident else None
        run = _tried(lambda: self.client.get_run(str(version.run_id))) if version.run_id and model is None else None
        if not isinstance(run, Run):
            return Registered(version, aliases, model)
        return Registered(version, aliases, None, run.info.run_id, self.experiment(run.info.experiment_id).name)


@contextmanager
def opened(source: str, *, with_history: bool) -> Iterator[Tracking]:
    """Open the store that a source names. Raises SourceError when MLflow cannot read it."""
    where = place(source)
    with environment(where.uri):
        yield Tracking(said(lambda: MlflowClient(where.uri, where.uri)), where, with_history)


def said(ask: Callable[[], T]) -> T:
    """Return the answer; raise SourceError with the first line of what MLflow says instead of one."""
    found = _tried(ask)
    if isinstance(found, SourceError):
        raise found
    return found


def _tried(ask: Callable[[], T]) -> T | SourceError:
    try:
        return ask()
    except FAILURES as exc:
        reason = str(exc).strip().partition("\n")[0]
        return SourceError(f"MLflow cannot read it: {reason or 'no reason given'} ({type(exc).__name__})")


def _all(search: Callable[..., Any], **how: Any) -> Iterator[Any]:
    """Give what all pages of a search hold."""
    token = None
    while True:
        page = said(lambda token=token: search(max_results=PAGE, page_token=token, **how))  # type: ignore[misc]
        yield from page
        token = page.token
        if not token:
            return


def steps(values: Sequence[Metric]) -> JSON:
    """Return step, milliseconds since 1970 and value of each in that order, None of a single one.

    Of more than any facet can hold there are the count, the first and the last.
    """
    distinct = {(m.step, m.timestamp, str(m.value)): [m.step, m.timestamp, m.value] for m in values}
    told = [plain(distinct[key]) for key in sorted(distinct)]
    if len(told) > MOST_VALUES:
        return {"count": len(told), "first": told[0], "last": told[-1]}
    return told if len(told) > 1 else None


def _aliases(models: Iterable[Any]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the aliases by name and version: not every store tells them with the version."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for model in models:
        for alias, version in sorted((model.aliases or {}).items()):
            key = (model.name, str(version))
            found[key] = (*found.get(key, ()), alias)
    return found


def _runs(experiment: Path) -> list[Path]:
    return sorted(path for path in experiment.iterdir() if path.is_dir() and path.name not in _NO_RUNS)
