"""Metrics of components are computed at each run, recorded with it, and never reach the program."""

# ruff: noqa: F841  # a component captures local variables, used or not
from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from headwater import clock, metrics
from headwater.errors import UsageError
from headwater.graph.lineage.face import Lineage
from headwater.graph.measures import Measured
from headwater.graph.metrics.store import metrics_of
from headwater.graph.query_store import QueryStore
from headwater.sdk import recording
from headwater.sdk.component import Component, log_feedback, log_outputs
from headwater.sdk.metrics import SLA, Metric, recall
from headwater.sdk.triggers import asynchronous
from tests.support.recorded import DEADLINE_S, down, recording_in, runs


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lineage]:
    with recording_in(tmp_path, monkeypatch) as lineage:
        yield lineage


def newest(lineage: Lineage, component: str = "predict") -> dict[str, Measured]:
    assert recording.flush(DEADLINE_S)
    return {one.newest.metric: one.newest for one in lineage.metrics(component)}


def values(lineage: Lineage, metric: str, component: str = "predict") -> list[float | None]:
    assert recording.flush(DEADLINE_S)
    return [value.value for value in metrics_of(lineage.store).values(component, metric, 100)][::-1]


def test_a_metric_of_variables_is_recorded_with_its_run(lineage: Lineage) -> None:
    def share(rows: list[int], kept: int) -> float:
        return kept / len(rows)

    @Component("predict", metrics=[Metric("share", share), Metric("size", lambda result: np.float32(len(result)))]).run
    def predict(rows: list[int]) -> str:
        kept = len(rows) - 1
        return "done"

    assert [predict([1, 2]), predict([1, 2, 3, 4])] == ["done", "done"]
    assert values(lineage, "share") == [0.5, 0.75]
    first, _ = runs(lineage)
    found = metrics_of(lineage.store).of_run(first.run.id)
    assert [(one.metric, one.value, one.rows, one.window) for one in found] == [
        ("share", 0.5, 1, "run"),
        ("size", 4.0, 1, "run"),
    ]


def raises() -> float:
    raise RuntimeError("boom")


@pytest.mark.parametrize(
    ("fn", "message"),
    [
        (raises, "RuntimeError: boom"),
        (lambda: "much", "InvalidValue: it returned str, not a number"),
        (lambda: float("nan"), "InvalidValue: it returned nan"),
        (lambda: [1, 2], "InvalidValue: it returned list, not a number"),
        (lambda: None, None),
    ],
)
def test_a_metric_that_fails_has_no_value_and_breaks_nothing(
    lineage: Lineage, fn: Callable[[], Any], message: str | None
) -> None:
    @Component("predict", metrics=[SLA(Metric("bad", fn), ">= 0"), Metric("good", lambda result: result)]).run
    def predict() -> int:
        return 7

    assert predict() == 7
    found = newest(lineage)
    assert found["bad"].value is None
    assert (found["bad"].message or "").partition(" (")[0] == (message or "")
    assert (found["bad"].verdict, found["good"].value) == ("insufficient", 7.0)
    assert lineage.alerts(only_open=False) == []


def test_a_window_over_a_metric_of_variables_is_its_mean_over_runs(lineage: Lineage) -> None:
    @Component("predict", metrics=[Metric("size", lambda rows: rows, window=2)]).run
    def predict(rows: int) -> None: ...

    for rows in (1, 3, 8):
        predict(rows)
        recording.flush(DEADLINE_S)
    assert values(lineage, "size") == [1.0, 2.0, 5.5]


def test_outputs_are_joined_with_feedback_from_anywhere(lineage: Lineage) -> None:
    component = Component("predict", metrics=[Metric("recall", recall(), window=timedelta(days=1))])

    @component.run
    def predict(ids: list[int]) -> None:
        component.log_outputs({key: key < 3 for key in ids})

    predict([1, 2, 3])
    assert newest(lineage)["recall"].rows == 0
    log_feedback("predict", {np.int64(1): np.bool_(True), 2: False, "3": True})
    predict([4])
    found = newest(lineage)["recall"]
    assert (found.value, found.rows, found.window) == (0.5, 3, "1 d")


def test_functions_of_scikit_learn_get_the_labels_and_scores_of_the_window(lineage: Lineage) -> None:
    component = Component("predict", metrics=[Metric("auc", roc_auc_score, window=4)])
    log_outputs("predict", {"a": 0.1, "b": 0.4, "c": 0.35, "d": 0.8})
    component.log_feedback({"a": 0, "b": 0, "c": 1, "d": 1})
    assert recording.flush(DEADLINE_S)
    with component.running():
        pass
    assert newest(lineage)["auc"].value == roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])


def test_a_run_that_has_a_variable_called_y_true_keeps_it(lineage: Lineage) -> None:
    def right(y_true: list[int], y_pred: list[int]) -> float:
        return sum(map(int.__eq__, y_true, y_pred)) / len(y_true)

    @Component("train", metrics=[Metric("accuracy", right)]).run
    def train() -> None:
        y_true, y_pred = [1, 0], [1, 1]

    train()
    assert newest(lineage, "train")["accuracy"].value == 0.5


def test_an_asynchronous_metric_runs_beside_the_function(lineage: Lineage) -> None:
    go_on = threading.Event()

    @asynchronous
    def slow(result: int) -> int:
        assert go_on.wait(DEADLINE_S)
        return result

    @Component("predict", metrics=[Metric("slow", slow)]).run
    def predict() -> int:
        return 1

    assert predict() == 1
    go_on.set()
    assert values(lineage, "slow") == [1.0]


def test_failed_runs_have_no_metrics(lineage: Lineage) -> None:
    @Component("predict", metrics=[Metric("one", lambda: 1)]).run
    def predict() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        predict()
    assert values(lineage, "one") == []


def test_values_wait_on_disk_while_the_store_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    component = Component("predict", metrics=[SLA(Metric("one", lambda: 1), ">= 2")])
    with recording_in(tmp_path, monkeypatch, down):
        with component.running():
            component.log_outputs({"a": True})
        recording.flush(DEADLINE_S)
        assert recording.recorder_stats().spooled >= 3
    with recording_in(tmp_path, monkeypatch) as lineage:
        with Component("other").running():
            pass
        assert values(lineage, "one") == [1.0]
        assert [incident.opened.metric for incident in lineage.alerts()] == ["one"]


def test_a_store_that_keeps_no_metrics_keeps_the_runs(
    lineage: Lineage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(QueryStore, "metrics")

    @Component("predict", metrics=[Metric("one", lambda: 1), Metric("recall", recall())]).run
    def predict() -> int:
        return 7

    assert predict() == 7
    assert recording.flush(DEADLINE_S)
    assert [run.status for run in lineage.recent().runs] == ["completed"]
    assert recording.recorder_stats().refused == 1
    assert "QueryStore keeps no metrics" in caplog.text


def test_what_cannot_be_logged_is_told_in_the_log_alone(lineage: Lineage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "headwater"):
        log_feedback("predict", {1.5: True})
        log_outputs("predict", [True])  # type: ignore[arg-type]
        log_outputs("", {"a": object()})
        recording.flush(DEADLINE_S)
    assert [record.name for record in caplog.records] == ["headwater"] * 4
    assert recording.recorder_stats().refused == 1
    assert "the id 1.5 is neither text nor a whole number" in caplog.text
    assert lineage.stats()["runs"] == 0


def test_a_value_that_no_store_can_hold_is_left_out_of_its_batch(
    lineage: Lineage, caplog: pytest.LogCaptureFixture
) -> None:
    outputs = {"a": 1.5, "b": float("inf"), "c": float("nan"), "d": object(), 1.5: 1, "e": [1, None]}
    log_outputs("predict", outputs)
    log_feedback("predict", dict.fromkeys("abcde", 1))
    assert recording.flush(DEADLINE_S)
    found = metrics_of(lineage.store).joined("predict", "", None, clock.now())
    assert sorted((row.id, row.output) for row in found) == [("a", 1.5), ("e", [1, None])]
    assert "logging the outputs of predict: 3 of 6 are left out: value of 'b'" in caplog.text


def test_nothing_is_logged_while_recording_is_off(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording.switch, "is_off", True)
    component = Component("predict", metrics=[Metric("one", lambda: 1)])
    component.log_outputs({"a": True})
    component.log_feedback({"a": True})
    with component.running():
        pass
    recording.flush(DEADLINE_S)
    assert metrics_of(lineage.store).joined("predict", "", None, clock.now()) == []


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        (lambda: [recall()], "is no metric"),
        (lambda: [Metric("m", recall()), SLA(Metric("m", recall()), ">= 1")], "declared twice"),
        (lambda: [Metric("m", 7)], "is no function"),
        (lambda: [Metric("m", recall)], "recall is not called"),
        (lambda: [Metric("m", recall(), window=0)], "window=0"),
        (lambda: [SLA(recall(), ">= 1")], "SLA"),  # type: ignore[arg-type]
        (lambda: [SLA(Metric("m", recall()), "high")], "bound 'high'"),
        (lambda: [SLA(Metric("m", recall()), ">= 1", clear_after=0)], "clear_after=0"),
    ],
)
def test_a_wrong_declaration_is_told_when_it_is_made(declared: Callable[[], Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Component("predict", metrics=declared())


def test_a_metric_of_a_variable_that_is_not_there_is_told_at_decoration() -> None:
    with pytest.raises(UsageError, match="names 'rowz'"):

        @Component("predict", metrics=[Metric("size", lambda rowz: rowz)]).run
        def predict(rows: int) -> None: ...


def test_subclasses_declare_metrics_and_the_ready_ones_have_one_home(lineage: Lineage) -> None:
    class Predict(Component):
        name = "predict"
        metrics = (Metric("size", lambda rows: rows),)

    @Predict().run
    def predict(rows: int) -> None: ...

    predict(3)
    assert newest(lineage)["size"].value == 3.0
    assert metrics.recall is recall
