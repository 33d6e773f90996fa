"""Missing values, outliers, ranges and schema: each says the column, the figure and the threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headwater.errors import UsageError
from headwater.library import Profile, agreement, missing_values, outliers, ranges, schema
from tests.support.library import told

TRIPS = pd.DataFrame({"fare": [5.0, 6, 7, np.nan], "color": ["green", "yellow", "green", "green"]})


def test_a_column_that_lacks_too_many_values_fails() -> None:
    assert told(missing_values("df", 0.2)(df=TRIPS)) == ("failed", "fare: missing 0.25, threshold 0.2")
    assert told(missing_values("df", 0.25)(df=TRIPS)) == ("passed", "at most 25.00% missing in a column")


def test_what_was_missing_before_may_be_missing_again() -> None:
    before = Profile.fit(TRIPS)
    now = pd.DataFrame({"fare": [5.0, 6, np.nan, np.nan], "color": ["green"] * 4})
    assert missing_values("df", 0.05, reference=before)(df=TRIPS).outcome == "passed"
    assert told(missing_values("df", 0.05, reference=before)(df=now)) == ("failed", "fare: missing 0.5, threshold 0.3")


def test_values_beyond_the_fences_of_a_column_fail() -> None:
    values = np.append(np.arange(98.0), [1e6, np.inf])
    assert told(outliers("df")(df={"x": values})) == (
        "failed",
        "x: outliers 0.02, threshold 0.01, beyond -122.5 to 220.5",
    )
    assert outliers("df", 0.02)(df={"x": values}).outcome == "passed"
    assert outliers("df", 0.02, reference=Profile.fit({"x": np.arange(20.0)}))(df={"x": values}).outcome == "failed"


def test_a_column_whose_quartiles_are_equal_has_no_fences() -> None:
    assert outliers("df")(df={"tolls": np.append(np.zeros(90), np.full(10, 9.0))}).outcome == "passed"


@pytest.mark.parametrize(
    ("allowed", "message"),
    [
        ({"fare": (0, 6)}, "fare: outside 0.3333, threshold 0, 7 not in [0, 6]"),
        ({"fare": (None, 6)}, "fare: outside 0.3333, threshold 0, 7 not in [-inf, 6]"),
        ({"color": {"green"}}, "color: outside 0.25, threshold 0, yellow not in {green}"),
        ({"tip": (0, None)}, "tip: outside not there, threshold [0, inf]"),
        ({"color": (0, None)}, "color: kind category, threshold number"),
    ],
)
def test_values_that_are_not_allowed_fail(allowed: dict[str, Any], message: str) -> None:
    assert told(ranges("df", allowed)(df=TRIPS)) == ("failed", message)


def test_values_that_are_allowed_pass_and_so_do_missing_ones() -> None:
    found = ranges("df", {"fare": (0, None), "color": {"green", "yellow"}})(df=TRIPS)
    assert told(found) == ("passed", "2 columns in their ranges")


def test_a_schema_wants_its_columns_of_their_kinds() -> None:
    wanted = {"fare": "category", "tip": "number", "color": "any"}
    assert told(schema("df", wanted)(df=TRIPS)) == (
        "failed",
        "fare: kind number, threshold category; tip: kind not there, threshold number",
    )
    assert told(schema("df", Profile.fit(TRIPS))(df=TRIPS.assign(tip=1))) == (
        "passed",
        "2 columns as expected; further ones: tip",
    )
    assert schema("df", Profile.fit(TRIPS))(df=TRIPS.assign(fare=np.nan)).outcome == "passed"


def test_names_and_values_that_no_store_can_hold_are_told_escaped() -> None:
    found = ranges("df", {"\ud800": {"a"}})(df={"\ud800": np.array(["\udfff\0"], dtype=object)})
    assert found.message == "\\ud800: outside 1, threshold 0, \\udfff not in {a}"
    assert found.value is None


EMPTY = [pd.DataFrame({"x": []}), pd.DataFrame(), {"x": []}, np.zeros((0, 3)), pd.DataFrame({"x": [np.nan, np.nan]})]


@pytest.mark.parametrize("data", EMPTY)
@pytest.mark.parametrize("make", [lambda: missing_values("df", 1.0), lambda: outliers("df")])
def test_without_values_there_is_nothing_to_find(data: object, make: Callable[[], Any]) -> None:
    assert make()(df=data).outcome == "passed"


@pytest.mark.parametrize("data", EMPTY[:4])
def test_a_schema_fails_without_rows(data: object) -> None:
    assert told(schema("df", {})(df=data)) == ("failed", "(all): rows 0, threshold 1")


@pytest.mark.parametrize(
    "make",
    [
        lambda: missing_values("df", 5),
        lambda: missing_values("not a variable"),
        lambda: outliers("df", -0.1),
        lambda: ranges("df", {"x": (2, 1)}),
        lambda: ranges("df", {"x": ("a", "b", "c")}),
        lambda: ranges("df", {"x": "green"}),
        lambda: ranges("df", {"x": ("green", "yellow")}),
        lambda: schema("df", {"x": "integer"}),
    ],
)
def test_options_that_make_no_sense_are_refused_at_once(make: Callable[[], Any]) -> None:
    with pytest.raises(UsageError):
        make()


def offline(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"hour": rows["at"] // 60, "color": rows["color"].str.upper()})


def test_features_that_offline_code_makes_otherwise_are_named_with_the_first_row() -> None:
    rows = pd.DataFrame({"at": [59, 60, 150], "color": ["a", None, "b"]})
    online = offline(rows)
    check = agreement("features", "rows", offline)

    assert told(check(features=online, rows=rows)) == ("passed", "3 rows agree with offline")
    assert told(check(features=online.assign(hour=rows["at"] / 60), rows=rows)) == (
        "failed",
        "hour: differs 0.6667, threshold 0, row 0: 0.9833333333333333 online, 0.0 offline",
    )
    assert told(check(features=online[["hour"]].assign(more=1), rows=rows)) == (
        "failed",
        "color: columns not online, threshold both; more: columns not offline, threshold both",
    )
    with pytest.raises(UsageError, match="2 rows online, 3 offline"):
        check(features=online[:2], rows=rows)
