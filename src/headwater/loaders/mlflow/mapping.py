"""From what MLflow tells to facts. Pure: entities in, facts out."""

from __future__ import annotations

import json
import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from mlflow.entities import DatasetInput, Metric

from headwater.errors import SourceError, TooLarge
from headwater.graph.facts import Annotation, Fact, Input, Output, RunFact, Status
from headwater.graph.values import JSON, canonical
from headwater.ids import state_id
from headwater.loaders.mlflow.reading import Model, Registered, Tracked
from headwater.loaders.relational import MOST_CHARACTERS, plain, seal
from headwater.loaders.times import instant

Keep: TypeAlias = Callable[[Mapping[str, JSON]], dict[str, JSON]]
Naming: TypeAlias = Literal["source", "name", "experiment"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATUS = {
    "RUNNING": Status.RUNNING,
    "SCHEDULED": Status.RUNNING,
    "FINISHED": Status.COMPLETED,
    "FAILED": Status.FAILED,
    "KILLED": Status.ABORTED,
}
_REGISTERED = {"READY": Status.COMPLETED, "FAILED_REGISTRATION": Status.FAILED}
_OWN = "mlflow."
_KERNELS = frozenset({"ipykernel_launcher.py", "colab_kernel_launcher.py"})


def run_facts(found: Tracked, naming: Naming) -> tuple[Fact, ...]:
    """Return the run, and its tags as labels and its description as a note. Raises SourceError, InvalidFact.

    Of a facet that is too large to be kept, the size and hash stand in its place.
    """
    try:
        return _run_facts(found, naming, dict)
    except TooLarge:
        return _run_facts(found, naming, _fitting)


def _run_facts(found: Tracked, naming: Naming, keep: Keep) -> tuple[Fact, ...]:
    info, tags = found.run.info, found.run.data.tags
    status = _STATUS.get(info.status)
    if status is None:
        raise SourceError(f"run {info.run_id} is in the state {info.status!r}, which nobody knows")
    started = _instant(info.start_time)
    ended = None if status is Status.RUNNING else _instant(info.end_time)
    at = max(filter(None, (started, ended)), default=_EPOCH)
    run = RunFact(
        id=info.run_id,
        component=component(found, naming),
        status=status,
        started_at=started,
        ended_at=ended,
        inputs=tuple(replace(one, facets=keep(one.facets)) for one in _inputs(found)),
        outputs=tuple(replace(one, facets=keep(one.facets)) for one in _outputs(found)),
        params={key: plain(value) for key, value in sorted(found.run.data.params.items())},
        commit=tags.get("mlflow.source.git.commit") or None,
        at=at,
        facets=keep(_facets(found)),
    )
    return (run, *_notes(info.run_id, tags, at))


def _instant(ms: int | None) -> datetime | None:
    return None if ms is None else instant(int(ms))


def component(found: Tracked, naming: Naming) -> str:
    """Return the component of a run: its experiment, and behind a slash its step where MLflow says one.

    The step is the entry point of the project, else the script; or, by the option, the run's name.
    """
    tags, experiment = found.run.data.tags, found.experiment.name
    if naming == "experiment":
        return experiment
    script = posixpath.basename(str(tags.get("mlflow.source.name") or "").replace("\\", "/"))
    step = tags.get("mlflow.project.entryPoint") or ("" if script in _KERNELS else script)
    step = found.run.info.run_name if naming == "name" else step
    return f"{experiment}/{step}" if step else experiment


def version_facts(found: Registered) -> tuple[Fact, ...]:
    """Return the run that registered a version: it read the logged model and wrote the version's state."""
    version, name = found.version, f"models:/{found.version.name}"
    at = _instant(version.creation_timestamp)
    if at is None:
        raise SourceError(f"version {version.version} of {version.name!r} has no time")
    status = _REGISTERED.get(version.status, Status.RUNNING)
    ident = f"mlflow-{version.name}-{version.version}-{version.creation_timestamp}".replace("@", "_")
    output = Output(name, f"version:{version.version}", "model", {"version": _version(found)})
    run = RunFact(
        id=ident,
        component=f"register/{version.name}",
        status=status,
        started_at=at,
        ended_at=None if status is Status.RUNNING else at,
        inputs=tuple(_registered_from(found)),
        outputs=(output,),
        at=max(at, _instant(version.last_updated_timestamp) or at),
    )
    return (run, *_version_labels(found, state_id(name, ident), run.at))


def _version_labels(found: Registered, state: str, at: datetime) -> Iterator[Annotation]:
    version = found.version
    stage = version.current_stage if version.current_stage not in (None, "None") else None
    said = {**(version.tags or {}), "stage": stage, "aliases": ",".join(found.aliases)}
    for key, value in sorted(said.items()):
        if value:
            yield Annotation(state, "label", str(value), key=key, at=at)
    if version.description:
        yield Annotation(state, "note", version.description, who=version.user_id or None, at=at)


def _registered_from(found: Registered) -> Iterator[Input]:
    """Bind by the logged model of MLflow 3, by the run's artifact of MLflow 2, else by the address of the files."""
    source = str(found.version.source or "")
    if found.model is not None:
        yield _read(found.model)
    elif found.run is not None and "/artifacts/" in source:
        name = f"{found.experiment}/{source.partition('/artifacts/')[2]}"
        yield Input(name, state=state_id(name, found.run))
    elif source:
        yield Input(source)


def _version(found: Registered) -> JSON:
    version = found.version
    said = {
        "version": version.version,
        "source": version.source,
        "status": version.status,
        "stage": version.current_stage,
        "aliases": list(found.aliases),
        "user": version.user_id,
        "run_id": version.run_id,
        "run_link": version.run_link,
    }
    return {key: plain(value) for key, value in said.items() if value not in (None, "", [])}


def _inputs(found: Tracked) -> Iterator[Input]:
    yield from _datasets(found)
    yield from map(_read, found.reads)


def _outputs(found: Tracked) -> Iterator[Output]:
    yield from _written(found.writes)
    yield from _old_models(found)


def _datasets(found: Tracked) -> Iterator[Input]:
    """Give each dataset once, by name and digest; what is said of all those of one name stands with each of them."""
    by_name: dict[str, list[DatasetInput]] = defaultdict(list)
    for one in (found.run.inputs.dataset_inputs if found.run.inputs else None) or ():
        by_name[one.dataset.name].append(one)
    for name, several in sorted(by_name.items()):
        facets: dict[str, JSON] = {"datasets": [_dataset(one) for one in sorted(several, key=_dataset_order)]}
        for digest in sorted({one.dataset.digest for one in several}):
            yield Input(name, digest=digest.replace("@", "_"), facets=facets)


def _dataset_order(one: DatasetInput) -> tuple[str, list[tuple[str, str]]]:
    return one.dataset.digest, sorted((tag.key, tag.value) for tag in one.tags or ())


def _dataset(one: DatasetInput) -> dict[str, JSON]:
    said = one.dataset.to_dictionary()
    for key in ("source", "schema", "profile"):
        said[key] = _parsed(said.get(key))
    tags = {tag.key: tag.value for tag in one.tags or ()}
    return {key: plain(value) for key, value in (said | {"tags": tags}).items() if value not in (None, "", {})}


def _parsed(text: Any) -> Any:
    """Return the JSON that MLflow keeps as text, or the text itself."""
    try:
        return json.loads(text) if isinstance(text, str) and 0 < len(text) <= MOST_CHARACTERS else text
    except (ValueError, RecursionError):
        return text


def _named(model: Model) -> str:
    return f"models:/{model.id}" if model.logged is None else f"{model.experiment}/{model.logged.name}"


def _read(model: Model) -> Input:
    """Bind to the state that the model's run made, else to the model's id."""
    if model.logged is None or not model.logged.source_run_id:
        return Input(_named(model), digest=model.id, facets={"model": _logged(model)})
    state = state_id(_named(model), model.logged.source_run_id)
    return Input(_named(model), state=state, facets={"model": {"model_id": model.id}})


def _written(models: Iterable[Model]) -> Iterator[Output]:
    """Give one output a name: the first model of that name says the digest, the facet tells of all of them."""
    by_name: dict[str, list[Model]] = defaultdict(list)
    for model in sorted(models, key=_made_at):
        by_name[_named(model)].append(model)
    for name, several in sorted(by_name.items()):
        yield Output(name, several[0].id, "model", {"models": [_logged(model) for model in several]})


def _made_at(model: Model) -> tuple[int, str]:
    return (model.logged.creation_timestamp if model.logged else 0), model.id


def _logged(model: Model) -> dict[str, JSON]:
    if model.logged is None:
        return {"model_id": model.id}
    logged = model.logged
    said = {
        "model_id": model.id,
        "name": logged.name,
        "model_type": logged.model_type,
        "status": str(logged.status),
        "artifact_location": logged.artifact_location,
        "created_ms": logged.creation_timestamp,
        "params": logged.params,
        "tags": logged.tags,
        "metrics": _by_key(logged.metrics or ()),
    }
    return {key: plain(value) for key, value in said.items() if value not in (None, "", {})}


def _old_models(found: Tracked) -> Iterator[Output]:
    """Give the models that MLflow before 3 wrote down in a tag of the run."""
    history = _parsed(found.run.data.tags.get("mlflow.log-model.history"))
    by_path: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in history if isinstance(history, list) else ():
        if isinstance(one, dict) and isinstance(path := one.get("artifact_path"), str) and path:
            by_path[path].append(one)
    for path, several in sorted(by_path.items()):
        digest = several[0].get("model_uuid")
        digest = digest if isinstance(digest, str) and digest else None
        yield Output(f"{found.experiment.name}/{path}", digest, "model", {"models": plain(several)})


def _facets(found: Tracked) -> dict[str, JSON]:
    info, tags = found.run.info, found.run.data.tags
    experiment = found.experiment
    said = {
        "experiment": {"id": experiment.experiment_id, "name": experiment.name, "tags": dict(experiment.tags or {})},
        "run_name": info.run_name,
        "user": info.user_id,
        "artifact_uri": info.artifact_uri,
        "lifecycle_stage": info.lifecycle_stage,
        "parent_run": tags.get("mlflow.parentRunId"),
        "source_name": tags.get("mlflow.source.name"),
        "tags": {key: value for key, value in tags.items() if key.startswith(_OWN)},
        "metrics": dict(found.run.data.metrics),
    }
    history = {f"metric.{name}": values for name, values in found.history.items()}
    return {key: plain(value) for key, value in (said | history).items() if value not in (None, "", {})}


def _fitting(facets: Mapping[str, JSON]) -> dict[str, JSON]:
    return {key: value if _fits(value) else seal(json.dumps(value).encode()) for key, value in facets.items()}


def _fits(value: JSON) -> bool:
    try:
        canonical(value)
    except TooLarge:
        return False
    return True


def _by_key(metrics: Iterable[Metric]) -> dict[str, Any]:
    """Return the last value of each metric."""
    return {m.key: m.value for m in sorted(metrics, key=lambda m: (m.key, m.step, m.timestamp, str(m.value)))}


def _notes(ident: str, tags: Mapping[str, str], at: datetime) -> Iterator[Annotation]:
    for key, value in sorted(tags.items()):
        if not key.startswith(_OWN):
            yield Annotation(ident, "label", plain(value), key=key, at=at)
    if note := tags.get("mlflow.note.content"):
        yield Annotation(ident, "note", plain(note), who=tags.get("mlflow.user"), at=at)
