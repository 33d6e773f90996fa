"""A component records what its function reads and writes, and is not to be noticed while it does."""

# ruff: noqa: ARG002, ARG003, ARG005, F841, RET504  # a component captures variables, used or not
from __future__ import annotations

import inspect
import pickle
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from headwater import clock
from headwater.errors import UsageError
from headwater.graph.facts import Output, RunFact, Status
from headwater.graph.lineage.face import Lineage
from headwater.sdk import recording
from headwater.sdk.component import Component, component
from headwater.sdk.run import current_run, pointer
from tests.support.recorded import facet, names_read, names_written, recording_in, runs, the_run, warnings_of

stage = Component("stage", "A stage.", "ann", ["daily"])


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lineage]:
    with recording_in(tmp_path, monkeypatch) as lineage:
        yield lineage


@stage.run(input_vars=["source"], output_vars=["target"])
def copy(source: str, target: str, times: int = 2) -> int:
    Path(target).write_text(Path(source).read_text() * times)
    return times


@stage.run
def bare(x: int, /, y: int = 1, *rest: int, z: int = 2, **more: int) -> tuple[object, ...]:
    return x, y, rest, z, more


def test_a_run_says_what_was_read_and_written_and_with_which_params(lineage: Lineage) -> None:
    Path("a.csv").write_text("1")
    assert copy("a.csv", target="b.csv") == 2
    found = the_run(lineage)
    assert (found.run.component, found.run.status, found.run.params) == ("stage", Status.COMPLETED, {"times": 2})
    [read], [written] = [pointer for _, pointer in found.inputs], found.outputs
    assert (read.name, written.name) == ("a.csv", "b.csv")
    assert read.digest == "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    assert written.digest == "sha256:4fc82b26aecb47d2868c4efbe3581732a3e7cbcc6c2efb32062c08170a05eeb8"


def test_runs_are_tied_by_what_they_read_and_wrote(lineage: Lineage) -> None:
    Path("a.csv").write_text("1")
    copy("a.csv", "b.csv")
    copy("b.csv", "c.csv")
    assert recording.flush()
    assert len(lineage.trace("c.csv").runs()) == 2
    assert {pointer.name for pointer in lineage.trace("c.csv").pointers()} == {"a.csv", "b.csv", "c.csv"}


def test_a_component_and_the_source_of_its_functions_are_described_once(lineage: Lineage) -> None:
    own = Component("own", "Does it.", "bob", ["x"])
    work = own.run(lambda: None)
    for _ in range(3):
        work()
    first = runs(lineage)[0].run
    [found] = [one for one in lineage.components() if one.name == "own"]
    assert (found.description, found.owner, found.tags) == ("Does it.", "bob", ("x",))
    [(key, text)] = lineage.store.facets(["own"]).items()
    assert key.key == f"source:{first.source}"
    assert "own.run(lambda: None)" in str(text)


@pytest.mark.usefixtures("lineage")
@pytest.mark.parametrize("call", [partial(bare, 1), partial(bare, 1, 2, 3, 4, z=5, w=6), partial(bare, 1, z=0)])
def test_every_kind_of_parameter_arrives(call: Callable[[], object]) -> None:
    assert call() == partial(bare.__wrapped__, *call.args, **call.keywords)()  # type: ignore[attr-defined]


def test_a_failure_is_recorded_and_passes_unchanged(lineage: Lineage) -> None:
    error = KeyError("gone")

    @stage.run(output_vars=["half"])
    def fail() -> None:
        half = "half.csv"
        raise error from ValueError(half)

    with pytest.raises(KeyError) as caught:
        fail()
    assert caught.value is error
    assert [entry.name for entry in caught.traceback][-2:] == ["wrapper", "fail"]
    assert isinstance(caught.value.__cause__, ValueError)
    found = the_run(lineage)
    assert (found.run.status, found.run.error) == (Status.FAILED, "KeyError: 'gone'")
    assert names_written(found) == ["half.csv"]


def test_an_interrupted_run_is_aborted(lineage: Lineage) -> None:
    @stage.run
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert the_run(lineage).run.status is Status.ABORTED


def test_a_wrong_call_fails_as_it_would_without_headwater(lineage: Lineage) -> None:
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'target'"):
        copy("a.csv")  # type: ignore[call-arg]
    assert the_run(lineage).run.status is Status.FAILED


def test_methods_static_methods_and_class_methods_record(lineage: Lineage) -> None:
    class Job:
        @stage.run(output_vars=["out"])
        def one(self, out: str = "one") -> object:
            return self

        @stage.run(output_vars=["out"])
        @staticmethod
        def two(out: str = "two") -> str:
            return out

        @classmethod
        @stage.run(output_vars=["out"])
        def three(cls, out: str = "three") -> object:
            return cls

    job = Job()
    assert (job.one(), Job.two(), job.two(), Job.three()) == (job, "two", "two", Job)
    assert [names_written(one) for one in runs(lineage)] == [["one"], ["two"], ["two"], ["three"]]


def test_stacked_components_record_a_run_each(lineage: Lineage) -> None:
    @Component("outer").run(output_vars=["x"])
    @Component("inner").run(output_vars=["x"])
    def work() -> str:
        x = "x.csv"
        return x

    assert work() == "x.csv"
    found = runs(lineage)
    assert sorted((one.run.component, *names_written(one)) for one in found) == [("inner", "x.csv"), ("outer", "x.csv")]


def test_recursion_keeps_the_variables_of_each_call_apart(lineage: Lineage) -> None:
    @stage.run(output_vars=["out"])
    def down(depth: int) -> int:
        out = f"{depth}.csv"
        return depth if depth == 0 else down(depth - 1) + len(out)

    assert down(2) == 10
    assert sorted((one.run.params["depth"], *names_written(one)) for one in runs(lineage)) == [
        (0, "0.csv"),
        (1, "1.csv"),
        (2, "2.csv"),
    ]


def test_threads_keep_their_runs_apart(lineage: Lineage) -> None:
    barrier = threading.Barrier(4)

    @stage.run(output_vars=["out"])
    def work(number: int) -> None:
        out = f"{number}.csv"
        barrier.wait()
        current_run().param("seen", out)

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [(*names_written(one), one.run.params["seen"]) for one in runs(lineage)]
    assert sorted(found) == [(f"{number}.csv",) * 2 for number in range(4)]


def test_code_without_a_file_is_told_apart_by_what_it_does(lineage: Lineage) -> None:
    for value in (1, 2, 1):
        space: dict[str, Any] = {"stage": stage}
        exec(f"@stage.run(output_vars=['größe'])\ndef f():\n    größe = ['x{value}.csv']\n    return größe", space)
        assert space["f"]() == [f"x{value}.csv"]
    one, two, again = runs(lineage)
    assert [names_written(found) for found in (one, two, again)] == [["x1.csv"], ["x2.csv"], ["x1.csv"]]
    assert str(one.run.source).startswith("bytecode-sha256:")
    assert (one.run.source == again.run.source, one.run.source == two.run.source) == (True, False)


def test_a_decorated_function_looks_like_itself() -> None:
    plain: Any = bare.__wrapped__  # type: ignore[attr-defined]
    assert inspect.signature(bare) == inspect.signature(plain)
    assert inspect.getfullargspec(bare) == inspect.getfullargspec(plain)
    assert inspect.getsource(bare) == inspect.getsource(plain)
    assert (bare.__name__, bare.__module__, bare.__doc__) == (plain.__name__, plain.__module__, plain.__doc__)
    assert pickle.loads(pickle.dumps(bare)) is bare


def test_outputs_are_those_at_the_return_and_inputs_those_at_the_call(lineage: Lineage) -> None:
    @stage.run(input_vars=["rows"], output_vars=["rows"])
    def grow(rows: list[int]) -> None:
        rows.append(4)

    grow([1, 2, 3])
    found = the_run(lineage)
    [read] = [pointer for _, pointer in found.inputs]
    [wrote] = found.outputs
    assert (read.name, wrote.name, read.digest == wrote.digest) == ("rows", "rows", False)


def test_a_value_is_found_again_under_the_name_of_its_maker(lineage: Lineage) -> None:
    @Component("make").run(output_vars=["features"])
    def make() -> dict[str, list[int]]:
        features = {"a": [1, 2]}
        return features

    @Component("fit").run(input_vars=["x"])
    def fit(x: object) -> None:
        assert x

    fit(make())
    assert recording.flush()
    make_run, fit_run = runs(lineage)
    assert [state.id for _, state in fit_run.inputs] == [f"features@{make_run.run.id}"]


def test_pointer_names_a_value_and_returns_it(lineage: Lineage) -> None:
    class Model:
        def __init__(self) -> None:
            self.weights = [1]

    @stage.run(output_vars=["fitted", "rows"])
    def fit() -> tuple[Model, list[int]]:
        fitted = pointer(Model(), "taxi-model", type="model")
        rows = pointer([1, 2], "taxi-rows")
        return fitted, rows

    model, numbers = fit()
    assert (model.weights, numbers) == ([1], [1, 2])
    assert sorted((one.name, one.type) for one in the_run(lineage).outputs) == [
        ("taxi-model", "model"),
        ("taxi-rows", "data"),
    ]


def test_a_body_says_by_hand_what_it_reads_and_writes(lineage: Lineage) -> None:
    with stage.running(inputs=["in.csv"], outputs=["out.csv"]) as run:
        run.input("more.csv", digest="d1")
        run.output({"a": 1}, name="table")
        run.param("depth", 3)
        run.output(object())
    found = the_run(lineage)
    assert sorted(names_read(found)) == ["in.csv", "more.csv"]
    assert sorted(names_written(found)) == ["out.csv", "table"]
    assert found.run.params == {"depth": 3}
    assert warnings_of(found) == [
        "run.output: a object has no name (pass name=..., or use headwater.pointer)",
    ]


def test_what_somebody_else_logged_without_a_digest_is_found_by_the_time_of_reading(lineage: Lineage) -> None:
    then = clock.now()
    lineage.record([RunFact("airflow", "etl", started_at=then, ended_at=then, outputs=(Output("a.csv"),))])
    Path("a.csv").write_text("1")
    with stage.running(inputs=["a.csv"]) as by_content:
        pass
    with stage.running() as by_time:
        by_time.input("a.csv", at=by_time.started_at)
    assert recording.flush()
    assert [state.id.partition(":")[0] for _, state in lineage.inspect(by_content.id).inputs] == ["a.csv@external"]
    assert [state.id for _, state in lineage.inspect(by_time.id).inputs] == ["a.csv@airflow"]


def test_promised_outputs_of_a_body_that_fails_are_not_recorded(lineage: Lineage) -> None:
    with pytest.raises(ZeroDivisionError), stage.running(outputs=["out.csv"]):
        raise ZeroDivisionError
    found = the_run(lineage)
    assert (found.run.status, names_written(found)) == (Status.FAILED, [])


def test_one_function_can_be_a_component(lineage: Lineage) -> None:
    @component("single", output_vars=["out"], durability="wait")
    def single() -> str:
        out = "out.csv"
        return out

    single()
    assert [run.component for run in lineage.recent().runs] == ["single"]


@pytest.mark.parametrize(
    ("decorate", "told"),
    [
        (stage.run(input_vars=["sourse"]), r"input_vars of .* names 'sourse' \(.* has n, source\)"),
        (stage.run(output_vars=["m"]), "output_vars of .* names 'm'"),
        (stage.run(output_vars="source"), "output_vars='source' is one text"),
        (lambda f: Component("c", before=[lambda rows: None]).run(f), "<lambda> of .* names 'rows'"),
        (lambda f: Component("c", after=[lambda rows: None]).run(f), "<lambda> of .* names 'rows'"),
        (lambda f: Component("c", on_failure="explode"), "on_failure='explode'"),  # type: ignore[arg-type]
        (lambda f: Component("c", auto_log="yes"), r"auto_log='yes' \(use True, False\)"),  # type: ignore[arg-type]
        (lambda f: Component("c", speed="high"), "no option 'speed'"),  # type: ignore[call-arg]
        (lambda f: stage.run(7), "7 is no function"),  # type: ignore[call-overload]
    ],
)
def test_a_mistake_is_told_when_the_function_is_decorated(decorate: Callable[[Any], object], told: str) -> None:
    def work(source: str) -> int:
        n = len(source)
        return n

    with pytest.raises(UsageError, match=told):
        decorate(work)


def test_what_cannot_be_known_before_becomes_a_warning_of_the_run(lineage: Lineage) -> None:
    @stage.run(output_vars=["model", "report"])
    def fit(*, good: bool) -> str:
        report = None
        if good:
            model = "m.pkl"
        return "done" if good else str(report)

    assert (fit(good=False), fit(good=True)) == ("None", "done")
    bad, good = runs(lineage)
    nothing = "report is None: nothing to point to"
    assert warnings_of(bad) == [nothing, "model is no variable of the function when it returns"]
    assert (names_written(good), warnings_of(good)) == (["m.pkl"], [nothing])


def test_what_is_named_like_a_secret_is_masked(lineage: Lineage) -> None:
    @stage.run
    def load(url: str, db_password: str, API_TOKEN: str = "t") -> str:  # noqa: N803
        return url + db_password + API_TOKEN

    load("u", "p")
    assert the_run(lineage).run.params == {"url": "u", "db_password": "***", "API_TOKEN": "***"}


def test_host_and_user_are_kept_by_choice_only(lineage: Lineage) -> None:
    Component("open", records_environment=True).run(lambda: None)()
    Component("shy").run(lambda: None)()
    found = {one.run.component: facet(one, "host") for one in runs(lineage)}
    assert (found["open"] is None, found["shy"]) == (False, None)


def test_a_switched_off_component_records_nothing_and_returns_the_same(
    lineage: Lineage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording.switch, "is_off", True)
    assert bare(1) == (1, 1, (), 2, {})
    with stage.running() as run:
        run.output("x.csv")
    assert type(run) is type(current_run())
    assert runs(lineage) == []
