"""Content has one digest wherever it lies; what has none is an outcome with a reason, and nobody is disturbed."""

# ruff: noqa: RET504  # a component captures local variables, used or not
from __future__ import annotations

import cProfile
import io
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from headwater.graph.lineage.face import Lineage
from headwater.sdk import content, files, frames
from headwater.sdk.component import Component
from headwater.sdk.content import digest_of
from headwater.sdk.files import digest_of_file, mark_file
from tests.support.recorded import names_read, names_written, recording_in, the_run, warnings_of

stage = Component("stage")
_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lineage]:
    with recording_in(tmp_path, monkeypatch) as lineage:
        yield lineage


@dataclass
class Point:
    x: int
    tags: set[str]


def copied(value: Any) -> Any:
    """Return an equal value with other objects in it, and its dictionaries turned around."""
    if isinstance(value, dict):
        return {key: copied(value[key]) for key in reversed(value)}
    return [copied(one) for one in value] if isinstance(value, list) else value


@settings(max_examples=60)
@given(_plain)
def test_equal_content_has_equal_digests(value: Any) -> None:
    assert digest_of(value) == digest_of(copied(value))


def test_what_differs_in_type_or_place_has_another_digest() -> None:
    values = [1, 1.0, True, "1", b"1", None, [], (), {}, set(), [1, 2], (1, 2), [[1], 2], [1, [2]], {1: 2}, {2: 1}]
    values += [np.array([1, 2]), np.array([1.0, 2.0]), np.array([[1, 2]]), Point(1, {"a"}), Point(1, {"b"})]
    values += [pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]}), pd.DataFrame({"a": [1, 2]}, index=[1, 2])]
    values += [pd.Series([1, 2]), pd.Series(["1", None]), lambda x: x + 1, lambda x: x + 2]
    digests = [digest_of(value).digest for value in values]
    assert None not in digests
    assert len(set(digests)) == len(values)


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        lambda: np.arange(24.0).reshape(3, 8)[:, ::2] / 2 * np.array([1.0, 1, 1, 1]),
        lambda: np.array([(1, 2.0)], dtype=[("a", "i1"), ("b", "f8")]),
        lambda: np.array([{"a": 1}, None], dtype=object),
        lambda: np.ma.array([1, 2], mask=[False, True]),
        lambda: pd.DataFrame({"s": ["x", None], "t": pd.to_datetime(["2020", "2021"], utc=True), "o": [[1], {}]}),
        lambda: pd.DataFrame({"c": pd.Categorical(["u", "v"]), "i": pd.array([1, None], dtype="Int64")}),
        lambda: pd.Series([1, 2], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
        lambda: RandomForestClassifier(3, random_state=1).fit([[0.0], [1.0]] * 9, [0, 1] * 9),
        lambda: Point(1, {"a", "b", "c"}),
        lambda: OrderedDict(a=1),
        lambda: memoryview(b"abc"),
    ],
)
def test_values_of_libraries_have_digests_that_do_not_depend_on_the_object(make: Callable[[], Any]) -> None:
    first, second = digest_of(make()), digest_of(make())
    assert first.reason is None
    assert first == second


def test_an_array_has_one_digest_in_any_layout() -> None:
    rows = np.arange(12.0).reshape(3, 4)
    assert digest_of(rows) == digest_of(np.asfortranarray(rows)) == digest_of(np.repeat(rows, 2, axis=1)[:, ::2])


def test_a_digest_is_the_same_in_another_process() -> None:
    value = "{'b': {'x', 'y', 'z'}, 'a': [1.5, None]}"
    command = [sys.executable, "-c", f"from headwater.sdk.content import digest_of; print(digest_of({value}).digest)"]
    seeds = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2")]
    said = [subprocess.run(command, env=env, capture_output=True, check=True).stdout for env in seeds]
    assert {text.decode().strip() for text in said} == {digest_of({"a": [1.5, None], "b": {"z", "y", "x"}}).digest}


def _cycle() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


def _deep() -> list[Any]:
    found: list[Any] = []
    for _ in range(100_000):
        found = [found]
    return found


class Hostile:
    def __reduce_ex__(self, _: object) -> Any:
        raise ZeroDivisionError("no")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: (n for n in range(3)), "a generator can be read only once"),
        (io.StringIO, "a StringIO can be read only once"),
        (threading.Lock, "cannot pickle '_thread.lock' object"),
        (_cycle, "it contains itself"),
        (_deep, "too deep, or it contains itself"),
        (Hostile, "no"),
        (lambda: np.empty(1 << 27), "larger than 256 MiB"),
    ],
)
def test_a_value_without_a_digest_is_told_why(make: Callable[[], Any], reason: str) -> None:
    assert digest_of(make()) == (None, reason)


def test_a_value_of_too_many_parts_has_no_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LIMIT_PARTS", 100)
    assert digest_of([[n] for n in range(200)]) == (None, "more than 100 parts")


def test_parts_that_are_shared_are_read_once() -> None:
    value: list[Any] = []
    for _ in range(200):
        value = [value, value]
    assert digest_of(value).reason is None


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    mark = mark_file(str(tmp_path / "f"))
    assert mark is not None
    assert digest_of_file(mark).digest == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def aged(path: Path, content: bytes) -> Path:
    """Write a file whose time says that it was written long ago."""
    path.write_bytes(content)
    os.utime(path, (1, 1))
    return path


def test_a_file_that_changed_after_it_was_marked_has_no_digest(tmp_path: Path) -> None:
    path = aged(tmp_path / "f", b"one")
    mark = mark_file(str(path))
    assert mark is not None
    path.write_bytes(b"two")
    assert digest_of_file(mark) == (None, "it has changed since")
    path.unlink()
    assert digest_of_file(mark) == (None, "No such file or directory")


def test_a_file_written_twice_within_a_tick_keeps_both_contents_apart(tmp_path: Path) -> None:
    path, marks = tmp_path / "f", []
    for word in (b"one", b"two"):
        path.write_bytes(word)
        marks.append(mark_file(str(path)))
    assert len({digest_of_file(mark).digest for mark in marks if mark is not None}) == 2


def test_a_file_is_read_once_while_it_stays_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_cache", {})
    path = str(aged(tmp_path / "f", b"one"))
    first, second = mark_file(path), mark_file(path)
    assert first is not None
    assert second is not None
    known = digest_of_file(first)
    monkeypatch.setattr(files, "_read", None)
    assert digest_of_file(second) == known


@pytest.mark.parametrize("name", ["", "missing", "a\0b", ".", "x" * 5000, "\udcff"])
def test_a_name_that_is_no_file_has_no_mark(name: str) -> None:
    assert mark_file(name) is None


@pytest.mark.parametrize(
    ("value", "read", "warned"),
    [
        (None, [], ["value is None: nothing to point to"]),
        ([], ["value"], []),
        (["a.csv", Path("b/c.csv")], ["a.csv", "b/c.csv"], []),
        ("x\0", [], ["value: name 'x\\x00' holds a NUL character"]),
        (7, ["value"], []),
        ({"a": 1}, ["value"], []),
        ((n for n in range(3)), ["value"], []),
        (threading.Lock(), ["value"], []),
    ],
)
def test_each_kind_of_value_has_its_outcome(lineage: Lineage, value: Any, read: list[str], warned: list[str]) -> None:
    @stage.run(input_vars=["value"])
    def use(value: object) -> object:
        return value

    assert use(value) is value
    found = the_run(lineage)
    assert (sorted(names_read(found)), warnings_of(found)) == (read, warned)


def test_a_generator_is_not_consumed_by_being_captured(lineage: Lineage) -> None:
    @stage.run(input_vars=["numbers"])
    def total(numbers: Iterator[int]) -> int:
        return sum(numbers)

    assert total(iter([1, 2, 3])) == 6
    found = the_run(lineage)
    assert [key.key for key in found.facets if key.subject == "input"] == ["undigested"]


def test_an_open_and_a_closed_file_are_pointers_to_their_names(lineage: Lineage) -> None:
    @stage.run(output_vars=["target"])
    def write(path: str) -> None:
        with Path(path).open("w") as target:
            target.write("x")

    write("out.csv")
    found = the_run(lineage)
    assert [(one.name, one.digest) for one in found.outputs] == [
        ("out.csv", "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
    ]


def test_a_function_that_deletes_its_output_has_written_it_all_the_same(lineage: Lineage) -> None:
    @stage.run(output_vars=["target"])
    def write() -> None:
        target = "out.csv"
        Path(target).write_text("x")
        Path(target).unlink()

    write()
    assert [(one.name, one.digest) for one in the_run(lineage).outputs] == [("out.csv", None)]


def test_a_value_that_changes_while_it_is_read_has_no_digest(lineage: Lineage) -> None:
    class Growing(list[Any]):
        def __reduce_ex__(self, _: object) -> Any:
            raise RuntimeError("list changed size during iteration")

    @stage.run(output_vars=["rows"])
    def grow() -> object:
        rows = Growing([1])
        return rows

    grow()
    found = the_run(lineage)
    assert (names_written(found), found.outputs[0].digest) == (["rows"], None)


def test_a_tracer_and_a_profiler_of_the_program_go_on(lineage: Lineage) -> None:
    traced: list[str] = []
    profiled: list[str] = []

    def tracer(frame: FrameType, event: str, _: Any) -> Any:
        traced.append(frame.f_code.co_name) if event == "call" else None
        return tracer

    def profiler(frame: FrameType, event: str, _: Any) -> None:
        profiled.append(frame.f_code.co_name) if event == "call" else None

    @stage.run(output_vars=["out"])
    def work() -> str:
        out = inner()
        return out

    def inner() -> str:
        return "out.csv"

    before = sys.gettrace()
    sys.settrace(tracer)
    sys.setprofile(profiler)
    try:
        work()
        assert sys.gettrace() is tracer
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)
        sys.settrace(before)
    assert [name for name in traced if name in ("work", "inner")] == ["work", "inner"]
    assert [name for name in profiled if name in ("work", "inner")] == ["work", "inner"]
    assert names_written(the_run(lineage)) == ["out.csv"]


def test_nothing_is_watched_but_the_frame_of_the_call() -> None:
    seen: list[object] = []

    def work() -> int:
        seen.append(sys.getprofile())
        x = 1
        return x

    frames.prepare(work.__code__)
    with frames.Watch(work.__code__) as watch:
        work()
    assert seen == [None]
    assert frames.values(watch.frame, ["x", "y"]) == {"x": 1}


def test_a_profiler_written_in_c_goes_on(lineage: Lineage) -> None:
    @stage.run(output_vars=["out"])
    def work() -> str:
        out = "out.csv"
        return out

    profiler = cProfile.Profile()
    with profiler:
        assert work() == "out.csv"
    assert any(entry.code is work.__wrapped__.__code__ for entry in profiler.getstats())  # type: ignore[attr-defined]
    assert names_written(the_run(lineage)) == ([] if sys.version_info < (3, 12) else ["out.csv"])
