"""What an SLA asks, which windows there are, and what sums over rows refuse."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headwater.errors import InvalidValue, UsageError
from headwater.graph.measures import Terms, Verdict, Window, check_window, parse_window, window_text
from headwater.graph.metrics.aggregates import Aggregate, accuracy, f1, precision, recall, rmse


def test_a_threshold_turns_scores_into_answers() -> None:
    aggregate = recall(positive=1, threshold=0.5)
    rows = [aggregate.of_row(*pair) for pair in [(0.5, 1), (0.4, 1), (0.9, 0)]]
    assert aggregate.of_totals([sum(parts) for parts in zip(*rows, strict=True)], 3) == 0.5


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
