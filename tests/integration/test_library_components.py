"""Ready components in a store: what they find is recorded, is a cause of staleness, and reaches another process."""

# ruff: noqa: ARG001, F841, N803  # a component captures local variables, used or not; names are scikit-learn's
from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from typer.testing import CliRunner

import headwater
from headwater.cli.app import app
from headwater.errors import UsageError
from headwater.graph.lineage.face import Lineage
from headwater.library import FeatureGeneration, Inference, Preprocessing, Profile, Training, drift, profile, recorded
from headwater.library.references import resolve
from tests.support.recorded import facet, recording_in, runs


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lineage]:
    with recording_in(tmp_path, monkeypatch) as lineage:
        yield lineage


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(rows, 3)), columns=["fare", "distance", "tolls"])


def outcomes(detail: Any) -> dict[str, str]:
    return {key: result["outcome"] for key, result in detail.run.triggers.items()}


def train_and_test() -> tuple[pd.DataFrame, pd.DataFrame, pd.Series[int], pd.Series[int]]:
    rows = table(900)
    target = (rows["fare"] + table(900, seed=1)["fare"] / 2 > 0).astype(int)
    return rows[:600], rows[600:], target[:600], target[600:]


@Training("train").run(output_vars=["model"])
def fit(X_train: Any, X_test: Any, y_train: Any, y_test: Any) -> Any:
    return (model := LogisticRegression().fit(X_train, y_train))


def inference() -> Inference:
    return Inference("predict", reference=recorded("train"), predicted=recorded("train", "predictions"))


def test_drift_from_training_is_recorded_and_makes_readers_stale(lineage: Lineage, tmp_path: Path) -> None:
    model = fit(*train_and_test())

    @inference().run(input_vars=["model"], output_vars=["target"])
    def predict(X: Any, model: Any, target: str) -> Any:
        return model.predict(X)

    @headwater.component("report", input_vars=["source"])
    def report(source: str) -> None: ...

    good, shifted = table(500, seed=2), table(500, seed=3).add([0, 2, 0])
    predict(good, model, "good.csv")
    report("good.csv")
    predict(shifted, model, "shifted.csv")
    report("shifted.csv")

    trained, first, fresh, second, stale = runs(lineage)
    assert outcomes(trained) == dict.fromkeys(
        ("leakage", "target_leakage", "overfitting", "baseline", "profile"), "passed"
    )
    assert outcomes(first) == dict.fromkeys(("schema", "drift", "predictions"), "passed")
    assert outcomes(second) == {"schema": "passed", "drift": "failed", "predictions": "passed"}
    assert str(second.run.triggers["drift"]["message"]).startswith("distance: psi ")
    assert facet(second, "drift")["distance"]["psi"] > 1  # type: ignore[index]
    assert lineage.stale(fresh.run.id).causes == ()
    [cause] = lineage.stale(stale.run.id).causes
    assert (cause.kind, cause.evidence) == ("failed_test", f"trigger drift of run {second.run.id}")
    assert [run.component for run in lineage.trace("shifted.csv").runs()] == ["predict", "train"]
    shown = CliRunner().invoke(app, ["--store", f"sqlite:///{tmp_path}/lineage.db", "stale", "shifted.csv"]).stdout
    assert "failed test: trigger drift" in shown


PREDICT = """
import numpy as np
import headwater
from headwater.library import Inference, recorded

@Inference("predict", reference=recorded("train")).run
def predict(X):
    return np.arange(len(X))

predict({name: np.full(300, 9.0) for name in ("fare", "distance", "tolls")})
headwater.flush()
"""


def test_another_process_compares_with_what_training_kept(
    lineage: Lineage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit(*train_and_test())
    assert headwater.flush()
    monkeypatch.setenv("HEADWATER_STORE", f"sqlite:///{tmp_path}/lineage.db")
    subprocess.run([sys.executable, "-c", PREDICT], check=True, cwd=tmp_path, timeout=120)
    assert outcomes(runs(lineage)[1]) == {"schema": "passed", "drift": "failed", "predictions": "passed"}


def test_without_a_kept_profile_the_comparison_is_an_error_and_the_function_runs(lineage: Lineage) -> None:
    predict = inference().run(lambda X: X["fare"] > 0)
    assert len(predict(table(10))) == 10
    [run] = runs(lineage)
    assert outcomes(run) == dict.fromkeys(("schema", "drift", "predictions"), "error")
    assert "no completed run of 'train' has kept a 'profile'" in str(run.run.triggers["drift"]["message"])


def test_preprocessing_looks_before_and_after(lineage: Lineage) -> None:
    def clean(df: pd.DataFrame) -> pd.DataFrame:
        return df.dropna()

    cleaning = Preprocessing(
        "clean", owner="ann", expects={"fare": "number"}, ranges={"fare": (0, None)}, before=[profile("df")]
    )
    clean = cleaning.run(clean)
    clean(pd.DataFrame({"fare": [*range(100), -5.0]}))
    clean(pd.DataFrame({"fare": [1.0, 2.0, np.nan]}))
    first, second = runs(lineage)
    checks = ("missing_values", "schema", "profile", "outliers", "ranges")
    assert outcomes(first) == {**dict.fromkeys(checks, "passed"), "ranges": "failed"}
    assert outcomes(second) == {**dict.fromkeys(checks, "passed"), "missing_values": "failed"}
    assert resolve(recorded("clean")).rows == 3


def test_online_features_are_compared_with_offline_ones(lineage: Lineage) -> None:
    def offline(df: pd.DataFrame) -> pd.DataFrame:
        return df.assign(speed=df["distance"] / 60)

    def online(df: pd.DataFrame) -> pd.DataFrame:
        return df.assign(speed=df["distance"])

    FeatureGeneration("offline").run(offline)(table(800))
    FeatureGeneration("online", reference=recorded("offline"), offline=offline).run(online)(table(400, seed=1))
    made, compared = runs(lineage)
    assert outcomes(made) == {"profile": "passed"}
    assert outcomes(compared) == {"profile": "passed", "schema": "passed", "skew": "failed", "agreement": "failed"}
    assert str(compared.run.triggers["agreement"]["message"]).startswith("speed: differs 1, threshold 0, row 0: ")


def test_a_profile_of_thousands_of_columns_is_kept_in_parts_and_found_whole(lineage: Lineage) -> None:
    wide = {f"feature {n}": np.arange(100.0) + n for n in range(1500)}
    headwater.Component("wide", after=[profile("result")]).run(lambda: wide)()
    [run] = runs(lineage)
    assert sum(where.key.startswith("profile") for where in run.facets) > 1
    assert resolve(recorded("wide")) == Profile.fit(wide)


def test_the_newest_completed_run_is_the_reference_and_the_current_one_never(lineage: Lineage) -> None:
    step = headwater.Component("step", after=[profile("result")])
    found: list[int] = []

    @step.run
    def make(rows: int, *, fails: bool = False) -> Any:
        if rows > 5:
            found.append(resolve(recorded("step")).rows)
        if fails:
            raise ValueError("boom")
        return np.zeros(rows)

    make(5)
    make(6)
    with pytest.raises(ValueError, match="boom"):
        make(7, fails=True)
    make(8)
    assert found == [5, 6, 6]


def test_a_profile_that_was_kept_a_moment_ago_is_the_one_that_is_compared_with(lineage: Lineage) -> None:
    make = headwater.Component("make", after=[profile("result")]).run(np.zeros)
    reference = recorded("make")
    found = []
    for rows in (3, 4):
        make(rows)
        found.append(resolve(reference).rows)
    assert found == [3, 4]


def test_a_check_may_run_beside_the_function_and_keeps_what_it_found(lineage: Lineage) -> None:
    check = headwater.asynchronous(drift("rows", Profile.fit(table(900), name="rows")))
    headwater.Component("step", before=[check]).run(lambda rows: rows.shape)(table(900, seed=1) + 3)
    [run] = runs(lineage)
    assert outcomes(run) == {"drift": "failed"}
    assert set(facet(run, "drift")) == {"fare", "distance", "tolls"}  # type: ignore[call-overload]


LAZY = """
import sys
import headwater.library
assert not {"numpy", "pandas", "scipy", "sklearn"} & set(sys.modules)
sys.modules["scipy"] = None
try:
    headwater.library.drift
except headwater.errors.MissingExtra as exc:
    print(exc)
"""


def test_the_package_brings_nothing_until_it_is_used_and_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", LAZY], check=True, capture_output=True, text=True, timeout=120)
    assert done.stdout == "scipy is not installed (pip install 'headwater[library]')\n"


def test_sets_made_inside_the_function_are_looked_at_after_it(lineage: Lineage) -> None:
    @Training("train", splits_inside=True, target_column="y", train="train", test="test", time="day").run
    def fit_inside(rows: pd.DataFrame) -> Any:
        train, test = rows[:500], rows[400:]
        return LogisticRegression().fit(train.drop(columns="y"), train["y"])

    rows = table(900).assign(y=lambda one: (one["fare"] > 0).astype(int), day=np.arange(900))
    fit_inside(rows)
    [run] = runs(lineage)
    assert {key for key, outcome in outcomes(run).items() if outcome == "failed"} == {
        *("leakage", "time_leakage", "target_leakage")
    }


def test_a_variable_that_the_function_has_not_is_told_when_it_is_decorated() -> None:
    with pytest.raises(UsageError, match=r"missing_values of .* names 'df'"):
        Preprocessing("clean").run(lambda frame: frame)
