"""Whatever holds a table becomes columns of three kinds; what cannot is told by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headwater.errors import SourceError, UsageError
from headwater.library import Profile
from headwater.library.columns import as_frame, columns, count_rows


def kinds(data: object) -> dict[str, str]:
    return {column.name: column.kind for column in columns(data)}


class Foreign:
    def to_pandas(self) -> pd.DataFrame:
        return pd.DataFrame({"a": [1]})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (pd.DataFrame({"a": [1], "b": ["x"]}), {"a": "number", "b": "category"}),
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), {"a": "number", "a#2": "number"}),
        (pd.DataFrame([[1, 2, 3]], columns=["a", "a", "a#2"]), {"a": "number", "a#2": "number", "a#2#2": "number"}),
        (pd.DataFrame({0: [1], "0": ["x"]}), {"0": "number", "0#2": "category"}),
        (pd.Series([1.5], name="fare"), {"fare": "number"}),
        (pd.Series([1.5]), {"value": "number"}),
        ({"a": [1, 2], "b": np.array(["x"])}, {"a": "number", "b": "category"}),
        (np.zeros((2, 2)), {"0": "number", "1": "number"}),
        (np.zeros(3), {"value": "number"}),
        (np.array([(1, "x")], dtype=[("n", int), ("t", "U1")]), {"n": "number", "t": "category"}),
        ([{"a": 1}, {"a": 2}], {"a": "number"}),
        ([1, 2], {"value": "number"}),
        (Foreign(), {"a": "number"}),
        (pd.DataFrame(), {}),
    ],
)
def test_a_table_may_come_in_any_form(data: object, expected: Mapping[str, str]) -> None:
    assert kinds(data) == expected


@pytest.mark.parametrize("data", [None, "text", 5, np.zeros((1, 1, 1)), object()])
def test_what_is_no_table_is_refused_with_the_ways_to_pass_one(data: object) -> None:
    with pytest.raises(UsageError, match="DataFrame"):
        list(columns(data))


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([True, False], "number", [1.0, 0.0]),
        (np.array([True, None], dtype=object), "number", [1.0, None]),
        (np.array([Decimal("1.5"), Decimal(2)], dtype=object), "number", [1.5, 2.0]),
        (pd.array([1, None], dtype="Int64"), "number", [1.0, None]),
        (pd.Series(["1970-01-02", None], dtype="datetime64[us]"), "time", [86400.0, None]),
        (pd.to_datetime(["1970-01-02T02:00+02:00"]), "time", [86400.0]),
        (pd.to_timedelta([1, 2], unit="min"), "number", [60.0, 120.0]),
        (np.array([np.nan, np.inf]), "number", [None, np.inf]),
        (np.array([1 + 2j]), "category", [1 + 2j]),
        (np.array([10**400], dtype=object), "category", [10**400]),
        (pd.Categorical(["x", None]), "category", ["x", None]),
        (np.array([1, "x", None], dtype=object), "category", [1, "x", None]),
        (np.array([None, None], dtype=object), "category", [None, None]),
    ],
)
def test_a_column_has_the_kind_of_its_values(values: Any, kind: str, expected: list[object]) -> None:
    [column] = columns(pd.Series(values))
    assert (column.kind, [None if pd.isna(one) else one for one in column.values]) == (kind, expected)


def test_columns_that_are_asked_for_must_be_there() -> None:
    assert [one.name for one in columns({"a": [1], "b": [2]}, ["b"])] == ["b"]
    with pytest.raises(UsageError, match="no column c"):
        list(columns({"a": [1]}, ["c"]))


def test_rows_are_compared_in_tables_whose_columns_are_of_one_length() -> None:
    assert count_rows({"a": [1, 2], "b": [1]}) == 2
    with pytest.raises(UsageError, match="different lengths"):
        as_frame({"a": [1, 2], "b": [1]})
    assert as_frame(pd.DataFrame([[1, 2]], columns=["a", "a"])).columns.tolist() == ["a", "a#2"]


def test_a_profile_lies_in_a_file(tmp_path: Path) -> None:
    made = Profile.fit({"a": [1.0, 2.0, None], "b": ["x", "y", "\ud800"]})
    made.save(tmp_path / "profile.json")
    assert Profile.load(tmp_path / "profile.json") == made
    assert [path.name for path in tmp_path.iterdir()] == ["profile.json"]


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        "text",
        {"version": 2, "rows": 1, "columns": {}},
        {"version": 1, "rows": 1, "columns": {"a": {"kind": "number", "edges": [1], "counts": [1]}}},
        {"version": 1, "rows": 1, "columns": {"a": {"kind": "category", "levels": {}, "surprise": 1}}},
    ],
)
def test_a_document_that_is_no_profile_is_refused(tmp_path: Path, document: Any) -> None:
    (tmp_path / "p.json").write_text(json.dumps(document))
    with pytest.raises(SourceError, match="profile"):
        Profile.load(tmp_path / "p.json")


def test_a_file_that_is_no_json_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("{")
    with pytest.raises(SourceError, match=r"p\.json"):
        Profile.load(tmp_path / "p.json")
