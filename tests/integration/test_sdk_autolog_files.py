"""A component that logs by itself records the files that its own body opens, and nothing else changes."""

from __future__ import annotations

import asyncio
import builtins
import bz2
import gzip
import hashlib
import logging
import os
import shutil
import sys
import tempfile
import threading
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from headwater import clock
from headwater.graph.facts import Output, RunFact, Status
from headwater.graph.lineage.face import Lineage
from headwater.sdk import recording
from headwater.sdk.autolog import files
from headwater.sdk.component import Component
from headwater.sdk.run import current_run
from tests.support.recorded import names_read, names_written, recording_in, runs, the_run, warnings_of

auto = Component("auto", auto_log=True)
by_hand = Component("by hand")


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lineage]:
    with recording_in(tmp_path, monkeypatch) as lineage:
        for name in ("a.csv", "b.csv"):
            Path(name).write_text(name)
            os.utime(name, (1, 1))
        yield lineage


def touched(lineage: Lineage) -> list[tuple[str | None, list[str], list[str]]]:
    """Return the component of each run with the names that it read and wrote."""
    return [(one.run.component, sorted(names_read(one)), sorted(names_written(one))) for one in runs(lineage)]


def digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def did(lineage: Lineage, work: Callable[[], object]) -> tuple[list[str], list[str]]:
    """Run the work as a component, and return the names that it read and wrote."""
    auto.run(work)()
    found = the_run(lineage)
    assert warnings_of(found) == []
    return sorted(names_read(found)), sorted(names_written(found))


def test_files_that_the_body_opens_are_recorded_with_their_content(lineage: Lineage) -> None:
    @auto.run
    def copy() -> None:
        Path("c.csv").write_text(Path("a.csv").read_text() * 2)

    copy()
    Path("c.csv").write_text("changed later")
    found = the_run(lineage)
    [(_, read)], [wrote] = found.inputs, found.outputs
    assert (read.name, read.digest) == ("a.csv", digest("a.csv"))
    assert (wrote.name, wrote.digest) == ("c.csv", digest("a.csva.csv"))


def steps(*calls: Callable[[], object]) -> Callable[[], object]:
    return lambda: [call() for call in calls]


def write(name: str, mode: str) -> Callable[[], object]:
    def work() -> None:
        with open(name, mode) as file:  # noqa: PTH123  # what is tested
            file.write("x")

    return work


@pytest.mark.parametrize(
    ("work", "read", "wrote"),
    [
        (write("a.csv", "w"), [], ["a.csv"]),
        (write("new.csv", "x"), [], ["new.csv"]),
        (write("a.csv", "a"), ["a.csv"], ["a.csv"]),
        (write("new.csv", "a"), [], ["new.csv"]),
        (write("a.csv", "r+"), ["a.csv"], ["a.csv"]),
        (write("a.csv", "w+"), [], ["a.csv"]),
        (lambda: open("a.csv", "r+").close(), ["a.csv"], []),  # noqa: PTH123
        (lambda: open(b"a.csv").close(), ["a.csv"], []),  # noqa: PTH123
        (lambda: os.close(os.open("a.csv", os.O_RDONLY)), ["a.csv"], []),
        (lambda: shutil.copy("a.csv", "c.csv"), ["a.csv"], ["c.csv"]),
        (lambda: Path("a.csv").rename("c.csv"), ["a.csv"], ["c.csv"]),
        (lambda: gzip.open("c.gz", "w").close(), [], ["c.gz"]),
        (lambda: bz2.open("c.bz2", "w").close(), [], ["c.bz2"]),
        (lambda: zipfile.ZipFile("c.zip", "w").close(), [], ["c.zip"]),
        (steps(Path("a.csv").read_text, Path("./a.csv").read_text, Path("b.csv").read_text), ["a.csv", "b.csv"], []),
        (steps(write("c.csv", "w"), Path("c.csv").read_text), [], ["c.csv"]),
        (steps(Path("a.csv").read_text, Path("a.csv").unlink), ["a.csv"], []),
        (steps(write("c.tmp", "w"), partial(Path("c.tmp").replace, "c.csv")), [], ["c.csv"]),
        (steps(Path("d").mkdir, write("d/c", "w"), partial(Path("d").rename, "e")), [], ["e/c"]),
        (steps(write("c.csv", "w"), Path("c.csv").unlink), [], []),
        (lambda: tempfile.TemporaryFile().write(b"x"), [], []),  # noqa: SIM115
        (lambda: tempfile.NamedTemporaryFile().write(b"x"), [], []),  # noqa: SIM115
        (
            steps(Path("d").mkdir, lambda: list(Path("d").iterdir()), lambda: os.close(os.open("d", os.O_RDONLY))),
            [],
            [],
        ),
        (lambda: Path(os.devnull).read_text(), [], []),
        (lambda: Path("/proc/self/status").read_text(), [], []),
        (lambda: Path(logging.__file__).read_text(), [], []),
        (lambda: Path(pytest.__file__).read_text(), [], []),
        (lambda: logging.FileHandler("log.txt").close(), [], []),
        (lambda: os.fdopen(os.dup(0)).close(), [], []),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_how_a_file_is_opened_says_whether_it_was_read_or_written(
    lineage: Lineage, work: Callable[[], object], read: list[str], wrote: list[str]
) -> None:
    assert did(lineage, work) == (read, wrote)


def test_a_file_that_cannot_be_opened_is_neither_read_nor_written(lineage: Lineage) -> None:
    @auto.run
    def fail() -> None:
        Path("missing/c.csv").write_text("x")

    with pytest.raises(FileNotFoundError) as caught:
        fail()
    with pytest.raises(FileNotFoundError) as plain:
        fail.__wrapped__()  # type: ignore[attr-defined]
    ours = [entry.name for entry in caught.traceback]
    assert ours[ours.index("fail") :] == [entry.name for entry in plain.traceback][1:]
    found = the_run(lineage)
    assert (found.run.status, names_read(found), names_written(found)) == (Status.FAILED, [], [])


def test_what_a_run_that_fails_had_touched_is_kept(lineage: Lineage) -> None:
    @auto.run
    def fail() -> None:
        Path("c.csv").write_text(Path("a.csv").read_text())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert touched(lineage) == [("auto", ["a.csv"], ["c.csv"])]


def test_a_file_that_was_named_and_opened_is_one_pointer(lineage: Lineage, tmp_path: Path) -> None:
    @auto.run(input_vars=["source"], output_vars=["target"])
    def copy(source: Path) -> None:
        target = tmp_path / "c.csv"
        Path("c.csv").write_text(source.read_text() + Path("a.csv").read_text())
        current_run().input("b.csv")
        Path("b.csv").read_text()
        assert target.exists()

    copy(tmp_path / "a.csv")
    assert touched(lineage) == [("auto", [f"{tmp_path}/a.csv", "b.csv"], [f"{tmp_path}/c.csv"])]


def test_what_was_read_before_the_folder_was_left_is_found_again(lineage: Lineage, tmp_path: Path) -> None:
    def work() -> None:
        Path("c.csv").write_text(Path("a.csv").read_text())
        os.chdir(tmp_path.parent)

    assert did(lineage, work) == (["a.csv"], ["c.csv"])
    assert the_run(lineage).outputs[0].digest is not None


def test_components_inside_components_have_what_they_touch_themselves(lineage: Lineage) -> None:
    @auto.run
    def inner() -> None:
        Path("c.csv").write_text(Path("a.csv").read_text())

    @Component("quiet").run
    def quiet() -> None:
        Path("a.csv").read_text()

    @Component("outer", auto_log=True).run
    def outer() -> None:
        inner()
        quiet()
        Path("d.csv").write_text(Path("c.csv").read_text())

    outer()
    assert sorted(touched(lineage)) == [
        ("auto", ["a.csv"], ["c.csv"]),
        ("outer", ["c.csv"], ["d.csv"]),
        ("quiet", [], []),
    ]
    assert [run.component for run in lineage.trace("d.csv").runs()] == ["outer", "auto"]


def test_a_stale_file_is_told_as_a_stale_input_is(lineage: Lineage, caplog: pytest.LogCaptureFixture) -> None:
    write("old.csv", "w")()
    for run, name in (("w1", "old.csv"), ("w2", "new.csv")):
        now = clock.now()
        lineage.record([RunFact(run, "etl", started_at=now, ended_at=now, outputs=(Output(name, digest("x")),))])
    read = Component("read", auto_log=True, on_stale="warn").run(Path("old.csv").read_text)
    assert read() == "x"
    assert recording.flush()  # a flush does not wait for questions to the store, but the next one comes behind them
    found = runs(lineage)[-1]
    line = "read runs on stale inputs: old.csv@w1: fresher run, w2"
    assert caplog.messages == [f"{line} (run {found.run.id})"]


def test_recursion_keeps_what_each_call_touches_apart(lineage: Lineage) -> None:
    @auto.run
    def down(depth: int) -> None:
        if depth:
            Path(f"{depth}.csv").write_text("x")
            down(depth - 1)

    down(2)
    assert sorted(touched(lineage)) == [("auto", [], []), ("auto", [], ["1.csv"]), ("auto", [], ["2.csv"])]


def test_threads_see_only_their_own_files(lineage: Lineage) -> None:
    barrier = threading.Barrier(3)

    @auto.run
    def work(name: str) -> None:
        barrier.wait()
        Path(f"{name}.out").write_text("x")
        barrier.wait()

    threads = [threading.Thread(target=work, args=[name]) for name in "ab"]
    for thread in threads:
        thread.start()
    barrier.wait()
    Path("outside.csv").write_text("x")
    barrier.wait()
    for thread in threads:
        thread.join()
    assert sorted(touched(lineage)) == [("auto", [], ["a.out"]), ("auto", [], ["b.out"])]


def test_tasks_and_threads_with_the_context_of_a_run_belong_to_it(lineage: Lineage) -> None:
    @auto.run
    async def work(name: str) -> None:
        await asyncio.to_thread(Path(f"{name}.out").write_text, "x")
        await asyncio.sleep(0)
        Path(f"{name}.csv").read_text()

    async def both() -> None:
        await asyncio.gather(work("a"), work("b"))

    asyncio.run(both())
    assert sorted(touched(lineage)) == [("auto", ["a.csv"], ["a.out"]), ("auto", ["b.csv"], ["b.out"])]


def test_a_pool_of_threads_is_no_context_of_the_run(lineage: Lineage) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert did(lineage, lambda: pool.submit(Path("a.csv").read_text).result()) == ([], [])


def test_between_two_steps_of_a_generator_nothing_is_its_own(lineage: Lineage) -> None:
    @auto.run
    def lines() -> Iterator[str]:
        yield Path("a.csv").read_text()
        Path("c.csv").write_text("x")
        yield ""

    for _ in lines():
        Path("b.csv").read_text()
    assert touched(lineage) == [("auto", ["a.csv"], ["c.csv"])]


def test_between_two_steps_of_an_async_generator_nothing_is_its_own(lineage: Lineage) -> None:
    @auto.run
    async def lines() -> AsyncIterator[str]:
        yield Path("a.csv").read_text()

    async def read() -> None:
        async for _ in lines():
            Path("b.csv").read_text()

    asyncio.run(read())
    assert touched(lineage) == [("auto", ["a.csv"], [])]


def test_a_body_logs_by_itself_too(lineage: Lineage) -> None:
    with auto.running(outputs=["c.csv"]) as run:
        Path("c.csv").write_text(Path("a.csv").read_text())
        run.output("b.csv")
    assert touched(lineage) == [("auto", ["a.csv"], ["b.csv", "c.csv"])]


def test_what_triggers_and_headwater_open_is_no_lineage(lineage: Lineage) -> None:
    def check() -> None:
        Path("b.csv").read_text()

    @Component("auto", auto_log=True, before=[check], after=[check], durability="wait").run
    def work() -> None:
        by_hand.run(input_vars=["x"])(lambda x: x)("fresh.csv")
        assert recording.flush()
        lineage.trace("fresh.csv")

    Path("fresh.csv").write_text("x")  # so young that it is read when it is named
    work()
    assert sorted(touched(lineage)) == [("auto", [], []), ("by hand", ["fresh.csv"], [])]


def test_modules_that_a_body_imports_are_no_lineage_but_what_they_read_is(
    lineage: Lineage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(".")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    Path("own_module.py").write_text("from pathlib import Path\nROWS = Path('a.csv').read_text()\n")

    def work() -> None:
        import own_module  # type: ignore[import-not-found]

        assert own_module.ROWS == "a.csv"

    assert did(lineage, work) == (["a.csv"], [])
    assert [*Path("__pycache__").iterdir()]
    del sys.modules["own_module"]


def test_other_components_and_what_is_outside_record_nothing(lineage: Lineage) -> None:
    auto.run(lambda: None)()
    by_hand.run(lambda: Path("a.csv").read_text())()
    Path("c.csv").write_text("x")
    assert touched(lineage) == [("auto", [], []), ("by hand", [], [])]


def test_nothing_stands_in_the_place_of_anything(lineage: Lineage) -> None:
    def state() -> list[object]:
        return [builtins.open, os.open, os.rename, sys.getprofile(), sys.gettrace(), *sys.meta_path]

    before = state()
    auto.run(lambda: Path("a.csv").read_text())()
    assert (state(), len(runs(lineage))) == (before, 1)


def test_a_switched_off_component_logs_nothing(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording.switch, "is_off", True)
    with auto.running() as run:
        Path("a.csv").read_text()
    assert (run.inputs, runs(lineage)) == ([], [])


def test_more_files_than_a_run_can_name_are_left_out_and_told(
    lineage: Lineage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 1)
    auto.run(lambda: (Path("a.csv").read_text(), Path("b.csv").read_text()))()
    found = the_run(lineage)
    assert names_read(found) == ["a.csv"]
    assert warnings_of(found) == ["auto_log: more than 10,000 files; the others are not recorded"]
