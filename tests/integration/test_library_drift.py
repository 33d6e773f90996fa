"""A shifted column is found and named with figure and threshold; noise, size and number of columns raise no alarm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from headwater.errors import UsageError
from headwater.graph.facts import TriggerResult
from headwater.library import Profile, compare, drift, predictions
from headwater.library.drifting import drifted
from tests.support.library import found_in, value_of


def table(rows: int, shift: float = 0.0, seed: int = 0) -> pd.DataFrame:
    dice = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "fare": dice.normal(10 + shift, 1, rows),
            "tolls": np.where(dice.random(rows) < 0.9, 0, 5.0),
            "color": dice.choice(["green", "yellow"], rows),
            "pickup": pd.Timestamp("2026-01-01") + pd.to_timedelta(dice.integers(0, 9999, rows), unit="s"),
        }
    )


def result(reference: object, data: object, **options: Any) -> TriggerResult:
    return drift("df", Profile.fit(reference), **options)(df=data)


def test_data_from_the_same_source_have_not_drifted() -> None:
    found = result(table(5000), table(3000, seed=1))
    assert (found.outcome, value_of(found)["compared"]) == ("passed", 3)


def test_a_shifted_column_is_named_with_its_figure_and_threshold() -> None:
    found = result(table(5000), table(3000, shift=1, seed=1))
    assert found.outcome == "failed"
    assert found_in(found) == ["fare"]
    assert found.message == "fare: psi 0.9501, threshold 0.2 (p < 1e-16), mean 9.995 -> 11"


def test_a_difference_that_is_sure_but_small_is_let_pass() -> None:
    found = compare(Profile.fit(table(100_000)), table(100_000, shift=0.05, seed=1))
    [fare] = [one for one in found if one.column == "fare"]
    assert fare.p < 1e-9
    assert fare.p_ks < 1e-9
    assert drifted(found) == []


def test_a_figure_that_few_rows_show_by_chance_is_let_pass() -> None:
    found = compare(Profile.fit(table(5000)), table(12, seed=3))
    assert max(one.psi for one in found) > 0.2
    assert drifted(found) == []


def test_only_the_measures_with_a_threshold_count() -> None:
    reference, wider = table(5000), table(5000, seed=1)
    wider["fare"] = 10 + (wider["fare"] - 10) * 1.5
    assert found_in(result(reference, wider, thresholds={"psi": 0.2})) == ["fare"]
    assert found_in(result(reference, wider, thresholds={"ks": 0.15})) == []


@pytest.mark.parametrize("thresholds", [{}, {"psl": 0.2}])
def test_a_measure_that_there_is_not_is_refused(thresholds: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="psi, ks, kl"):
        drift("df", Profile.fit([1]), thresholds=thresholds)


def test_new_levels_and_missing_values_are_drift_and_told() -> None:
    before = pd.DataFrame({"color": ["green", "yellow"] * 500, "fare": np.arange(1000.0)})
    after = pd.DataFrame({"color": ["green", "purple"] * 500, "fare": np.where(np.arange(1000) % 2, np.nan, 5.0)})
    found = result(before, after)
    assert set(found_in(found)) == {"color", "fare"}
    assert found.message is not None
    assert "500 rows of levels that the reference lacks (purple)" in found.message
    assert "missing 0.0% -> 50.0%" in found.message


@pytest.mark.parametrize(
    ("before", "after", "drifts"),
    [
        (np.full(500, 3.0), np.full(500, 3.0), False),
        (np.full(500, 3.0), np.full(500, 2.0), True),
        (np.full(500, 3.0), np.full(500, np.nan), True),
        (np.full(500, np.nan), np.full(500, np.nan), False),
        (np.full(500, np.nan), np.full(500, 3.0), True),
        (np.full(500, np.nan), np.full(500, "x", dtype=object), True),
        (np.arange(500.0), np.where(np.arange(500) % 3, np.arange(500.0), np.inf), True),
        (np.where(np.arange(500) % 2, 1.0, -np.inf), np.where(np.arange(500) % 2, 1.0, -np.inf), False),
        (np.arange(500.0), np.zeros(0), False),
        (np.zeros(0), np.arange(500.0), False),
        (np.arange(500) % 2 == 0, np.arange(500) % 2, False),
    ],
)
def test_unusual_columns_have_a_known_outcome(before: Any, after: Any, *, drifts: bool) -> None:
    assert result({"x": before}, {"x": after}).outcome == ("failed" if drifts else "passed")


def test_times_go_on_and_are_compared_only_when_they_are_named() -> None:
    later = table(1000)
    later["pickup"] += pd.Timedelta(days=30)
    assert result(table(1000), later).outcome == "passed"
    assert found_in(result(table(1000), later, only=["pickup"])) == ["pickup"]


def test_columns_that_are_not_there_are_told_and_without_any_it_is_an_error() -> None:
    found = result({"a": [1, 2], "b": [1, 2]}, {"a": [1, 2]})
    assert found.message is not None
    assert found.message.endswith("; not there: b")
    with pytest.raises(UsageError, match="no column"):
        result({"a": [1, 2]}, {"b": [1, 2]})
    with pytest.raises(UsageError, match="no column"):
        result({"a": [1, 2]}, {"a": ["x", "y"]})


def test_a_name_that_stands_twice_is_two_columns() -> None:
    before = pd.DataFrame(np.random.default_rng(0).normal(size=(900, 2)), columns=["x", "x"])
    after = before + np.array([0, 5])
    assert found_in(result(before, after)) == ["x#2"]


def test_hundreds_of_drifted_columns_make_a_short_message_and_a_bounded_value() -> None:
    before = np.random.default_rng(0).normal(size=(300, 150))
    found = result(before, before + 5)
    assert found.message is not None
    assert found.message.endswith("; and 145 more")
    assert value_of(found)["found"] == 150
    assert len(found_in(found)) == 100


def test_predictions_are_judged_by_themselves_and_beside_those_of_before() -> None:
    before = Profile.fit(np.random.default_rng(0).random(2000), name="prediction")
    good = np.random.default_rng(1).random(1000)
    told = predictions("result", reference=before, bounds=(0, 1))
    assert told(result=good).outcome == "passed"
    assert told(result=pd.Series(good, name="high_tip")).outcome == "passed"
    assert found_in(told(result=good / 2), "measure") == ["psi"]
    assert found_in(told(result=np.append(good, [np.nan, np.inf])), "measure") == ["missing", "infinite", "outside"]
    assert found_in(told(result=np.full(1000, 0.5)), "measure") == ["distinct", "psi"]
    assert found_in(predictions("result")(result=np.full(99, 0.5)), "measure") == []
