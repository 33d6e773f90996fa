"""Triggers test a run before and after its function; their results are kept, and they never reach the program."""

# ruff: noqa: F841  # a component captures local variables, used or not
from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headwater import clock
from headwater.errors import StoreUnavailable, UsageError
from headwater.graph.facts import ComponentFact, Fact, RunFact, Status, TriggerResult
from headwater.graph.lineage.face import Lineage
from headwater.sdk import recording
from headwater.sdk.blocked import StaleInputs, TriggerFailed
from headwater.sdk.component import Component
from headwater.sdk.history import History
from headwater.sdk.triggers import asynchronous
from tests.support.recorded import down, facet, recording_in, runs, the_run


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lineage]:
    with recording_in(tmp_path, monkeypatch) as lineage:
        yield lineage


def outcomes(found: Any) -> dict[str, tuple[object, object]]:
    return {key: (result["outcome"], result["message"]) for key, result in found.run.triggers.items()}


class Checked(Component):
    def before_run(self, rows: list[int], limit: int) -> None:
        if len(rows) >= limit:
            raise AssertionError("too many")

    def after_run(self, total: int, result: str, most: int = 100) -> bool:
        return total < most and result == str(total)


def test_triggers_get_the_variables_that_they_name(lineage: Lineage) -> None:
    @Checked("sum").run
    def add(rows: list[int], limit: int = 3) -> str:  # noqa: ARG001  # the trigger reads it
        total = sum(rows)
        return str(total)

    assert (add([1, 2]), add([1, 2, 3]), add([100])) == ("3", "6", "100")
    good, many, much = map(outcomes, runs(lineage))
    assert good == {"before_run": ("passed", None), "after_run": ("passed", None)}
    assert many == {"before_run": ("failed", "too many"), "after_run": ("passed", None)}
    assert much == {"before_run": ("passed", None), "after_run": ("failed", "it returned False")}


def test_a_failed_trigger_makes_its_readers_stale(lineage: Lineage) -> None:
    @Component("make", after=[lambda: False]).run(output_vars=["out"])
    def make() -> None:
        out = "out.csv"

    @Component("use").run(input_vars=["path"])
    def use(path: str) -> None: ...

    make()
    use("out.csv")
    _, reader = runs(lineage)
    assert [cause.kind for cause in lineage.stale(reader.run.id).causes] == ["failed_test"]


def raises() -> None:
    raise RuntimeError("boom")


@pytest.mark.parametrize(
    ("trigger", "outcome", "message", "value"),
    [
        (lambda: None, "passed", None, None),
        (lambda: {"psi": 0.1}, "passed", None, {"psi": 0.1}),
        (object, "passed", None, None),
        (lambda: False, "failed", "it returned False", False),
        (lambda: TriggerResult("failed", "psi 0.3 > 0.2", 0.3), "failed", "psi 0.3 > 0.2", 0.3),
        (lambda: TriggerResult("failed", "x\0\ud800", float("inf")), "failed", "x?", None),
        (raises, "error", "RuntimeError: boom", None),
    ],
)
def test_each_end_of_a_trigger_has_its_outcome(
    lineage: Lineage, trigger: Callable[..., object], outcome: str, message: str | None, value: object
) -> None:
    Component("c", before=[trigger]).run(lambda: None)()
    [result] = the_run(lineage).run.triggers.values()
    assert (result["outcome"], result["message"], result["value"]) == (outcome, message, value)
    assert isinstance(result["duration_s"], float)


def test_triggers_of_one_name_do_not_overwrite_each_other(lineage: Lineage) -> None:
    def check() -> bool:
        return True

    first = check

    def check() -> bool:  # type: ignore[no-redef]
        return False

    Component("c", before=[first, check], after=[check]).run(lambda: None)()
    found = outcomes(the_run(lineage))
    assert {key: outcome for key, (outcome, _) in found.items()} == {
        "check": "passed",
        "check#2": "failed",
        "check#3": "failed",
    }


def test_an_asynchronous_trigger_runs_beside_and_is_recorded_like_any_other(lineage: Lineage) -> None:
    has_returned = threading.Event()

    @asynchronous
    def slow(x: int) -> bool:
        has_returned.wait(20)
        return x > 1

    work = Component("c", before=[slow]).run(lambda x: x)
    assert work(1) == 1
    has_returned.set()
    assert outcomes(the_run(lineage)) == {"slow": ("failed", "it returned False")}


def test_blocking_stops_the_run_before_its_function(lineage: Lineage) -> None:
    called = []

    @Component("c", before=[lambda x: x > 1], on_failure="block").run
    def work(x: int) -> None:
        called.append(x)

    work(2)
    with pytest.raises(TriggerFailed, match="c was not run: <lambda>: it returned False"):
        work(1)
    assert called == [2]
    assert [found.run.status for found in runs(lineage)] == [Status.COMPLETED, Status.ABORTED]


def test_warning_says_it_in_the_log(lineage: Lineage, caplog: pytest.LogCaptureFixture) -> None:
    Component("c", before=[lambda: False], on_failure="warn").run(lambda: None)()
    run = the_run(lineage).run.id
    assert caplog.messages == [f"c: trigger <lambda> failed: it returned False (run {run})"]


@pytest.mark.usefixtures("lineage")
def test_history_is_what_ran_before_with_its_outputs() -> None:
    seen: list[list[str]] = []

    def compare(history: History) -> None:
        seen.append([output.name for past in history for output in past.outputs])

    @Component("c", after=[compare]).run(output_vars=["out"])
    def work(number: int) -> None:
        out = f"{number}.csv"

    for number in range(3):
        work(number)
    assert seen == [[], ["0.csv"], ["1.csv", "0.csv"]]


async def waits() -> None: ...


@pytest.mark.parametrize("trigger", [waits, lambda x, /: x])
def test_what_can_be_no_trigger_is_told_at_once(trigger: Callable[..., object]) -> None:
    with pytest.raises(UsageError, match="the trigger"):
        Component("c", before=[trigger])


def overwritten(lineage: Lineage, component: Component) -> Callable[[str], str]:
    """Return a function of the component, after a component that made `old.csv` has run again for `new.csv`."""
    lineage.record([RunFact("w1", "etl", started_at=clock.now(), ended_at=clock.now(), outputs=("old.csv",))])  # type: ignore[arg-type]
    lineage.record([RunFact("w2", "etl", started_at=clock.now(), ended_at=clock.now(), outputs=("new.csv",))])  # type: ignore[arg-type]

    @component.run(input_vars=["path"])
    def read(path: str) -> str:
        return path

    return read


@pytest.mark.parametrize(("policy", "level"), [("log", logging.INFO), ("warn", logging.WARNING)])
def test_a_run_on_stale_inputs_says_so_in_one_line(
    lineage: Lineage, caplog: pytest.LogCaptureFixture, policy: Any, level: int
) -> None:
    caplog.set_level(logging.INFO, "headwater")
    assert overwritten(lineage, Component("read", on_stale=policy))("old.csv") == "old.csv"
    assert recording.flush()
    found = runs(lineage)[-1]
    line = "read runs on stale inputs: old.csv@w1: fresher run, w2"
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (level, f"{line} (run {found.run.id})")
    ]
    assert facet(found, "stale") == line


def test_a_run_on_fresh_inputs_says_nothing(lineage: Lineage, caplog: pytest.LogCaptureFixture) -> None:
    overwritten(lineage, Component("read", on_stale="warn"))("new.csv")
    assert facet(runs(lineage)[-1], "stale") is None
    assert caplog.messages == []


def test_who_ignores_stale_inputs_is_told_nothing(lineage: Lineage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "headwater")
    overwritten(lineage, Component("read", on_stale="ignore"))("old.csv")
    found = runs(lineage)[-1]
    assert [cause.kind for cause in lineage.stale(found.run.id).causes] == ["fresher_run"]
    assert (facet(found, "stale"), caplog.messages) == (None, [])


def test_blocking_on_stale_inputs_stops_the_run(lineage: Lineage) -> None:
    read = overwritten(lineage, Component("read", on_stale="block", max_age=timedelta(days=1)))
    assert read("new.csv") == "new.csv"
    with pytest.raises(StaleInputs, match=r"old\.csv@w1: fresher run, w2"):
        read("old.csv")
    assert [found.run.status for found in runs(lineage)][-2:] == [Status.COMPLETED, Status.ABORTED]


def test_an_old_input_is_stale_after_the_age_that_the_component_names(lineage: Lineage) -> None:
    then = clock.now() - timedelta(days=3)
    lineage.record([RunFact("w", "etl", started_at=then, ended_at=then, outputs=("old.csv",))])  # type: ignore[arg-type]
    lineage.record([ComponentFact("patient", max_age=timedelta(days=9))])
    strict = Component("strict", on_stale="block", max_age=timedelta(days=2)).run(input_vars=["x"])(lambda x: x)
    patient = Component("patient", on_stale="block", max_age=timedelta(days=9)).run(input_vars=["x"])(lambda x: x)
    assert patient("old.csv") == "old.csv"
    with pytest.raises(StaleInputs, match=r"old\.csv@w: old input, 3\.0 days old, the limit is 2"):
        strict("old.csv")


def test_nobody_is_blocked_by_a_store_that_cannot_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with recording_in(tmp_path, monkeypatch, down) as lineage:
        monkeypatch.setattr(lineage.store, "watermark", _unavailable)
        read = Component("read", on_stale="block", durability="wait").run(input_vars=["path"])(lambda path: path)
        assert read("x.csv") == "x.csv"
        assert [message.partition(":")[0] for message in caplog.messages] == [
            "the store does not take what was recorded, which goes to disk"
        ]


def _unavailable() -> None:
    raise StoreUnavailable("gone")


def test_a_store_that_hangs_holds_up_no_trigger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    for most in ("history.DEADLINE_S", "execution.WAIT_S", "erased.LEARN_S"):
        monkeypatch.setattr(f"headwater.sdk.{most}", 0.01)

    def slowly(facts: Sequence[Fact]) -> None:
        release.wait(20)
        graph.record(facts)

    def look(history: History) -> None:
        assert list(history)

    with recording_in(tmp_path, monkeypatch, slowly) as graph:
        checked = Component("c", before=[look], on_stale="block", durability="wait")
        assert checked.run(input_vars=["x"])(lambda x: x)("a.csv") == "a.csv"
        release.set()
        [(outcome, message)] = outcomes(the_run(graph)).values()
        assert (outcome, str(message).partition(" (")[0]) == (
            "error",
            "StoreBusy: the store does not tell the history of 'c'",
        )
