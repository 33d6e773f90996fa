"""Components save what they captured, and what cannot be saved is told with the run; nothing reaches the function."""

# ruff: noqa: F841, RET504  # a component captures local variables, used or not
from __future__ import annotations

import errno
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import headwater
from headwater.errors import ArtifactsFull, PickledArtifact, UnknownArtifact, UnknownPointer, Unsaveable, UsageError
from headwater.graph.lineage.face import Lineage
from headwater.sdk import content, files
from headwater.sdk.artifacts import places, saver
from headwater.sdk.artifacts.where import open_artifacts
from headwater.sdk.component import Component
from headwater.sdk.history import History
from headwater.sdk.recording import flush
from tests.support.recorded import (
    DEADLINE_S,
    facet,
    names_read,
    names_written,
    recording_in,
    runs,
    the_run,
    warnings_of,
)

keeps = Component("stage", artifacts="outputs")
keeps_all = Component("stage", artifacts="all")
waits = Component("stage", artifacts="outputs", durability="wait")


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lineage]:
    with recording_in(tmp_path, monkeypatch) as lineage:
        yield lineage


def saved() -> list[str | None]:
    """Return the names of what is saved."""
    assert flush(DEADLINE_S)
    return sorted(entry.name or "" for entry in open_artifacts().entries())  # type: ignore[return-value]


def unsaved(lineage: Lineage) -> Any:
    return facet(the_run(lineage), "unsaved")


@pytest.mark.usefixtures("lineage")
def test_outputs_are_saved_and_loaded_by_name_state_and_digest() -> None:
    @keeps.run(input_vars=["rows"], output_vars=["table", "path"])
    def work(rows: list[int]) -> None:
        table = pd.DataFrame({"a": rows})
        path = "out.csv"
        Path(path).write_text("a,b\n", "utf-8")

    work([1, 2])
    assert saved() == ["out.csv", "table"]
    pointer = headwater.default().store.resolve("table")
    for reference in ("table", pointer.id, pointer.digest):
        pd.testing.assert_frame_equal(headwater.load(str(reference)), pd.DataFrame({"a": [1, 2]}))
    with headwater.load("out.csv") as file:
        assert file.read() == b"a,b\n"
    assert headwater.load("out.csv", format="text") == "a,b\n"


@pytest.mark.parametrize(
    ("component", "names"), [(Component("stage"), []), (keeps, ["b"]), (keeps_all, ["a", "b"]), (waits, ["b"])]
)
@pytest.mark.usefixtures("lineage")
def test_what_is_saved_is_the_components_choice(component: Component, names: list[str]) -> None:
    @component.run(input_vars=["a"], output_vars=["b"])
    def work(a: list[int]) -> list[int]:
        b = [*a, 3]
        return b

    assert work([1]) == [1, 3]
    assert saved() == names


def test_a_choice_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="use none, outputs, all"):
        Component("stage", artifacts="everything")  # type: ignore[arg-type]


@pytest.mark.usefixtures("lineage")
def test_a_value_is_saved_as_it_was_at_the_return() -> None:
    @keeps.run(output_vars=["rows"])
    def work() -> list[int]:
        rows = [1, 2]
        return rows

    work().append(3)
    assert saved() == ["rows"]
    assert headwater.load("rows") == [1, 2]


@pytest.mark.usefixtures("lineage")
def test_what_is_said_by_hand_is_saved_too() -> None:
    with keeps.running() as run:
        run.input([0], name="read")
        run.output(np.arange(3), name="made")
        Path("f.txt").write_text("1", "utf-8")
        run.output("f.txt")
    assert saved() == ["f.txt", "made"]
    assert headwater.load("made").tolist() == [0, 1, 2]


def test_a_closed_file_is_saved_by_its_name_and_a_generator_is_left_alone(lineage: Lineage) -> None:
    @keeps.run(output_vars=["file", "numbers"])
    def work() -> Iterator[int]:
        with Path("f.txt").open("w", encoding="utf-8") as file:
            file.write("1")
        numbers = (n for n in range(3))
        return numbers

    assert list(work()) == [0, 1, 2]
    assert saved() == ["f.txt"]
    assert unsaved(lineage) == {"numbers": "a generator has no digest: a generator can be read only once"}


def test_a_failing_run_saves_what_it_had(lineage: Lineage) -> None:
    @keeps.run(output_vars=["half"])
    def work() -> None:
        half = [1]
        raise ValueError(half)

    with pytest.raises(ValueError, match=r"\[1\]"):
        work()
    assert (saved(), the_run(lineage).run.status.value) == (["half"], "failed")


def test_content_that_is_saved_already_is_not_written_down_again(
    lineage: Lineage, monkeypatch: pytest.MonkeyPatch
) -> None:
    @keeps.run(output_vars=["model"])
    def work() -> Any:
        model = LinearRegression().fit([[1], [2]], [1, 2])
        return model

    work()
    assert saved() == ["model"]
    monkeypatch.setattr("joblib.dump", None)
    work()
    assert saved() == ["model"]
    assert [facet(detail, "unsaved") for detail in runs(lineage)] == [None, None]


@pytest.mark.parametrize("component", [keeps, waits])
def test_what_cannot_be_saved_is_told_with_the_run_and_nothing_else_happens(
    lineage: Lineage, component: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "LIMIT_BYTES", 1000)

    @component.run(output_vars=["function", "huge", "stream", "nothing", "gone", "good"])
    def work() -> int:
        function = lambda: 1  # noqa: E731
        huge = np.zeros(1000)
        stream = iter([1])
        nothing = None
        gone = "gone.csv"
        Path(gone).write_text("1", "utf-8")
        Path(gone).unlink()
        good = [1]
        return len([function, huge, stream, nothing, gone, good])

    assert work() == 6
    assert saved() == ["good"]
    assert {name: why.partition(":")[0] for name, why in unsaved(lineage).items()} == {
        "function": "a function cannot be saved as joblib",
        "huge": "a ndarray has no digest",
        "stream": "a list_iterator has no digest",
    }
    assert warnings_of(the_run(lineage)) == ["nothing is None: nothing to point to"]
    assert names_written(the_run(lineage)) == ["function", "gone.csv", "good", "huge", "stream"]


def test_reasons_that_no_store_can_hold_do_not_cost_the_run(lineage: Lineage) -> None:
    class Talking:
        def __getstate__(self) -> object:
            raise ValueError("\ud800\0" + "x" * 10_000)

    with keeps.running() as run:
        for n in range(200):
            run.output(Talking(), name=f"{n}")
        headwater.save("\ud800\0")
    assert the_run(lineage).run.status.value == "completed"
    assert (len(unsaved(lineage)), unsaved(lineage)["0"][-5:]) == (100, "xxxxx")


def test_a_file_that_changes_before_it_is_read_is_not_saved_in_its_place(
    lineage: Lineage, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    start_saving = saver.Saver._work

    def work_later(self: saver.Saver) -> None:
        assert goes_on.wait(DEADLINE_S)
        start_saving(self)

    monkeypatch.setattr(saver.Saver, "_work", work_later)
    path = Path("big.bin")
    path.write_bytes(bytes(files._AT_ONCE_BYTES + 1))

    @keeps.run(output_vars=["name"])
    def work() -> None:
        name = str(path)

    work()
    path.write_bytes(b"another")
    goes_on.set()
    assert saved() == []
    assert unsaved(lineage) == {"big.bin": "big.bin has changed since"}


def test_a_value_that_changes_while_it_is_saved_is_not_saved(lineage: Lineage) -> None:
    class Moving:
        def __init__(self) -> None:
            self.reads = 0

        def __reduce__(self) -> Any:
            self.reads += 1
            return Moving, (), {"reads": self.reads // 2}

    globals()["Moving"] = Moving
    Moving.__qualname__ = "Moving"

    @keeps.run(output_vars=["moving"])
    def work() -> Any:
        moving = Moving()
        return moving

    assert work().reads == 3
    assert saved() == []
    assert unsaved(lineage) == {"moving": "it changed while it was saved, or its digest was given by hand"}


@pytest.mark.parametrize("component", [keeps, waits])
def test_a_full_disk_is_told_with_the_run(
    lineage: Lineage, component: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    @component.run(output_vars=["rows"])
    def work() -> int:
        rows = [1]
        return len(rows)

    with monkeypatch.context() as patch:
        patch.setattr(places.Folder, "_write", full)
        assert work() == 1
        assert flush(DEADLINE_S)
    assert "No space left on device" in unsaved(lineage)["rows"]
    assert saved() == []


def test_what_is_more_than_may_wait_is_told_with_the_run(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saver, "MOST_BYTES", 10)

    @keeps.run(output_vars=["rows"])
    def work() -> None:
        rows = "0123456789" * 10
        headwater.pointer(rows, name="rows")

    work()
    assert unsaved(lineage) == {"rows": "too much waits to be saved (0 artifacts)"}


def test_a_place_that_hangs_does_not_hold_the_program(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()
    write = places.Folder.write

    def hangs(self: places.Folder, key: str, data: bytes) -> None:
        assert goes_on.wait(DEADLINE_S)
        write(self, key, data)

    monkeypatch.setattr(places.Folder, "write", hangs)

    @keeps.run(output_vars=["rows"])
    def work() -> int:
        rows = [1]
        return len(rows)

    assert [work() for _ in range(100)] == [1] * 100
    assert not flush(0)
    goes_on.set()
    assert saved() == ["rows"]
    assert [facet(detail, "unsaved") for detail in runs(lineage)] == [None] * 100


def test_content_under_a_digest_that_was_given_by_hand_is_not_saved(lineage: Lineage) -> None:
    Path("f.txt").write_text("1", "utf-8")
    with keeps.running() as run:
        run.output("f.txt", digest="sha256:other")
        run.output([1], name="rows", digest="other")
    flush(DEADLINE_S)
    why = "it changed while it was saved, or its digest was given by hand"
    assert unsaved(lineage) == {"f.txt": why, "rows": why}


def test_a_file_above_the_limit_is_left_to_save(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LIMIT_BYTES", 2)
    Path("f.txt").write_text("123", "utf-8")
    with keeps.running() as run:
        run.output("f.txt")
        digest = headwater.save("f.txt", "by-hand.txt")
        assert headwater.load(str(digest)).read() == headwater.load("by-hand.txt").read() == b"123"
    assert "headwater.save takes files of any size" in unsaved(lineage)["f.txt"]
    assert saved() == ["by-hand.txt"]


def test_history_loads_what_earlier_runs_wrote(lineage: Lineage) -> None:
    seen: list[Any] = []

    class Growing(Component):
        def after_run(self, rows: list[int], history: History) -> None:
            seen.append([past.load("rows") for past in history])
            assert len(rows) == len(seen)

    growing = Growing("growing", artifacts="outputs")

    @growing.run(output_vars=["rows"])
    def work(n: int) -> None:
        rows = list(range(n))

    for n in (1, 2, 3):
        work(n)
        assert flush(DEADLINE_S)
    assert seen == [[], [[0]], [[0, 1], [0]]]
    assert [detail.run.triggers["after_run"]["outcome"] for detail in runs(lineage)] == ["passed"] * 3
    with pytest.raises(UnknownPointer, match="wrote no 'columns'"):
        next(iter(History("growing", "none"))).load("columns")


def test_save_and_load_in_runs_are_an_output_and_an_input_of_exactly_that_state(lineage: Lineage) -> None:
    frame = pd.DataFrame({"a": [1, "x"]}, dtype="string")
    with Component("write").running():
        digest = headwater.save(frame, "table")
        assert headwater.load("table").equals(frame)
    with Component("read").running():
        loaded = headwater.load("table")
    with Component("use").running() as run:
        run.input(loaded)
    write, read, use = runs(lineage)
    assert [pointer.digest for pointer in write.outputs] == [digest]
    state = f"table@{write.run.id}"
    assert [pointer.id for _, pointer in (*read.inputs, *use.inputs)] == [state, state]
    assert names_read(write) == []


def test_save_outside_of_a_run_is_a_run_of_its_own(lineage: Lineage) -> None:
    Path("in.csv").write_text("abc", "utf-8")
    digests = [
        headwater.save({"a": 1}, "metrics"),
        headwater.save(Path("in.csv")),
        headwater.save("hi", "t", format="text"),
    ]
    details = runs(lineage)
    assert [detail.run.component for detail in details] == ["save"] * 3
    assert [pointer.digest for detail in details for pointer in detail.outputs] == digests
    assert (headwater.load("metrics"), headwater.load("t")) == ({"a": 1}, "hi")
    assert headwater.load("in.csv", to="copy.csv").read_text("utf-8") == "abc"


def test_save_raises_outside_of_components_and_in_log_run(lineage: Lineage) -> None:
    with pytest.raises(Unsaveable, match="a generator has no digest"):
        headwater.save((n for n in [1]), "stream")
    with pytest.raises(UsageError, match="the artifact has no name"):
        headwater.save([1])
    with pytest.raises(Unsaveable, match=r"there is no file 'text' .*format='text'"):
        headwater.save("text", "name")
    with headwater.log_run("told") as run, pytest.raises(Unsaveable):
        headwater.save(lambda: 1, "function")
    assert run.outputs == []
    assert [detail.run.status.value for detail in runs(lineage)] == ["failed"] * 3 + ["completed"]


def test_save_raises_nothing_in_a_component(lineage: Lineage) -> None:
    with Component("stage").running():
        assert headwater.save(lambda: 1, "function") is None
    assert "cannot be saved as joblib" in unsaved(lineage)["function"]


def test_nothing_is_saved_while_recording_is_off(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headwater.sdk.recording.switch, "is_off", True)
    with keeps.running() as run:
        run.output([1], name="x")
    assert headwater.save([1], "x") is None
    assert (saved(), runs(lineage)) == ([], [])


@pytest.mark.usefixtures("lineage")
def test_loading_never_unpickles_unless_it_is_asked_for_by_name() -> None:
    headwater.save(LinearRegression().fit([[1], [2]], [1, 2]), "model", type="model")
    with pytest.raises(PickledArtifact):
        headwater.load("model")
    assert headwater.load("model", format="joblib").predict([[3]]).round(6).tolist() == [3]


def test_what_is_not_there_is_named(lineage: Lineage) -> None:
    with Component("stage").running() as run:
        run.output([1], name="rows")
        run.output(iter([1]), name="stream")
    assert flush(DEADLINE_S)
    with pytest.raises(UnknownPointer):
        headwater.load("nothing")
    with pytest.raises(UnknownArtifact, match="nothing is saved of rows@"):
        headwater.load("rows")
    with pytest.raises(UnknownArtifact, match=r"stream@.* was recorded without a digest"):
        headwater.load("stream")
    assert lineage.stats()["runs"] == 1


@pytest.mark.parametrize("url", ["memory://{}", "local://{}", "file://{}"])
@pytest.mark.usefixtures("lineage")
def test_any_place_of_fsspec_holds_artifacts(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = uuid.uuid4().hex if url.startswith("memory") else str(tmp_path / "elsewhere")
    monkeypatch.setenv("HEADWATER_ARTIFACTS", url.format(place))

    @keeps_all.run(input_vars=["source"], output_vars=["rows"])
    def work(source: str) -> None:  # noqa: ARG001  # it is captured
        rows = np.arange(1_000_000)

    Path("in.txt").write_text("read", "utf-8")
    work("in.txt")
    work("in.txt")
    assert saved() == ["in.txt", "rows"]
    assert headwater.load("rows").sum() == 499_999_500_000
    assert headwater.load("in.txt").read() == b"read"
    assert not Path(".headwater").exists()


@pytest.mark.parametrize("place", ["blobs", None])
def test_a_program_that_goes_to_another_folder_keeps_its_artifacts(
    lineage: Lineage, place: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place is not None:
        monkeypatch.setenv("HEADWATER_ARTIFACTS", place)
    digest = headwater.save([1], "rows")
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert headwater.load(str(digest)) == [1]
    assert lineage.stats()["runs"] == 1


def test_artifacts_lie_beside_the_store_that_was_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with recording_in(tmp_path, monkeypatch):
        monkeypatch.setattr("headwater.graph.connect._configured", [])
        (tmp_path / "deep").mkdir()
        with headwater.configure("sqlite:///deep/mine.db"):
            headwater.save([1], "rows")
            assert headwater.load("rows") == [1]
    assert (tmp_path / "deep" / "artifacts" / "entries").is_dir()


def test_full_is_an_error_of_its_own_for_who_saves_by_hand(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(places.Folder, "_write", full)
    with pytest.raises(ArtifactsFull, match="headwater artifacts gc"):
        headwater.save([1], "rows")
    assert [detail.run.status.value for detail in runs(lineage)] == ["failed"]
