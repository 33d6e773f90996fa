"""What MLflow tells, as facts: what a store of today does not hold, or holds only when something went wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    LoggedModel,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunTag,
)
from mlflow.entities.model_registry import ModelVersion

from headwater.errors import SourceError, UsageError
from headwater.graph.facts import Annotation, RunFact
from headwater.loaders.mlflow.mapping import run_facts, version_facts
from headwater.loaders.mlflow.reading import MOST_VALUES, Model, Registered, Tracked, steps
from headwater.loaders.mlflow.sources import Directory, Server, place

TAXI = Experiment("1", "taxi", "file:///a", "active")


def model(ident: str, name: str, run: str | None, created: int = 0) -> Model:
    logged = LoggedModel("1", ident, name, "file:///a", created, created, source_run_id=run)
    return Model(ident, "taxi", logged)


def tracked(
    status: str = "FINISHED",
    end: int | None = 2_000,
    tags: dict[str, str] | None = None,
    datasets: tuple[tuple[str, str], ...] = (),
    **more: Any,
) -> Tracked:
    info = RunInfo("r1", "1", "ann", status, 1_000, end, "active", run_name="daily")
    said = [RunTag(key, value) for key, value in (tags or {}).items()]
    data = RunData([Metric("rmse", 0.5, 5, 1)], [Param("depth", "3")], said)
    inputs = [DatasetInput(Dataset(name, digest, "local", '{"uri": "x"}')) for name, digest in datasets]
    return Tracked(Run(info, data, RunInputs(inputs, [])), TAXI, **{"reads": (), "writes": (), "history": {}, **more})


def the_run(found: Tracked, naming: Any = "source") -> RunFact:
    run = run_facts(found, naming)[0]
    assert isinstance(run, RunFact)
    return run


@pytest.mark.parametrize(
    ("tags", "naming", "component"),
    [
        ({}, "source", "taxi"),
        ({"mlflow.source.name": "/home/ann/train.py"}, "source", "taxi/train.py"),
        ({"mlflow.source.name": "C:\\ann\\train.py"}, "source", "taxi/train.py"),
        ({"mlflow.source.name": "x/ipykernel_launcher.py"}, "source", "taxi"),
        ({"mlflow.source.name": "git@host:p", "mlflow.project.entryPoint": "fit"}, "source", "taxi/fit"),
        ({"mlflow.source.name": "train.py"}, "name", "taxi/daily"),
        ({"mlflow.source.name": "train.py"}, "experiment", "taxi"),
    ],
)
def test_a_component_is_the_experiment_and_its_step(tags: dict[str, str], naming: str, component: str) -> None:
    assert the_run(tracked(tags=tags), naming).component == component


def test_a_run_that_was_resumed_has_not_ended() -> None:
    assert the_run(tracked("RUNNING", 2_000)).ended_at is None


@pytest.mark.parametrize(("status", "end"), [("LOST", 2_000), ("FINISHED", 10**30)])
def test_what_mlflow_cannot_mean_is_refused(status: str, end: int) -> None:
    with pytest.raises(SourceError):
        run_facts(tracked(status, end), "source")


def test_two_digests_of_one_dataset_are_two_inputs() -> None:
    run = the_run(tracked(datasets=(("trips", "b"), ("trips", "a"), ("trips", "a"))))
    assert [(given.name, given.digest) for given in run.inputs] == [("trips", "a"), ("trips", "b")]
    said = run.inputs[0].facets["datasets"]
    assert isinstance(said, list)
    assert len(said) == 3


def test_several_models_of_one_name_are_one_state_that_names_them_all() -> None:
    run = the_run(tracked(writes=(model("m-2", "fare", "r1", 9), model("m-1", "fare", "r1", 3))))
    [output] = run.outputs
    models: Any = output.facets["models"]
    assert (output.name, output.digest, [one["model_id"] for one in models]) == ("taxi/fare", "m-1", ["m-1", "m-2"])


def test_a_model_is_read_from_the_run_that_made_it_or_by_its_id() -> None:
    run = the_run(tracked(reads=(model("m-1", "fare", "r0"), model("m-2", "tip", None), Model("m-3", "", None))))
    assert [(given.name, given.digest, given.state) for given in run.inputs] == [
        ("taxi/fare", None, "taxi/fare@r0"),
        ("taxi/tip", "m-2", None),
        ("models:/m-3", "m-3", None),
    ]


def test_models_of_mlflow_2_come_from_the_tag_that_it_wrote() -> None:
    history = json.dumps([{"artifact_path": "model", "model_uuid": "u1", "flavors": {}}, {"run_id": "r1"}, 5])
    [output] = the_run(tracked(tags={"mlflow.log-model.history": history})).outputs
    assert (output.name, output.digest, output.type) == ("taxi/model", "u1", "model")


def test_a_metric_of_many_values_is_counted_and_one_of_a_single_value_is_no_history() -> None:
    many = [Metric("rmse", float("nan") if step == 0 else 0.5, 7, step) for step in range(MOST_VALUES + 1)]
    assert steps(many) == {"count": 10_001, "first": [0, 7, "nan"], "last": [10_000, 7, 0.5]}
    assert steps([many[2], many[1], many[1]]) == [[1, 7, 0.5], [2, 7, 0.5]]
    assert steps(many[:1]) is None


def test_a_facet_that_is_too_large_is_told_by_its_size_and_the_run_is_kept() -> None:
    files = json.dumps([{"artifact_path": f"model-{n}", "model_uuid": "x" * 200} for n in range(1_000)])
    run = the_run(tracked(history={"loss": ["y" * 1_000] * 2_000}, tags={"mlflow.log-model.history": files}))
    sealed: Any = run.facets["metric.loss"]
    assert set(sealed) == {"bytes", "sha256"}
    assert run.facets["metrics"] == {"rmse": 0.5}
    assert len(run.outputs) == 1_000


def test_a_tag_that_is_no_json_is_no_model() -> None:
    assert the_run(tracked(tags={"mlflow.log-model.history": "[{"})).outputs == ()


def version(**more: Any) -> ModelVersion:
    return ModelVersion(**{"name": "fare", "version": 3, "creation_timestamp": 5_000, "run_id": "r1", **more})


def test_a_version_of_mlflow_2_leads_to_the_artifact_of_its_run() -> None:
    found = version(
        source="s3://bucket/1/r1/artifacts/model", current_stage="Production", tags=[RunTag("team", "fares")]
    )
    run, *labels = version_facts(Registered(found, ("champion", "prod"), None, "r1", "taxi"))
    assert isinstance(run, RunFact)
    assert run.inputs[0].state == "taxi/model@r1"
    said = {a.key: a.value for a in labels if isinstance(a, Annotation)}
    assert said == {"stage": "Production", "aliases": "champion,prod", "team": "fares"}


def test_a_version_whose_run_is_gone_has_read_the_address_of_its_files() -> None:
    run = version_facts(Registered(version(source="s3://b/m", status="FAILED_REGISTRATION"), (), None))[0]
    assert isinstance(run, RunFact)
    assert (run.inputs[0].name, run.status, run.outputs[0].digest) == ("s3://b/m", "failed", "version:3")


def test_a_source_is_a_directory_or_a_server(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "meta.yaml").touch()
    assert place(str(tmp_path)) == place(tmp_path.as_uri()) == Directory(tmp_path)
    assert place("http://host:5000") == Server("http://host:5000")


def test_a_password_does_not_belong_into_a_uri() -> None:
    with pytest.raises(UsageError, match="holds a password"):
        place("postgresql://ann:secret@host/db")
