"""Ready metrics say what scikit-learn says, and a row that is taken out leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from headwater.errors import InvalidValue, UsageError
from headwater.graph.measures import Terms, Verdict, Window, check_window, parse_window, window_text
from headwater.graph.metrics.aggregates import (
    Aggregate,
    accuracy,
    f1,
    mae,
    mean,
    mean_error,
    precision,
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


def test_a_threshold_turns_scores_into_answers() -> None:
    assert value(recall(positive=1, threshold=0.5), [(0.5, 1), (0.4, 1), (0.9, 0)]) == 0.5


@pytest.mark.parametrize("aggregate", [recall(), precision(), f1(), accuracy(), rmse()], ids=lambda one: one.spec)
def test_no_rows_are_no_value(aggregate: Aggregate) -> None:
    assert aggregate.of_totals([0] * aggregate.size, 0) is None


@pytest.mark.parametrize("pair", [("many", 1), (1, None), (1e200, -1e200), (10**400, 1)])
def test_a_row_that_cannot_be_summed_is_refused(pair: tuple[float, float]) -> None:
    with pytest.raises(InvalidValue):
        rmse().of_row(*pair)


@pytest.mark.parametrize(
    ("bound", "value", "verdict"),
    [
        (">= 0.9", 0.9, Verdict.WELL),
        ("> 0.9", 0.9, Verdict.BREACH),
        ("<=1e-3", 0.001, Verdict.WELL),
        ("< -2", -2.0, Verdict.BREACH),
        (">= 0.9", None, Verdict.INSUFFICIENT),
    ],
)
def test_a_bound_judges_a_value(bound: str, value: float | None, verdict: Verdict) -> None:
    assert Terms(bound).judge(value, 1) is verdict


def test_too_few_rows_are_neither_breach_nor_well() -> None:
    terms = Terms(">= 0.9", min_rows=3)
    assert [terms.judge(0.5, rows) for rows in (2, 3)] == [Verdict.INSUFFICIENT, Verdict.BREACH]


@pytest.mark.parametrize("bound", ["0.9", "== 0.9", ">= high", ">= 1.2.3", "", ">= nan"])
def test_a_bound_that_is_none_is_refused(bound: str) -> None:
    with pytest.raises(UsageError, match="bound"):
        Terms(bound)


@pytest.mark.parametrize("window", [0, -1, True, 1.5, timedelta(0), "7 d"])
def test_a_window_that_is_none_is_refused(window: Window) -> None:
    with pytest.raises(UsageError, match="window"):
        check_window(window)


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (None, "all"),
        (1000, "last 1,000"),
        (timedelta(days=7), "7 d"),
        (timedelta(hours=36), "36 h"),
        (timedelta(minutes=90), "90 min"),
        (timedelta(seconds=1.5), "1,500,000 us"),
    ],
)
def test_a_window_reads_as_people_say_it(window: Window, text: str) -> None:
    assert (window_text(window), parse_window(text)) == (text, window)


@pytest.mark.parametrize("text", ["run", "last", "7 years", "", "-1 d"])
def test_a_text_that_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="no window"):
        parse_window(text)
