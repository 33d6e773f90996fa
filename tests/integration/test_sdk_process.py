"""Whatever becomes of the program, of its workers and of its disk: nothing is lost that could be kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

import headwater
from headwater.graph.facts import RunFact, Status
from headwater.graph.wire import fact_from_dict

DEADLINE_S = 60.0
BEGIN = """
import os, sys, time, threading
import headwater
from headwater.sdk.component import Component
from headwater.sdk import recording
from headwater.graph import connect

stage = Component("stage")

@stage.run(output_vars=["out"])
def work(name):
    out = f"{name}.csv"
    return name
"""
HANGING = """
class Hanging:
    def record(self, facts):
        threading.Event().wait()
connect._default[:] = [Hanging()]
"""
RAISING = """
class Raising:
    def record(self, facts):
        raise RuntimeError("no store today")
connect._default[:] = [Raising()]
"""


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    ours = {key: value for key, value in os.environ.items() if not key.startswith("HEADWATER_")}
    # From Python 3.12 on a fork warns of every thread that there is, the recorder's too.
    quiet = {"PYTHONWARNINGS": "ignore::DeprecationWarning"}
    return {**ours, **quiet, "HEADWATER_STORE": f"sqlite:///{tmp_path}/lineage.db"}


def program(folder: Path, body: str) -> list[str]:
    """Write a program that has a component, and return the command that runs it."""
    path = folder / "program.py"
    path.write_text(BEGIN + textwrap.dedent(body), encoding="utf-8")
    return [sys.executable, str(path)]


def run(folder: Path, environment: Mapping[str, str], body: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end; it must not have lasted longer than a minute."""
    return subprocess.run(
        program(folder, body),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )


def written(folder: Path) -> dict[str, Status]:
    """Return what runs in the store wrote, with the status of the run."""
    with headwater.connect(f"sqlite:///{folder}/lineage.db") as lineage:
        details = [lineage.inspect(run.id) for run in lineage.recent(1000).runs]
    return {pointer.name: detail.run.status for detail in details for pointer in detail.outputs}


def spooled(folder: Path) -> set[str]:
    """Return what the runs wrote whose facts wait on disk."""
    lines = [line for path in folder.glob("spool/*/*.jsonl") for line in path.read_text("utf-8").splitlines()]
    facts = [fact_from_dict(json.loads(line)) for line in lines]
    return {output.name for fact in facts if isinstance(fact, RunFact) for output in fact.outputs}


def test_what_is_on_its_way_is_sent_when_the_program_ends(tmp_path: Path, environment: Mapping[str, str]) -> None:
    done = run(tmp_path, environment, "print([work(f'{n}') for n in range(3)])")
    assert (done.stdout, done.stderr, done.returncode) == ("['0', '1', '2']\n", "", 0)
    assert written(tmp_path) == dict.fromkeys(["0.csv", "1.csv", "2.csv"], Status.COMPLETED)


def test_a_program_that_fails_is_recorded_too(tmp_path: Path, environment: Mapping[str, str]) -> None:
    body = """
        @stage.run(output_vars=["half"])
        def fail():
            half = "half.csv"
            raise ValueError("at the end")
        fail()
    """
    done = run(tmp_path, environment, body)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ValueError: at the end"
    assert written(tmp_path) == {"half.csv": Status.FAILED}


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_multiprocessing_send_what_they_have(
    tmp_path: Path, environment: Mapping[str, str], method: str
) -> None:
    body = f"""
        import multiprocessing
        if __name__ == "__main__":
            work("parent")
            context = multiprocessing.get_context("{method}")
            workers = [context.Process(target=work, args=[f"child-{{n}}"]) for n in range(2)]
            [worker.start() for worker in workers]
            [worker.join() for worker in workers]
            print([worker.exitcode for worker in workers])
    """
    done = run(tmp_path, environment, body)
    assert (done.stdout, done.stderr) == ("[0, 0]\n", "")
    assert written(tmp_path).keys() == {"parent.csv", "child-0.csv", "child-1.csv"}


def test_a_fork_sends_what_is_its_own_and_not_what_is_its_parents(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    body = """
        work("before")
        child = os.fork()
        work("child" if child == 0 else "parent")
        if child == 0:
            sent = recording.flush() and recording.recorder_stats().sent
            os._exit(sent)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    done = run(tmp_path, environment, body)
    its_component_and_source_its_start_and_its_end = 4
    assert (done.stdout, done.stderr) == (f"{its_component_and_source_its_start_and_its_end}\n", "")
    assert written(tmp_path).keys() == {"before.csv", "child.csv", "parent.csv"}


def killed(folder: Path, environment: Mapping[str, str], body: str) -> None:
    """Run the program until it says that it is ready, and kill it as `kill -9` does."""
    with subprocess.Popen(program(folder, body), cwd=folder, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGKILL)


def test_who_waits_has_everything_after_a_kill(tmp_path: Path, environment: Mapping[str, str]) -> None:
    body = """
        stage.durability = "wait"
        work("a"), work("b")
        print("ready", flush=True)
        threading.Event().wait()
    """
    killed(tmp_path, environment, body)
    assert written(tmp_path) == {"a.csv": Status.COMPLETED, "b.csv": Status.COMPLETED}


def test_who_waits_for_a_store_that_fails_has_everything_on_disk_after_a_kill(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    body = RAISING + "stage.durability = 'wait'; work('a'); print('ready', flush=True); threading.Event().wait()\n"
    killed(tmp_path, environment, body)
    assert spooled(tmp_path) == {"a.csv"}
    run(tmp_path, environment, "work('b')")
    assert (set(written(tmp_path)), spooled(tmp_path)) == ({"a.csv", "b.csv"}, set())


def test_a_run_that_is_killed_is_known_to_have_begun(tmp_path: Path, environment: Mapping[str, str]) -> None:
    body = """
        with stage.running(inputs=["in.csv"]):
            recording.flush()
            print("ready", flush=True)
            threading.Event().wait()
    """
    killed(tmp_path, environment, body)
    with headwater.connect(f"sqlite:///{tmp_path}/lineage.db") as lineage:
        [found] = lineage.recent().runs
        assert (found.component, found.status) == ("stage", Status.RUNNING)
        assert [state.name for _, state in lineage.inspect(found.id).inputs] == ["in.csv"]


def test_a_store_that_hangs_holds_up_neither_the_program_nor_its_end(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    done = run(tmp_path, environment, HANGING + "print(work('a'), work('b'))\n")
    assert (done.stdout, done.returncode) == ("a b\n", 0)
    assert spooled(tmp_path) == {"a.csv", "b.csv"}


def test_a_store_that_raises_changes_nothing_but_the_log(tmp_path: Path, environment: Mapping[str, str]) -> None:
    body = """
        @stage.run
        def fail():
            raise KeyError("mine") from None
        print(work("a"))
        fail()
    """
    done = run(tmp_path, environment, RAISING + textwrap.dedent(body))
    assert (done.stdout, done.returncode) == ("a\n", 1)
    assert "KeyError: 'mine'" in done.stderr.splitlines()
    assert done.stderr.count("no store today") == 1
    assert spooled(tmp_path) == {"a.csv"}


def test_a_full_disk_is_counted_and_the_program_goes_on(tmp_path: Path, environment: Mapping[str, str]) -> None:
    body = """
        import resource, signal, logging
        work("first")
        recording.flush()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        result = work("second")
        is_flushed = recording.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(result, is_flushed, recording.recorder_stats().dropped)
    """
    done = run(tmp_path, environment, body)
    assert (done.stdout, done.returncode) == ("second True 2\n", 0)
    assert "first.csv" in written(tmp_path)
    assert list(tmp_path.glob("spool/*/*.part")) == []


@pytest.mark.parametrize("value", ["1", "true"])
def test_switched_off_by_the_environment(tmp_path: Path, environment: Mapping[str, str], value: str) -> None:
    done = run(tmp_path, {**environment, "HEADWATER_DISABLED": value}, "print(work('a'))")
    assert (done.stdout, done.stderr) == ("a\n", "")
    assert not (tmp_path / "lineage.db").exists()


def test_a_component_called_from_an_exit_handler_is_not_lost(tmp_path: Path, environment: Mapping[str, str]) -> None:
    done = run(tmp_path, environment, "import atexit; atexit.register(work, 'late'); print(work('a'))")
    assert (done.stdout, done.stderr) == ("a\n", "")
    assert written(tmp_path).keys() | spooled(tmp_path) == {"a.csv", "late.csv"}


def test_the_order_in_which_a_program_ends_does_not_matter(tmp_path: Path, environment: Mapping[str, str]) -> None:
    body = """
        thread = threading.Thread(target=lambda: [work(f"t{n}") for n in range(50)])
        thread.start()
        work("main")
    """
    done = run(tmp_path, environment, body)
    assert (done.stderr, done.returncode) == ("", 0)
    assert len(written(tmp_path)) == 51
