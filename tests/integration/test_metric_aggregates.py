"""Ready metrics say what scikit-learn says, and a row that is taken out leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from headwater.errors import InvalidValue
from headwater.graph.metrics.aggregates import (
    Aggregate,
    accuracy,
    f1,
    is_ready,
    mae,
    mean,
    mean_error,
    precision,
    ready,
    recall,
    rmse,
)

NUMBERS = st.floats(-1e150, 1e150) | st.integers(-5, 5)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=12)
ANSWERS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12)


def value(aggregate: Aggregate, pairs: Sequence[tuple[float, float]]) -> float | None:
    rows = [aggregate.of_row(output, label) for output, label in pairs]
    return aggregate.of_totals([sum(parts) for parts in zip(*rows, strict=True)], len(rows))


@given(ANSWERS)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (recall(), sklearn.recall_score),
        (precision(), sklearn.precision_score),
        (f1(), sklearn.f1_score),
        (accuracy(), sklearn.accuracy_score),
    ],
    ids=["recall", "precision", "f1", "accuracy"],
)
def test_counts_are_those_of_scikit_learn(
    ours: Aggregate, theirs: Callable[..., float], pairs: list[tuple[bool, bool]]
) -> None:
    outputs, labels = zip(*pairs, strict=True)
    found = value(ours, pairs)
    assert (found or 0.0) == pytest.approx(theirs(labels, outputs, **_zero(theirs)))


def _zero(theirs: Callable[..., float]) -> dict[str, float]:
    return {} if theirs is sklearn.accuracy_score else {"zero_division": 0.0}


@given(PAIRS)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(mae(), sklearn.mean_absolute_error), (rmse(), sklearn.root_mean_squared_error)],
    ids=["mae", "rmse"],
)
def test_errors_are_those_of_scikit_learn(
    ours: Aggregate, theirs: Callable[..., float], pairs: list[tuple[float, float]]
) -> None:
    outputs, labels = zip(*pairs, strict=True)
    assert value(ours, pairs) == pytest.approx(float(theirs(labels, outputs)), rel=1e-9)


@given(PAIRS, PAIRS)
@pytest.mark.parametrize("ours", [mean(), mean("output"), mean_error(), rmse()], ids=lambda one: one.spec)
def test_rows_that_leave_a_sum_leave_nothing_behind(
    ours: Aggregate, pairs: list[tuple[float, float]], others: list[tuple[float, float]]
) -> None:
    alone = sum(ours.of_row(*pair)[0] for pair in pairs)
    left = sum(ours.of_row(*pair)[0] for pair in [*others, *pairs]) - sum(ours.of_row(*pair)[0] for pair in others)
    assert left == alone


@given(ANSWERS)
@pytest.mark.parametrize(
    "ours",
    [
        *(recall(), precision(1, 0.5), f1('a "b" [c]'), recall({"b": 1, "a": [None]}), recall(threshold=1)),
        *(accuracy(), mean(), mean("output"), mean_error(), mae(), rmse()),
    ],
    ids=lambda one: one.spec,
)
def test_a_ready_metric_is_made_again_from_its_spec(ours: Aggregate, pairs: list[tuple[bool, bool]]) -> None:
    again = ready(ours.spec)
    assert again is not None
    assert is_ready(ours)
    assert (again.spec, again.size, value(again, pairs)) == (ours.spec, ours.size, value(ours, pairs))


@pytest.mark.parametrize(
    "spec", ["mine", "", "mae 1", "recall", "recall {}", "recall [true]", "recall [1,2,3]", 'recall [1,"x"]', "f1 [[[["]
)
def test_a_spec_that_no_ready_metric_has_makes_none(spec: str) -> None:
    assert ready(spec) is None


def test_a_metric_with_the_spec_of_another_is_no_ready_one() -> None:
    assert not is_ready(replace(mae(), of_totals=lambda *_: 0.0))
    assert not is_ready(replace(rmse(), spec="mae"))


def test_a_setting_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidValue, match="a setting of recall"):
        recall(threshold=float("nan"))
