"""Deletions as a team runs them: programs that log by the SDK, files on a disk, rows by labels, a spool."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import headwater
from headwater.cli.app import app
from headwater.cli.context import options
from headwater.deletion import Deletions, Task
from headwater.deletion.spools import scrub_spool
from headwater.errors import StillReached
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, Input, Output, RunFact
from headwater.graph.redaction import Redaction
from headwater.sdk.recording import spool_folder
from headwater.sdk.spool import Spool
from tests.support.forgetting import Again, pipeline, ran, ready
from tests.support.neo4j_database import Database
from tests.support.stores import opened

PROGRAM = """
import json, os, sys
import headwater

clean = headwater.Component("clean")


@clean.run(input_vars=["sources"], output_vars=["target"])
def write(sources, target="clean.csv"):
    with open(target, "w") as file:
        file.writelines(open(source).read() for source in sources)


write(sys.argv[1:])
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWATER_STORE", "sqlite:///lineage.db")
    yield tmp_path
    options.json = False


def run(line: str) -> Result:
    options.json = False
    return CliRunner().invoke(app, line.split()[1:])


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_a_program_is_rerun_without_the_client_and_the_file_goes(here: Path) -> None:
    put(here, "clients/yan.csv", "yan,1\n")
    put(here, "clients/zoe.csv", "zoe,2\n")
    put(here, "clean.py", PROGRAM)
    rerun = f'[[rerun]]\ncomponent = "clean"\ncommand = "{sys.executable} clean.py {{inputs}}"\n'
    put(here, ".headwater/forget.toml", rerun + '[[remove]]\nname = "clients/*"\nfiles = "."\n')
    shell = f"{sys.executable} clean.py clients/yan.csv clients/zoe.csv"
    Deletions(headwater.configure(), {"*": shell})
    Task("first", "", "clean")
    import subprocess

    subprocess.run(shell.split(), check=True)

    for line in (
        "headwater forget request clients/zoe.csv --reason 4711 --by ann",
        "headwater forget plan --by ann",
        "headwater forget approve --by bob",
        "headwater forget execute --for-real --by bob",
        "headwater forget verify",
    ):
        done = run(line)
        assert done.exit_code == 0, done.output

    assert (here / "clean.csv").read_text() == "yan,1\n"
    assert [path.name for path in (here / "clients").iterdir()] == ["yan.csv"]
    [newest, _] = headwater.default().history("clean").runs
    detail = headwater.inspect(newest.id)
    assert newest.labels["rerun_of"] != newest.id
    assert [(state.name, state.digest is not None) for _, state in detail.inputs] == [("clients/yan.csv", True)]
    assert detail.run.source is not None


def test_rows_are_left_out_by_a_program_that_says_so(tmp_path: Path) -> None:
    with opened(Database(f"sqlite:///{tmp_path}/lineage.db")) as store:
        rows = Input("orders.csv", labels={"client": ["yan", "zoe"]})
        store.record([ran("r1", "sum", 0, [rows], "sums.csv"), ran("r2", "show", 2, ["sums.csv"], "page.html")])

        def again(task: Task) -> None:
            assert task.leaves_out == (("client", "zoe"),)
            left = Input("orders.csv", labels={"client": ["yan"]}) if task.component == "sum" else Input("sums.csv")
            store.record([ran(task.id, task.component, 10 + len(task.component), [left], *task.outputs)])

        removed: list[tuple[str, object]] = []
        remover = {"*": lambda one: removed.append((one.state.name, one.rows))}
        deletions, request = ready(store, Again(again), "client=zoe", remove=remover)

        done = deletions.execute(by="bob", dry_run=False)

        assert done.status == "completed"
        assert removed[-1] == ("orders.csv", (("client", "zoe"),))
        assert store.resolve("orders.csv@external").erased is None
        assert store.labelled([("client", "zoe")]) == []
        assert store.labelled([("client", "yan")])
        assert deletions.verify(request).is_done


def test_a_program_that_reads_the_rows_again_is_stopped(tmp_path: Path) -> None:
    with opened(Database(f"sqlite:///{tmp_path}/lineage.db")) as store:
        store.record([ran("r1", "sum", 0, ["orders.csv"], "sums.csv")])
        store.record([Annotation("orders.csv@external", "label", "zoe", "client")])
        deletions, request = ready(store, Again(), "client=zoe")

        with pytest.raises(StillReached, match="labels of its inputs"):
            deletions.execute(by="bob", dry_run=False)

        assert not deletions.verify(request).is_done


def test_nothing_of_the_subject_stays_in_the_files_of_a_store(tmp_path: Path) -> None:
    place = Database(f"sqlite:///{tmp_path}/lineage.db")
    with opened(place) as store:
        store.record(pipeline())
        store.record([RunFact("r1", params={"of": "zoe"}, at=pipeline()[0].at)])
        deletions, _ = ready(store, Again())
        before = b"".join(path.read_bytes() for path in tmp_path.glob("lineage.db*"))

        deletions.execute(by="bob", dry_run=False)

        after = {path.name: path.read_bytes().count(b"zoe") for path in tmp_path.glob("lineage.db*")}
    assert before.count(b"zoe") > 3
    assert set(after.values()) == {0}


def test_facts_that_wait_on_the_disk_are_redacted(tmp_path: Path) -> None:
    spool = Spool(lambda: tmp_path)
    waiting = ran("late", "load", 0, ["clients/zoe/a.csv", "other.csv"], "t.csv")
    spool.write([waiting])
    spool.write([RunFact("else", inputs=(Input("other.csv"),), outputs=(Output("x"),))])
    (tmp_path / "old.bad").write_text('{"name": "clients/zoe/a.csv"\n{"name": "other"\n')
    erasures = [Erasure.of_name("clients/zoe/a.csv", "clients/erased-1/a.csv", "r", "00")]

    changed = scrub_spool(tmp_path, Redaction(erasures), ["clients/zoe/a.csv"])

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert (changed, b"zoe" in kept, b"other" in kept) == (2, False, True)
    [fact] = [fact for path in spool.files() for fact in spool.read(path) if getattr(fact, "id", "") == "late"]
    assert [one.name for one in fact.inputs] == ["clients/erased-1/a.csv", "other.csv"]


def test_an_execution_redacts_the_spool_of_its_store(here: Path) -> None:
    put(here, ".headwater/forget.toml", '[[rerun]]\ncomponent = "*"\ncommand = "true"\n')
    with headwater.connect() as lineage:
        lineage.record(pipeline())
    Spool(lambda: spool_folder("sqlite:///lineage.db")).write([ran("w", "watch", 0, ["clients/zoe/a.csv"], "w.csv")])

    for line in ("request clients/zoe/* --reason 4711", "plan", "approve", "execute --for-real"):
        assert run(f"headwater forget {line}").exit_code == 0

    [waiting] = spool_folder("sqlite:///lineage.db").glob("*.jsonl")
    assert b"zoe" not in waiting.read_bytes()


def test_commands_exit_with_1_while_something_is_wrong(here: Path) -> None:
    with headwater.connect() as lineage:
        lineage.record(pipeline())
    run("headwater forget request clients/zoe/* --reason 4711 --by ann")
    run("headwater forget plan")
    run("headwater forget export --to chain.jsonl")
    content = (here / "chain.jsonl").read_bytes()
    (here / "other.jsonl").write_bytes(content.replace(b'"by":"ann"', b'"by":"eve"'))

    verified, dry, real = (run(f"headwater forget {one}") for one in ("verify", "execute", "execute --for-real"))
    intact, altered = run("headwater forget audit chain.jsonl"), run("headwater forget audit other.jsonl --json")

    assert [one.exit_code for one in (verified, dry, real, intact, altered)] == [1, 1, 1, 0, 1]
    assert "the plan is not approved" in dry.output
    assert json.loads(altered.output)["altered"] == 1


def test_the_artifact_of_an_erased_state_is_freed(here: Path) -> None:
    put(here, ".headwater/forget.toml", '[[rerun]]\ncomponent = "*"\ncommand = "true"\n')
    kept = headwater.configure()
    with headwater.log_run("clean", inputs=["clients/zoe/a.csv"]) as log:
        headwater.save({"rows": ["zoe", 7]}, "clean.json")
    headwater.flush()
    kept.close()

    for line in ("request clients/zoe/* --reason 4711", "plan", "approve", "execute --for-real"):
        done = run(f"headwater forget {line}")
        assert done.exit_code == 0, done.output

    found = json.loads(run("headwater forget report --json").output)["execution"]["purged"]
    assert (set(found.values()), log.id in str(found)) == ({"freed"}, False)
