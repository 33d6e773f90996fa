"""Which functions of pandas, pyarrow and scikit-learn say what a run touches, and how their arguments are to be read.

Files that Python opens are seen without this. It is for addresses, for files that pyarrow and PyTables open by
themselves, for files that were open before the run, for tables of databases, and for models.
"""

from __future__ import annotations

import inspect
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from types import FrameType, ModuleType
from typing import Any

from headwater.sdk.autolog import calls
from headwater.sdk.autolog.addresses import address_of, address_of_table, is_address
from headwater.sdk.autolog.imports import ImportsEnd
from headwater.sdk.autolog.touched import Touched
from headwater.sdk.faults import Ours

_READERS = (
    "read_csv", "read_excel", "read_feather", "read_fwf", "read_hdf", "read_html", "read_json", "read_orc",
    "read_parquet", "read_pickle", "read_sas", "read_spss", "read_stata", "read_table", "read_xml",
)  # fmt: skip
_WRITERS = (
    "to_csv", "to_excel", "to_feather", "to_hdf", "to_html", "to_json", "to_latex", "to_markdown", "to_orc",
    "to_parquet", "to_pickle", "to_stata", "to_string", "to_xml",
)  # fmt: skip
_QUERIES = ("read_sql", "read_sql_query", "read_sql_table")
_FITS = ("fit", "fit_transform", "fit_predict", "partial_fit")
_USES = (
    "predict", "predict_proba", "predict_log_proba", "decision_function", "score", "score_samples", "transform",
    "inverse_transform",
)  # fmt: skip
_lock = threading.RLock()
_held = 0
_seen: set[object] = set()


def hold() -> None:
    """Watch the packages until `release` is called as often, those too that are imported meanwhile."""
    global _held  # noqa: PLW0603  # there is one process
    with _lock:
        with Ours("auto-logging"):
            _look()
        _held += 1
        if _held == 1:
            sys.meta_path.insert(0, _imports)
            calls.put_wrappers()


def release() -> None:
    """Undo one `hold`."""
    global _held  # noqa: PLW0603  # as above
    with _lock:
        _held -= 1
        if _held == 0:
            calls.take_wrappers()
            with suppress(ValueError):  # somebody may have emptied it
                sys.meta_path.remove(_imports)


def _look() -> None:
    """Watch what is loaded of the packages and was not watched yet."""
    pandas, parquet, base = map(sys.modules.get, ("pandas", "pyarrow.parquet", "sklearn.base"))
    with _lock:
        if pandas is not None and hasattr(pandas, "__all__") and pandas not in _seen:  # the last thing that it defines
            _seen.add(pandas)
            _watch_pandas(pandas)
        if parquet is not None and hasattr(parquet, "write_to_dataset") and parquet not in _seen:
            _seen.add(parquet)
            _watch_parquet(parquet)
        if (root := getattr(base, "BaseEstimator", None)) is not None:
            for kind in _new_estimators(root):
                _watch_estimator(kind)


def _watch_pandas(pandas: ModuleType) -> None:
    for name in (*_READERS, *_QUERIES):
        if (function := getattr(pandas, name, None)) is not None:
            _watch_function(pandas, name, partial(_queries if name in _QUERIES else _reads, _parameter(function, 0)))
    for name in (*_WRITERS, "to_sql"):
        for kind in {*pandas.DataFrame.__mro__, *pandas.Series.__mro__}:
            if name in vars(kind):
                function = vars(kind)[name]
                heard = partial(_writes, _parameter(function, 1), _default_mode(function))
                calls.watch(kind, name, _writes_table if name == "to_sql" else heard)


def _watch_parquet(parquet: ModuleType) -> None:
    _watch_function(parquet, "read_table", partial(_reads, _parameter(parquet.read_table, 0)))
    for name in ("write_table", "write_to_dataset"):
        _watch_function(parquet, name, partial(_writes, _parameter(getattr(parquet, name), 1), "w"))


def _watch_function(module: ModuleType, name: str, heard: calls.Heard) -> None:
    """Watch a function where it is found and where it says that it is from, for there pickle looks for it."""
    for home in {module, sys.modules.get(getattr(module, name).__module__, module)}:
        calls.watch(home, name, heard)


def _watch_estimator(kind: type) -> None:
    for name in (*_FITS, *_USES):
        if name in vars(kind):
            calls.watch(kind, name, partial(_fits, name == "partial_fit") if name in _FITS else _uses)


def _new_estimators(base: type) -> Iterator[type]:
    """Give the classes of estimators that were not given before, and what they inherit from."""
    waiting = [base]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind not in _seen:
            new = [parent for parent in kind.__mro__ if parent not in _seen]
            _seen.update(new)
            yield from new


def _parameter(function: Any, place: int) -> str:
    return str(inspect.unwrap(function).__code__.co_varnames[place])


def _default_mode(function: Any) -> str:
    mode = inspect.signature(function).parameters.get("mode")
    return "w" if mode is None else str(mode.default)


def _reads(parameter: str, touched: Touched, arguments: Mapping[str, object], _: FrameType | None) -> None:
    _take(touched, arguments.get(parameter), is_read=True, is_written=False)


def _writes(
    parameter: str, default: str, touched: Touched, arguments: Mapping[str, object], _: FrameType | None
) -> None:
    mode = str(arguments.get("mode", default))
    _take(touched, arguments.get(parameter), is_read=mode.startswith(("a", "r")), is_written=True)


def _take(touched: Touched, place: object, *, is_read: bool, is_written: bool) -> None:
    """Take a path, an address or an open file; anything else has no name."""
    if not isinstance(place, (str, os.PathLike)):
        place = getattr(place, "name", None) if hasattr(place, "fileno") else None
    if not isinstance(place, (str, os.PathLike)):
        return
    name = os.path.expanduser(os.fsdecode(place))  # noqa: PTH111  # it need not be a path
    if not is_address(name):
        touched.files.open(name, is_read=is_read, is_written=is_written, may_be_folder=True)
    elif not name.startswith("file:"):  # that one is opened by Python
        for how in {is_written, not is_read}:
            touched.files.reach(address_of(name), is_written=how)


def _queries(parameter: str, touched: Touched, arguments: Mapping[str, object], _: FrameType | None) -> None:
    said, con = str(arguments.get(parameter)), arguments.get("con")
    place = address_of_table(said, con, arguments.get("schema")) if len(said.split()) == 1 else None
    if place is None:
        touched.warn("auto_log: what a query reads is not known: name its tables by run.input")
    else:
        touched.files.reach(place, is_written=False)


def _writes_table(touched: Touched, arguments: Mapping[str, object], _: FrameType | None) -> None:
    place = address_of_table(str(arguments.get("name")), arguments.get("con"), arguments.get("schema"))
    if place is None:
        touched.warn("auto_log: to_sql writes to a database that has no address: name the table by run.output")
    else:
        touched.files.reach(place, is_written=True)


def _fits(goes_on: bool, touched: Touched, arguments: Mapping[str, object], caller: FrameType | None) -> None:
    if not _is_of_sklearn(caller):
        touched.models.fit(next(iter(arguments.values())), goes_on=goes_on)


def _uses(touched: Touched, arguments: Mapping[str, object], caller: FrameType | None) -> None:
    if not _is_of_sklearn(caller):
        touched.models.use(next(iter(arguments.values())))


def _is_of_sklearn(caller: FrameType | None) -> bool:
    """Whether a model is fitted or used by another, as a step or a tree of it."""
    name = "" if caller is None else caller.f_globals.get("__name__") or ""
    return name.partition(".")[0] == "sklearn"


_imports = ImportsEnd(("pandas", "pyarrow", "sklearn"), _look)
