"""Each kind of value has its format, comes back as the same content, and is unpickled only for who asks."""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from headwater.errors import MissingExtra, PickledArtifact, Unsaveable, UsageError
from headwater.sdk.artifacts import formats
from headwater.sdk.content import digest_of

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def again(value: Any, name: str | None = None) -> tuple[str, Any]:
    """Return the format of a value, and the value written down and read back."""
    chosen = formats.format_for(value, name)
    file = io.BytesIO()
    formats.written(chosen, value, file)
    file.seek(0)
    return chosen.name, formats.read(chosen.name, file, chosen.about(value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bytes", b"\0\xff"),
        ("text", "gr\u00fcn \ud800"),
        ("json", {"a": [1, 2.5, None, True], "\ud800": {}}),
        ("npy", np.arange(12.0).reshape(3, 4)),
        ("npy", np.asfortranarray(np.eye(3))),
        ("npy", np.array(["a", "bc"])),
        ("npy", np.array(3)),
        ("npy", np.zeros(2, dtype=[("a", "i4"), ("b", "f8")])),
        ("safetensors", {"w": np.eye(2, dtype="f4"), "b": np.array(1.0), "t": np.arange(6).reshape(2, 3).T}),
        ("parquet", pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"])})),
        ("parquet", pd.DataFrame({"i": pd.array([1, None], dtype="Int64")}, index=["p", "q"])),
        ("parquet", pd.DataFrame({0: pd.to_datetime(["2020-01-01", "NaT"], utc=True), 1: ["a", "b"]})),
        ("parquet", pd.DataFrame()),
        ("parquet", pd.Series([1.5, 2], name="y")),
        ("parquet", pd.Series([1, 2], name=3, index=["p", "q"])),
        ("parquet", pd.Series(["a", None])),
        ("joblib", (1, {2})),
        ("joblib", {1: "a key that is no text"}),
        ("joblib", np.array(["a", None], dtype=object)),
        ("joblib", LinearRegression().fit([[1], [2]], [1, 2])),
    ],
)
def test_a_value_comes_back_as_the_same_content(name: str, value: Any) -> None:
    chosen, back = again(value)
    assert (chosen, digest_of(back)) == (name, digest_of(value))


@given(_json)
def test_what_json_holds_comes_back_exactly(value: Any) -> None:
    _, back = again(value)
    assert digest_of(back) == digest_of(value)


def test_what_is_pickled_is_read_by_its_name_alone() -> None:
    with pytest.raises(PickledArtifact, match="format='joblib'"):
        formats.reading("joblib", None)
    assert formats.reading("joblib", "joblib") == "joblib"


def test_a_file_is_read_as_what_it_is_said_to_be() -> None:
    assert formats.reading("file", None) == "file"
    assert formats.reading("file", "npy") == "npy"
    with pytest.raises(UsageError, match="saved as npy, not as joblib"):
        formats.reading("npy", "joblib")
    with pytest.raises(UsageError, match="cannot be read as npy"):
        formats.read("npy", io.BytesIO(b"a,b\n"), {})


def test_an_array_file_with_pickles_in_it_is_refused() -> None:
    file = io.BytesIO()
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    file.seek(0)
    with pytest.raises(UsageError, match="allow_pickle=False"):
        formats.read("npy", file, {})


@pytest.mark.parametrize(
    ("value", "name", "why"),
    [
        (lambda: 1, None, "a function cannot be saved as joblib: .*pickle"),
        (pd.DataFrame({"a": [1, "x"]}), None, "a DataFrame cannot be saved as parquet"),
        (pd.Series([1], name=("a", "b")), None, r"the name of a series is \('a', 'b'\)"),
        ((1, 2), "json", "a tuple cannot be saved as json"),
        ([10**5000], None, "a list cannot be saved as json"),
    ],
)
def test_what_cannot_be_saved_says_why(value: Any, name: str | None, why: str) -> None:
    with pytest.raises(Unsaveable, match=why):
        again(value, name)


def test_a_name_that_is_no_format_is_told_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"no format 'pickle' .*bytes, text, json, npy, parquet"):
        formats.format_for(1, "pickle")


@pytest.mark.parametrize(
    ("library", "value", "extra"),
    [
        ("joblib", (1,), "models"),
        ("safetensors.numpy", {"a": np.eye(2)}, "models"),
        ("pyarrow", pd.DataFrame(), "pandas,parquet"),
    ],
)
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    library: str, value: Any, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra, match=rf"headwater\[{extra}\]"):
        again(value)
