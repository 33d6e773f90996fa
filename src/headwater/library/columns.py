"""Any table as columns of one of three kinds: numbers, times, categories. Knows nothing of checks.

A table is a DataFrame, a Series, a dict of arrays, an array of one or two dimensions or with fields, a list of records,
or whatever has `to_pandas`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from headwater.errors import UsageError

Kind: TypeAlias = Literal["number", "time", "category"]
KINDS: tuple[Kind, ...] = ("number", "time", "category")
Numbers: TypeAlias = npt.NDArray[np.float64]
_TABLE = 2
_TEXTS = ("O", "S", "U")
_HINT = "pass a DataFrame, a Series, a dict of arrays, or an array of one or two dimensions"
_INFERRED: Mapping[str, Kind] = {
    **dict.fromkeys(("integer", "floating", "mixed-integer-float", "decimal", "boolean"), "number"),
    **dict.fromkeys(("datetime", "datetime64", "date"), "time"),
}


@dataclass(frozen=True)
class Column:
    """A named column with its values.

    Numbers (also booleans, and durations in seconds) and times (in seconds since 1970, UTC) are floats, with NaN where
    one is missing; categories are objects.
    """

    name: str
    kind: Kind
    values: Any

    @cached_property
    def present(self) -> Any:
        """The values without the missing ones; infinities are values."""
        return self.values[~pd.isna(self.values)]

    @property
    def missing(self) -> int:
        """How many values are missing."""
        return len(self.values) - len(self.present)


def columns(data: object, only: Iterable[str] | None = None, name: str = "value") -> Iterator[Column]:
    """Give the columns of a table, converted one at a time, those named in `only` if given.

    A column without a name is called `name`; of two with one name, the second is called `NAME#2`. Raises UsageError for
    what is no table, and for a name in `only` that no column has.
    """
    wanted = None if only is None else set(only)
    seen: set[str] = set()
    for unique, series in _named(data, name):
        seen.add(unique)
        if wanted is None or unique in wanted:
            yield _column(unique, series)
    if wanted and (unknown := sorted(wanted - seen)):
        raise UsageError(f"there is no column {', '.join(unknown)}", hint=f"there are {', '.join(sorted(seen)[:20])}")


def as_frame(data: object, name: str = "value") -> pd.DataFrame:
    """Return a table as a DataFrame with the column names that `columns` gives and an index of its own.

    Raises UsageError for columns of different lengths.
    """
    if isinstance(data, pd.DataFrame):
        return data.set_axis(names(data), axis=1).reset_index(drop=True)
    found = list(_named(data, name))
    if len({len(series) for _, series in found}) > 1:
        raise UsageError("the columns have different lengths", hint="rows can be compared in tables only")
    frame = pd.concat([series.reset_index(drop=True) for _, series in found], axis=1) if found else pd.DataFrame()
    frame.columns = pd.Index([unique for unique, _ in found], dtype=object)
    return frame


def names(data: object, name: str = "value") -> list[str]:
    """Return the names of the columns of a table as `columns` gives them."""
    return [unique for unique, _ in _named(data, name)]


def count_rows(data: object) -> int:
    """Return how many rows the longest column has."""
    return max((len(series) for _, series in _series(data, "value")), default=0)


def _named(data: object, name: str) -> Iterator[tuple[str, pd.Series[Any]]]:
    """Give the columns of a table under names of their own."""
    seen: set[str] = set()
    for label, series in _series(data, name):
        unique, number = label, 1
        while unique in seen:
            number += 1
            unique = f"{label}#{number}"
        seen.add(unique)
        yield unique, series


def _series(data: Any, name: str) -> Iterator[tuple[str, pd.Series[Any]]]:
    if isinstance(data, pd.DataFrame):
        return ((str(label), data.iloc[:, place]) for place, label in enumerate(data.columns))
    if isinstance(data, pd.Series):
        return iter([(name if data.name is None else str(data.name), data)])
    if isinstance(data, Mapping):
        return ((str(label), _one(values)) for label, values in data.items())
    if hasattr(data, "to_pandas"):
        return _series(data.to_pandas(), name)
    return _of_array(_array(data), name)


def _array(data: Any) -> Any:
    if isinstance(data, (list, tuple)) and data and isinstance(data[0], Mapping):
        return pd.DataFrame(list(data))
    if data is None or isinstance(data, (str, bytes)) or hasattr(data, "tocsr"):
        raise UsageError(f"{type(data).__name__} is no table", hint=_HINT)
    return np.asarray(data)


def _of_array(array: Any, name: str) -> Iterator[tuple[str, pd.Series[Any]]]:
    if isinstance(array, pd.DataFrame):
        return _series(array, name)
    if array.dtype.names:
        return ((field, _one(array[field])) for field in array.dtype.names)
    if array.ndim == 1:
        return iter([(name, _one(array))])
    if array.ndim == _TABLE:
        return ((str(place), _one(array[:, place])) for place in range(array.shape[1]))
    raise UsageError(f"an array of {array.ndim} dimensions is no table", hint=_HINT)


def _one(values: Any) -> pd.Series[Any]:
    """Return the values of one column, with texts and lists as the objects that they are."""
    if isinstance(values, pd.Series):
        return values
    is_plain = isinstance(values, (list, tuple)) or getattr(getattr(values, "dtype", None), "kind", "") in _TEXTS
    return pd.Series(values, dtype=object) if is_plain else pd.Series(values)


def _column(name: str, series: pd.Series[Any]) -> Column:
    dtype = series.dtype
    if types.is_timedelta64_dtype(dtype):
        return Column(name, "number", series.dt.total_seconds().to_numpy(dtype=float))
    kind = _kind(series)
    with suppress(OverflowError):  # integers that no float can hold are levels
        if kind == "number":
            return Column(name, kind, series.to_numpy(dtype=np.float64, na_value=np.nan))
    if kind == "time":
        return Column(name, kind, _seconds(series))
    return Column(name, "category", series.to_numpy(dtype=object))


def _kind(series: pd.Series[Any]) -> Kind:
    dtype = series.dtype
    if types.is_complex_dtype(dtype):
        return "category"
    if types.is_numeric_dtype(dtype):
        return "number"
    if types.is_datetime64_any_dtype(dtype):
        return "time"
    inferred = types.infer_dtype(series, skipna=True) if types.is_object_dtype(dtype) else ""
    return _INFERRED.get(inferred, "category")


def _seconds(series: pd.Series[Any]) -> Numbers:
    """Return times as seconds since 1970 in UTC; times without a zone count as UTC."""
    times = pd.to_datetime(series, utc=True, errors="coerce")
    return (times - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy().astype(np.float64)
