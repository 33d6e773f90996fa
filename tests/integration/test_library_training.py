"""Leakage before training, overfitting and a baseline after: found where they are, and not where they are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from headwater.errors import UsageError
from headwater.library import Sets, baseline, leakage, overfitting, target_leakage, time_leakage
from tests.support.library import found_in, told, value_of

DICE = np.random.default_rng(5)
ROWS = pd.DataFrame(DICE.normal(size=(600, 3)), columns=["a", "b", "c"])
NOISE = pd.Series(DICE.integers(0, 2, 600))
SIGNAL = (ROWS["a"] + DICE.normal(scale=0.5, size=600) > 0).astype(int)


def fitted(model: Any, target: Any) -> dict[str, Any]:
    parts = {"X_train": ROWS[:400], "X_test": ROWS[400:], "y_train": target[:400], "y_test": target[400:]}
    return {"result": model.fit(parts["X_train"], parts["y_train"]), **parts}


def test_test_rows_that_are_training_rows_are_counted() -> None:
    check = leakage("a", "b")
    assert told(check(a=ROWS[:400], b=ROWS[400:])) == ("passed", "0.00% of the test rows are in train")
    assert told(check(a=ROWS[:400], b=ROWS[300:500])) == (
        "failed",
        "(rows): in train and test 0.5, threshold 0.01, 100 of 200 test rows; 0.00% of the training rows have a twin",
    )


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (pd.DataFrame({"n": [1, 2], "t": ["x", None]}), pd.DataFrame({"t": ["x", np.nan], "n": [1.0, 2.0]})),
        (pd.DataFrame({"n": [1.5, np.nan]}), pd.DataFrame({"n": np.array([1.5, np.nan], dtype=object)})),
        (pd.DataFrame({"t": pd.Categorical(["x", "y"])}), pd.DataFrame({"t": ["y", "x"]})),
        (
            pd.DataFrame({"at": pd.to_datetime(["2026-01-01"])}),
            pd.DataFrame({"at": pd.to_datetime(["2026-01-01T00:00Z"])}),
        ),
        (pd.DataFrame({"n": [[1], {"k": 2}]}), pd.DataFrame({"n": [[1], {"k": 2}]})),
        (np.array([[0.0, 1.0]]), np.array([[-0.0, 1.0]])),
        (pd.DataFrame({"n": [1]}, index=[7]), pd.DataFrame({"n": [1], "more": [2]})),
    ],
)
def test_rows_are_the_same_when_their_values_are(train: object, test: object) -> None:
    found = leakage("a", "b")(a=train, b=test)
    assert value_of(found)["share"] == 1.0


def test_tables_without_a_common_column_cannot_be_compared() -> None:
    with pytest.raises(UsageError, match="no column in common"):
        leakage("a", "b")(a={"x": [1]}, b={"y": [1]})
    with pytest.raises(UsageError, match="no column z"):
        leakage("a", "b", only=["z"])(a={"x": [1]}, b={"x": [1]})
    assert leakage("a", "b")(a={"x": [1]}, b={"x": []}).outcome == "passed"


def test_training_rows_that_are_not_before_the_test_rows_are_late() -> None:
    days = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=10)})
    check = time_leakage("a", "b", "day")
    assert check(a=days[:5], b=days[5:]).outcome == "passed"
    assert told(check(a=days[:6], b=days[4:])) == (
        "failed",
        "day: late 0.3333, threshold 0, training rows at or after the first test row",
    )
    with pytest.raises(UsageError, match="no column day"):
        check(a=ROWS, b=days)
    with pytest.raises(UsageError, match="holds no times"):
        check(a={"day": ["monday"]}, b=days)


@pytest.mark.parametrize("target", [SIGNAL, SIGNAL.map({0: "no", 1: "yes"}), SIGNAL == 1, ROWS["a"] * 3 + 1])
def test_a_column_that_tells_the_target_alone_is_named(target: Any) -> None:
    check = target_leakage("X", "y")
    leaking = ROWS.assign(leak=pd.factorize(target, sort=True)[0] * 2.0 - 1)
    assert found_in(check(X=leaking, y=target))[-1] == "leak"
    assert check(X=ROWS[["b", "c"]], y=target).outcome == "passed"


def test_with_several_classes_or_few_rows_nothing_is_looked_at() -> None:
    assert told(target_leakage("X", "y")(X=ROWS[:50], y=SIGNAL[:50])) == ("passed", "nothing was looked at")
    classes = pd.Series(np.arange(600) % 3)
    assert told(target_leakage("X", "y")(X=ROWS.assign(y=classes), y=classes)) == ("passed", "nothing was looked at")


def test_a_model_that_learns_noise_by_heart_overfits_and_beats_nobody() -> None:
    given = fitted(DecisionTreeClassifier(random_state=0), NOISE)
    gap, gain = overfitting(Sets())(**given), baseline(Sets())(**given)
    assert gap.outcome == "failed"
    assert gap.message is not None
    assert gap.message.startswith("(score): train - test 0.4")
    assert "threshold 0.1, train 1, test 0.5" in gap.message
    assert gain.outcome == "failed"


@pytest.mark.parametrize(
    ("model", "target"), [(LogisticRegression(), SIGNAL), (LinearRegression(), ROWS["a"] * 2 + ROWS["b"] ** 2)]
)
def test_a_model_that_learns_the_signal_passes(model: Any, target: Any) -> None:
    given = fitted(model, target)
    assert overfitting(Sets())(**given).outcome == "passed"
    assert baseline(Sets())(**given).outcome == "passed"


def test_scores_and_interval_of_a_classifier_are_those_of_its_hits() -> None:
    given = fitted(LogisticRegression(), SIGNAL)
    found = value_of(overfitting(Sets())(**given))
    hits = [np.asarray(given["result"].predict(given[f"X_{one}"]) == given[f"y_{one}"]) for one in ("train", "test")]
    expected = stats.ttest_ind(hits[0] * 1.0, hits[1] * 1.0, equal_var=False).confidence_interval(0.95)

    assert (found["train"], found["test"]) == (hits[0].mean().round(4), hits[1].mean().round(4))
    assert found["interval"] == pytest.approx([expected.low, expected.high], rel=1e-3)


def test_the_target_may_be_a_column_and_the_model_anything_with_a_way_to_predict() -> None:
    table = ROWS.assign(y=SIGNAL)
    check = baseline(Sets("train", "test", column="y"), "rule", predict=lambda rule, rows: rows[rule] > 0)
    assert check(train=table[:400], test=table[400:], rule="a").outcome == "passed"
    with pytest.raises(UsageError, match="a str has no method predict"):
        baseline(Sets("train", "test", column="y"), "rule")(train=table, test=table, rule="a")


def test_a_target_may_be_a_table_of_one_column_and_rows_an_array_of_any_kind() -> None:
    sets = {"X_train": sparse.csr_array(np.tile(ROWS, (20, 1))), "X_test": ROWS.to_numpy()}
    given = {**sets, "y_train": pd.concat([SIGNAL.to_frame()] * 20), "y_test": SIGNAL.to_frame()}
    model = LogisticRegression().fit(ROWS.to_numpy(), SIGNAL)
    assert baseline(Sets())(result=model, **given).outcome == "passed"
    assert overfitting(Sets())(result=model, **given).outcome == "passed"


def test_scores_that_are_no_finite_numbers_are_an_error() -> None:
    with pytest.raises(UsageError, match="missing targets"):
        overfitting(Sets(), score=lambda wanted, _: wanted * np.nan)(**fitted(LogisticRegression(), SIGNAL))


def test_a_score_of_ones_own_is_one_number_a_row() -> None:
    given = fitted(LogisticRegression(), SIGNAL)
    squared = overfitting(Sets(), score=lambda wanted, got: -np.abs(np.asarray(wanted) - got))
    assert value_of(squared(**given))["train"] < 0
    with pytest.raises(UsageError, match="one number a row"):
        overfitting(Sets(), score=lambda wanted, got: float((wanted == got).mean()))(**given)
