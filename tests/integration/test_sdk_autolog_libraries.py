"""What pandas, numpy, joblib and scikit-learn touch inside a component is recorded, and they stay what they are."""

from __future__ import annotations

import io
import pickle
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from unittest import mock

import joblib
import numpy as np
import pandas as pd
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
import sqlalchemy
from pandas import read_parquet as early_read_parquet
from sklearn.base import BaseEstimator
from sklearn.cluster import MiniBatchKMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import headwater
from headwater.graph.lineage.face import Lineage
from headwater.sdk import frames
from headwater.sdk.autolog.addresses import address_of, is_address
from headwater.sdk.component import Component
from headwater.sdk.content import digest_of
from tests.support.recorded import names_read, names_written, recording_in, runs, the_run, warnings_of

auto = Component("auto", auto_log=True)
ROWS = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "y": [0, 0, 1, 1]})


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lineage]:
    with recording_in(tmp_path, monkeypatch) as lineage:
        ROWS.to_csv("a.csv", index=False)
        ROWS.to_parquet("a.parquet")
        ROWS.to_parquet("a", partition_cols=["y"])
        np.save("a.npy", ROWS["x"].to_numpy())
        yield lineage


def did(lineage: Lineage, work: Callable[[], object]) -> tuple[list[str], list[str]]:
    """Run the work as a component, and return the names that it read and wrote."""
    auto.run(work)()
    found = the_run(lineage)
    return sorted(names_read(found)), sorted(names_written(found))


def fitted() -> Any:
    return LogisticRegression().fit(ROWS[["x"]], ROWS["y"])


@pytest.mark.parametrize(
    ("work", "read", "wrote"),
    [
        (lambda: pd.read_csv("a.csv").to_csv("c.csv.gz"), ["a.csv"], ["c.csv.gz"]),
        (lambda: pd.read_csv("a.csv", engine="pyarrow").to_json("c.json"), ["a.csv"], ["c.json"]),
        (lambda: pd.read_parquet("a.parquet").to_parquet("c.parquet"), ["a.parquet"], ["c.parquet"]),
        (lambda: early_read_parquet("a.parquet"), ["a.parquet"], []),
        (lambda: pq.write_table(pq.read_table("a.parquet"), "c.parquet"), ["a.parquet"], ["c.parquet"]),
        (lambda: pq.write_to_dataset(pq.read_table("a"), "c", partition_cols=["y"]), ["a"], ["c"]),
        (lambda: pd.read_parquet(Path("a")).to_parquet("c", partition_cols=["y"]), ["a"], ["c"]),
        (lambda: pd.read_csv("a.csv")["x"].to_pickle("c.pkl.xz"), ["a.csv"], ["c.pkl.xz"]),
        (lambda: ROWS.to_csv("a.csv", mode="a"), ["a.csv"], ["a.csv"]),
        (lambda: pd.read_csv(io.StringIO("x\n1")).to_csv(io.StringIO()), [], []),
        (ROWS.to_csv, [], []),
        (lambda: pd.read_xml(io.StringIO("<a><r><x>http://x</x></r></a>")), [], []),
        (lambda: pd.read_csv(Path(pd.__file__).parents[1] / "sklearn/datasets/data/iris.csv"), [], []),
        (lambda: np.save("c.npy", np.load("a.npy")), ["a.npy"], ["c.npy"]),
        (lambda: np.savez("c.npz", a=np.load("a.npy", mmap_mode="r")), ["a.npy"], ["c.npz"]),
        (lambda: np.savetxt("c.txt", np.fromfile("a.npy")), ["a.npy"], ["c.txt"]),
        (lambda: int(np.memmap("c.dat", mode="w+", shape=3)[0]), [], ["c.dat"]),
        (lambda: joblib.dump(np.load("a.npy"), "c.joblib"), ["a.npy"], ["c.joblib"]),
        (lambda: joblib.dump({}, "c.joblib", compress=("lzma", 3)) and joblib.load("c.joblib"), [], ["c.joblib"]),
    ],
)
def test_files_of_each_library_are_recorded(
    lineage: Lineage, work: Callable[[], object], read: list[str], wrote: list[str]
) -> None:
    assert did(lineage, work) == (read, wrote)
    assert warnings_of(the_run(lineage)) == []


def test_a_file_that_was_open_before_is_named_by_who_reads_it(lineage: Lineage) -> None:
    with Path("a.csv").open() as source, Path("c.csv").open("w") as target:
        assert did(lineage, lambda: pd.read_csv(source).to_csv(target)) == (["a.csv"], ["c.csv"])


def test_parquet_has_the_digest_of_its_file_on_both_sides(lineage: Lineage) -> None:
    auto.run(lambda: ROWS.to_parquet("c.parquet"))()
    auto.run(lambda: pd.read_parquet("c.parquet"))()
    made, reader = runs(lineage)
    assert [state.id for _, state in reader.inputs] == [f"c.parquet@{made.run.id}"]
    assert str(made.outputs[0].digest).startswith("sha256:")


class Csv(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the name of the method
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x\n1\n")

    def log_message(self, *_: object) -> None: ...


def test_an_address_is_recorded_without_its_secrets(lineage: Lineage) -> None:
    with HTTPServer(("127.0.0.1", 0), Csv) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        place = f"127.0.0.1:{server.server_port}/a.csv"
        read, _ = did(lineage, lambda: pd.read_csv(f"http://{place}?month=3&X-Amz-Signature=abc&token=t"))
        server.shutdown()
    assert read == [f"http://{place}?month=3&X-Amz-Signature=***&token=***"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s3://ann:pw@bucket/a.parquet", "s3://bucket/a.parquet"),
        ("simplecache::s3://bucket/a.csv", "simplecache::s3://bucket/a.csv"),
        ("https://h/a?sig=x&n=1&Signature=y#part", "https://h/a?sig=***&n=1&Signature=***"),
        ("postgresql+psycopg://ann:p%40w@db:5432/rows", "postgresql+psycopg://db:5432/rows"),
        ("sqlite:////data/rows.db", "sqlite:////data/rows.db"),
        ("<table>http://ann:pw@x</table>", None),
        ("C:\\data\\a.csv", None),
    ],
)
def test_an_address_keeps_what_names_it(text: str, address: str | None) -> None:
    assert (address_of(text) if is_address(text) else None) == address


def test_tables_of_a_database_have_names_and_queries_a_warning(lineage: Lineage) -> None:
    engine = sqlalchemy.create_engine("sqlite:///rows.db")

    def work() -> None:
        ROWS.to_sql("rows", engine)
        pd.read_sql_table("rows", "sqlite:///rows.db")
        pd.read_sql("SELECT * FROM rows", engine)

    assert did(lineage, work) == ([], ["sqlite:///rows.db#rows"])
    assert warnings_of(the_run(lineage)) == [
        "auto_log: what a query reads is not known: name its tables by run.input",
    ]
    engine.dispose()


def test_a_database_without_an_address_is_a_warning(lineage: Lineage) -> None:
    with sqlite3.connect("rows.db") as connection:
        did(lineage, lambda: ROWS.to_sql("rows", connection))
    connection.close()
    assert warnings_of(the_run(lineage)) == [
        "auto_log: to_sql writes to a database that has no address: name the table by run.output"
    ]


def test_a_fitted_model_is_an_output_with_its_content_and_who_predicts_reads_it(lineage: Lineage) -> None:
    train, predict = Component("train", auto_log=True), Component("predict", auto_log=True)
    model = train.run(fitted)()
    assert list(predict.run(lambda: model.predict(ROWS[["x"]]))()) == list(model.predict(ROWS[["x"]]))
    trained, predicted = runs(lineage)
    [wrote], [(_, read)] = trained.outputs, predicted.inputs
    assert (wrote.name, wrote.type, wrote.digest) == ("train/LogisticRegression", "model", digest_of(model).digest)
    assert read.id == wrote.id


def test_a_model_that_a_component_inside_has_fitted_is_read_from_it(lineage: Lineage) -> None:
    train = Component("train", auto_log=True).run(fitted)
    auto.run(lambda: train().predict(ROWS[["x"]]))()
    [outer], [inner] = ([one for one in runs(lineage) if one.run.component == name] for name in ("auto", "train"))
    assert [state.id for _, state in outer.inputs] == [f"train/LogisticRegression@{inner.run.id}"]
    assert names_written(outer) == []


def test_what_a_trigger_does_beside_the_body_is_no_lineage(lineage: Lineage) -> None:
    model = fitted()
    has_ended, may_end = Event(), Event()

    @headwater.asynchronous
    def check() -> None:
        may_end.wait(20)
        model.predict(pd.read_parquet("a.parquet")[["x"]])
        has_ended.set()

    @Component("auto", auto_log=True, before=[check]).run
    def work() -> None:
        may_end.set()
        has_ended.wait(20)

    work()
    found = the_run(lineage)
    assert (names_read(found), [result["outcome"] for result in found.run.triggers.values()]) == ([], ["passed"])


def test_a_model_that_is_loaded_is_read_from_its_file(lineage: Lineage) -> None:
    joblib.dump(fitted(), "m.joblib")
    assert did(lineage, lambda: joblib.load("m.joblib").predict(ROWS[["x"]])) == (["m.joblib"], [])


def test_a_model_from_another_process_is_found_by_its_content(lineage: Lineage, tmp_path: Path) -> None:
    program = f"""
        import joblib, pandas, headwater
        from sklearn.linear_model import LogisticRegression
        headwater.configure("sqlite:///{tmp_path}/lineage.db")
        rows = pandas.read_csv("a.csv")
        train = headwater.Component("train", auto_log=True, durability="wait")
        model = train.run(lambda: LogisticRegression().fit(rows[["x"]], rows["y"]))()
        joblib.dump(model, "m.joblib")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)
    model = joblib.load("m.joblib")
    auto.run(lambda: model.predict(ROWS[["x"]]))()
    trained, predicted = runs(lineage)
    assert [state.id for _, state in predicted.inputs] == [f"train/LogisticRegression@{trained.run.id}"]


def test_a_model_of_unknown_origin_is_an_input_by_its_class(lineage: Lineage) -> None:
    model = fitted()
    assert did(lineage, lambda: model.score(ROWS[["x"]], ROWS["y"])) == (["LogisticRegression"], [])
    assert [state.digest for _, state in the_run(lineage).inputs] == [digest_of(model).digest]


def _grid() -> None:
    GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=2).fit(ROWS[["x"]], ROWS["y"]).predict(ROWS[["x"]])


def _three() -> object:
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS[["x"]], ROWS["y"])
    pipeline.predict(ROWS[["x"]])
    return fitted(), pipeline, fitted()


def _many() -> None:
    for _ in range(5):
        fitted()


def _threads() -> None:
    RandomForestClassifier(4, n_jobs=2).fit(ROWS[["x"]], ROWS["y"])


class Custom(BaseEstimator):  # type: ignore[misc]
    def fit(self, rows: object) -> Custom:
        self.rows_ = rows
        return self


def _unfit() -> None:
    with pytest.raises(ValueError, match="inconsistent"):
        LogisticRegression().fit([[1]], [1, 2])


@pytest.mark.parametrize(
    ("work", "wrote"),
    [
        (_grid, ["auto/GridSearchCV"]),
        (_three, ["auto/LogisticRegression", "auto/LogisticRegression-2", "auto/Pipeline"]),
        (_many, ["auto/LogisticRegression"]),
        (_threads, ["auto/RandomForestClassifier"]),
        (_unfit, []),
        (lambda: StandardScaler().fit_transform(ROWS[["x"]]), ["auto/StandardScaler"]),
        (lambda: MiniBatchKMeans(2, n_init=1).fit_predict(ROWS[["x"]]), ["auto/MiniBatchKMeans"]),
        (lambda: Custom().fit([1]), ["auto/Custom"]),
        (lambda: headwater.pointer(fitted(), "taxi"), ["taxi"]),
    ],
)
def test_what_is_fitted_is_an_output_and_the_parts_of_it_are_none(
    lineage: Lineage, work: Callable[[], object], wrote: list[str]
) -> None:
    assert did(lineage, work) == ([], wrote)


def test_a_model_that_a_variable_names_is_one_pointer(lineage: Lineage) -> None:
    @auto.run(output_vars=["model"])
    def train() -> object:
        model = fitted()
        return model  # noqa: RET504  # the variable is what is captured

    train()
    assert names_written(the_run(lineage)) == ["model"]


def test_files_and_models_are_saved_where_artifacts_are(lineage: Lineage) -> None:
    @Component("keeps", auto_log=True, artifacts="outputs").run
    def train() -> object:
        ROWS.to_csv("c.csv")
        return fitted()

    model: Any = train()
    assert sorted(names_written(the_run(lineage))) == ["c.csv", "keeps/LogisticRegression"]
    with headwater.load("c.csv") as file:
        assert file.read() == Path("c.csv").read_bytes()
    assert digest_of(headwater.load("keeps/LogisticRegression", format="joblib")) == digest_of(model)


def test_a_model_that_is_fitted_further_is_read_and_written(lineage: Lineage) -> None:
    model = SGDClassifier(random_state=0).fit(ROWS[["x"]], ROWS["y"])
    before = digest_of(model).digest
    read, wrote = did(lineage, lambda: model.partial_fit(ROWS[["x"]], ROWS["y"]))
    assert (read, wrote) == (["SGDClassifier"], ["auto/SGDClassifier"])
    assert [state.digest for _, state in the_run(lineage).inputs] == [before]
    assert the_run(lineage).outputs[0].digest == digest_of(model).digest != before


def _state() -> list[object]:
    functions = [pd.read_csv, pd.read_sql, pq.read_table, pd.DataFrame.__dict__["to_parquet"], pd.Series.to_csv]
    methods = [LogisticRegression.__dict__["fit"], BaseSearchCV.__dict__["predict"].fn, StandardScaler.transform]
    return [*functions, *methods, *sys.meta_path, sys.getprofile(), open, joblib.load, np.load]


def test_nothing_stands_in_the_place_of_anything_afterwards(lineage: Lineage) -> None:
    before = _state()
    auto.run(lambda: None)()
    with pytest.raises(ZeroDivisionError):
        auto.run(lambda: 1 / 0)()
    assert _state() == before
    assert len(runs(lineage)) == 2


def test_overlapping_runs_end_in_any_order(lineage: Lineage) -> None:
    before = _state()

    @auto.run
    def steps(name: str) -> Iterator[None]:
        yield
        ROWS.to_parquet(name)

    first, second = steps("c.parquet"), steps("d.parquet")
    next(first), next(second)
    assert (list(first), list(second)) == ([], [])
    assert _state() == before
    assert sorted(names_written(one)[0] for one in runs(lineage)) == ["c.parquet", "d.parquet"]


def test_what_the_program_patches_meanwhile_stays_and_what_it_puts_back_goes_with_the_next_run(
    lineage: Lineage,
) -> None:
    before = pd.read_parquet, pd.read_orc
    patch = mock.patch("pandas.read_parquet")

    def work() -> object:
        with mock.patch("pandas.read_orc"):
            return patch.start()

    assert auto.run(work)() is pd.read_parquet
    assert pd.read_orc is before[1]
    patch.stop()
    auto.run(lambda: pd.read_parquet("a.parquet"))()
    assert (pd.read_parquet, pd.read_orc) == before
    assert sorted(map(names_read, runs(lineage))) == [[], ["a.parquet"]]


def test_functions_can_be_sent_to_other_processes_meanwhile(lineage: Lineage) -> None:
    def work() -> None:
        for function in (pd.read_csv, pq.read_table, pd.DataFrame.to_parquet, fitted().predict):
            pickle.loads(pickle.dumps(function))

    did(lineage, work)


@pytest.mark.parametrize("listens", [False, True] if frames.can_listen() else [False])
def test_libraries_that_a_body_imports_are_looked_at(tmp_path: Path, *, listens: bool) -> None:
    program = f"""
        import os, sys
        import headwater
        from headwater.sdk import frames
        frames._tool = frames._tool if {listens} else None
        headwater.configure("sqlite:///lineage.db")

        @headwater.Component("auto", auto_log=True).run
        def work():
            import pandas
            from sklearn.linear_model import LogisticRegression
            rows = pandas.read_parquet("a.parquet")
            LogisticRegression().fit(rows[["x"]], rows["y"])

        finders = list(sys.meta_path)
        work()
        headwater.flush()
        [run] = headwater.default().recent().runs
        found = headwater.default().inspect(run.id)
        import pandas
        from sklearn.linear_model import LogisticRegression
        print([one.name for _, one in found.inputs], [one.name for one in found.outputs])
        print([one.__code__.co_filename.rpartition(os.sep)[2] for one in (pandas.read_parquet, LogisticRegression.fit)])
        print([one for one in sys.meta_path if "headwater" in repr(one)])
    """
    ROWS.to_parquet(tmp_path / "a.parquet")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    names, files, finders = done.stdout.splitlines()
    assert names == "['a.parquet'] ['auto/LogisticRegression']"
    assert ("calls.py" in files, finders) == (False, "[]")
