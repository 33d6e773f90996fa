"""Scores of a fitted model with their intervals: whether it overfits, whether it beats a trivial predictor.

A score is the mean of one number a row, the higher the better, so that the interval of a difference is Welch's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from headwater.errors import UsageError
from headwater.graph.facts import TriggerResult
from headwater.graph.values import JSON
from headwater.library.checks import Check, check
from headwater.library.columns import Numbers
from headwater.library.verdicts import Finding, rounded, verdict

CONFIDENCE = 0.95
MOST_ROWS = 10_000
_MOST_CLASSES = 20
_LEAST_ROWS = 2

Predict: TypeAlias = Callable[[Any, Any], Any]
Score: TypeAlias = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Sets:
    """Which variables hold the rows and targets of training and test; with `column`, the target is in the rows."""

    train: str = "X_train"
    test: str = "X_test"
    train_target: str = "y_train"
    test_target: str = "y_test"
    column: str | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that are asked for, in the order that `split` takes their values."""
        rows = (self.train, self.test)
        return rows if self.column is not None else (*rows, self.train_target, self.test_target)

    def split(self, given: tuple[Any, ...]) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        """Return (rows, target) of training and of test, at most MOST_ROWS of each, the same ones at every run."""
        if self.column is not None:
            given = (*(one.drop(columns=[self.column]) for one in given), *(one[self.column] for one in given))
        return _sample(given[0], given[2]), _sample(given[1], given[3])


def overfitting(
    sets: Sets,
    model: str = "result",
    most: float = 0.1,
    *,
    predict: Predict | None = None,
    score: Score | None = None,
) -> Check:
    """Return a trigger that fails when the training score is surely more than `most` above the test score.

    Surely: the lower end of the 95 % interval of the difference is. predict: what the model says of rows, if not
    `model.predict(rows)`. score: one number a row from (target, predicted). Without it, targets that are numbers with a
    fraction, or of more than 20 values, score 1 - (error / deviation of the training target) ** 2, whose mean is like R
    squared; all others score 1 if right, else 0: accuracy.
    """

    def body(fitted: object, *given: object) -> TriggerResult:
        train, test = sets.split(given)
        rate = score or row_score(train[1])
        first, second = (_scores(rate, target, predicted(predict, fitted, rows)) for rows, target in (train, test))
        low, high = _welch(first, second)
        gap = float(first.mean() - second.mean())
        told = f"train {first.mean():.4g}, test {second.mean():.4g}, 95 % interval [{low:.3g}, {high:.3g}]"
        found = [Finding("(score)", "train - test", rounded(gap), most, note=told)] if low > most else []
        figures: dict[str, JSON] = {
            "train": rounded(first.mean()),
            "test": rounded(second.mean()),
            "interval": [rounded(low), rounded(high)],
        }
        return verdict(found, told, {**figures, "most": most})

    return check("overfitting", body, model, *sets.variables)


def baseline(
    sets: Sets,
    model: str = "result",
    least: float = 0.0,
    *,
    predict: Predict | None = None,
    score: Score | None = None,
) -> Check:
    """Return a trigger that fails unless the test score is surely more than `least` above that of a trivial predictor.

    Trivial: the most frequent class or the mean of the training target (scikit-learn's DummyClassifier and
    DummyRegressor). Both predict the same rows, so the interval is that of the mean difference. See `overfitting` for
    `predict` and `score`.
    """

    def body(fitted: object, *given: object) -> TriggerResult:
        train, test = sets.split(given)
        rate = score or row_score(train[1])
        ours = _scores(rate, test[1], predicted(predict, fitted, test[0]))
        theirs = _scores(rate, test[1], _trivial(train, len(test[1])))
        low, high = _welch(ours - theirs, np.zeros(0))
        told = f"model {ours.mean():.4g}, trivial {theirs.mean():.4g}, 95 % interval [{low:.3g}, {high:.3g}]"
        gap = rounded(float((ours - theirs).mean()))
        found = [] if low > least else [Finding("(score)", "model - trivial", gap, least, note=told)]
        figures: dict[str, JSON] = {
            "model": rounded(ours.mean()),
            "trivial": rounded(theirs.mean()),
            "interval": [rounded(low), rounded(high)],
        }
        return verdict(found, told, {**figures, "least": least})

    return check("baseline", body, model, *sets.variables)


def row_score(train_target: Any) -> Score:
    """Return the score that suits a target: 1 or 0 for classes, by squared error in its variances for numbers."""
    if not is_graded(train_target):
        return lambda wanted, got: _flat(wanted) == _flat(got)
    variance = float(np.var(_flat(train_target).astype(float))) or 1.0
    return lambda wanted, got: 1 - (_flat(wanted).astype(float) - _flat(got).astype(float)) ** 2 / variance


def is_graded(target: Any) -> bool:
    """Return whether a target is an amount and no class: numbers with a fraction, or of more than 20 values."""
    values = pd.Series(_flat(target)).infer_objects().dropna()
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return False
    distinct = values.unique()
    return len(distinct) > _MOST_CLASSES or not np.array_equal(distinct, np.round(distinct))


def _flat(values: Any) -> Any:
    """Return the values of an array or of a table of one column."""
    return np.asarray(values).reshape(-1)


def _sample(rows: Any, target: Any) -> tuple[Any, Any]:
    if len(target) <= MOST_ROWS:
        return rows, target
    chosen = np.sort(np.random.default_rng(0).choice(len(target), MOST_ROWS, replace=False))
    return _taken(rows, chosen), _taken(target, chosen)


def _taken(data: Any, chosen: Any) -> Any:
    if hasattr(data, "iloc"):
        return data.iloc[chosen]
    return data[chosen] if hasattr(data, "shape") else np.asarray(data)[chosen]


def predicted(predict: Predict | None, model: Any, rows: Any) -> Any:
    """Return what a model says of rows; raises UsageError for one that has no `predict`, without another way."""
    if predict is not None:
        return predict(model, rows)
    if not hasattr(model, "predict"):
        raise UsageError(f"a {type(model).__name__} has no method predict", hint="pass predict=lambda model, rows: ...")
    return model.predict(rows)


def _trivial(train: tuple[Any, Any], count: int) -> Any:
    """Return what the most frequent class or the mean of the training target predicts for so many rows."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    kind = DummyRegressor(strategy="mean") if is_graded(train[1]) else DummyClassifier(strategy="most_frequent")
    return kind.fit(np.zeros((len(train[1]), 1)), _flat(train[1])).predict(np.zeros((count, 1)))


def _scores(score: Score, target: Any, predicted: Any) -> Numbers:
    found = np.asarray(score(target, predicted), dtype=np.float64)
    if found.shape != (len(target),) or len(found) < _LEAST_ROWS:
        raise UsageError(
            f"a score of shape {found.shape} for {len(target)} rows", hint="one number a row, two rows or more"
        )
    if not np.isfinite(found).all():
        raise UsageError("a score is no finite number", hint="look for missing targets and predictions")
    return found


def _welch(first: Numbers, second: Numbers) -> tuple[float, float]:
    """Return the interval of the difference of both means, or of one mean if the second is empty."""
    parts = [(one.var(ddof=1) / len(one), len(one) - 1) for one in (first, second) if len(one)]
    error = sum(part for part, _ in parts)
    gap = first.mean() - (second.mean() if len(second) else 0.0)
    if not error:
        return float(gap), float(gap)
    freedom = error**2 / sum(part**2 / df for part, df in parts)
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * np.sqrt(error)
    return float(gap - reach), float(gap + reach)
