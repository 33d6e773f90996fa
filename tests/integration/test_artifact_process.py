"""Artifacts when programs end, fork, start workers, and save more than they may hold in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

import headwater
from headwater.sdk.artifacts.where import open_artifacts

DEADLINE_S = 120.0
BEGIN = """
import atexit, os, resource, sys, threading, time
from pathlib import Path
import headwater
from headwater.sdk.artifacts import places, saver

stage = headwater.Component("stage", artifacts="outputs")

@stage.run(output_vars=["rows"])
def work(n):
    rows = list(range(n))
    headwater.current_run().output(rows, name=f"rows-{n}")
    return n
"""


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    ours = {key: value for key, value in os.environ.items() if not key.startswith("HEADWATER_")}
    quiet = {"PYTHONWARNINGS": "ignore::DeprecationWarning"}
    return {**ours, **quiet, "HEADWATER_STORE": f"sqlite:///{tmp_path}/lineage.db"}


def run(folder: Path, environment: Mapping[str, str], body: str) -> subprocess.CompletedProcess[str]:
    path = folder / "program.py"
    path.write_text(BEGIN + textwrap.dedent(body), encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(path)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )


def saved(folder: Path) -> list[str | None]:
    store = open_artifacts(str(folder / "artifacts"))
    assert all(store.faults(entry) == [] for entry in store.entries())
    return sorted(entry.name for entry in store.entries())  # type: ignore[type-var]


def unsaved(folder: Path) -> list[object]:
    with headwater.connect(f"sqlite:///{folder}/lineage.db") as lineage:
        details = [lineage.inspect(found.id) for found in lineage.recent(1000).runs]
    return [value for detail in details for key, value in detail.facets.items() if key.key == "unsaved"]


def test_what_is_on_its_way_is_saved_when_the_program_ends(tmp_path: Path, environment: Mapping[str, str]) -> None:
    done = run(tmp_path, environment, "print([work(n) for n in range(1, 4)])")
    assert (done.stdout, done.stderr, done.returncode) == ("[1, 2, 3]\n", "", 0)
    assert saved(tmp_path) == ["rows-1", "rows-2", "rows-3"]


def test_what_a_place_does_not_take_until_the_end_is_told_with_the_run(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    body = """
        places.Folder.write = lambda *_: threading.Event().wait()
        atexit.unregister(saver.saver.finish)
        atexit.register(saver.saver.finish, 0.1)
        print(work(1), work(2))
    """
    done = run(tmp_path, environment, body)
    assert (done.stdout, done.returncode) == ("1 2\n", 0)
    waiting = [path.read_text("utf-8") for path in tmp_path.glob("spool/*/*.jsonl")]
    assert "'rows': 'the program ended before it was saved'" in f"{unsaved(tmp_path)}" or any(
        "the program ended before it was saved" in facts for facts in waiting
    )


def test_workers_and_forks_save_their_own(tmp_path: Path, environment: Mapping[str, str]) -> None:
    body = """
        import multiprocessing
        if __name__ == "__main__":
            work(1)
            for n, method in enumerate(("fork", "spawn"), 2):
                process = multiprocessing.get_context(method).Process(target=work, args=(n,))
                process.start()
                process.join()
    """
    done = run(tmp_path, environment, body)
    assert (done.stderr, done.returncode) == ("", 0)
    assert len(saved(tmp_path)) == 3


def test_a_full_file_system_is_told_with_the_run(tmp_path: Path, environment: Mapping[str, str]) -> None:
    body = """
        (Path.cwd() / "artifacts" / "parts").mkdir(parents=True)
        write = places.Folder._write
        def at_the_limit(self, path, data):
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
            try:
                write(self, path, data)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        places.Folder._write = at_the_limit
        print(work(1000))
    """
    done = run(tmp_path, environment, body)
    assert (done.stdout, done.returncode) == ("1000\n", 0)
    [found] = unsaved(tmp_path)
    assert "File too large" in found["rows"]  # type: ignore[index]
    assert [path for path in tmp_path.glob("artifacts/**/*") if path.is_file()] == []


@pytest.mark.slow
@pytest.mark.parametrize("what", ["file", "array"])
def test_more_than_may_be_in_memory_is_saved_and_loaded(
    tmp_path: Path, environment: Mapping[str, str], what: str
) -> None:
    body = f"""
        import numpy as np
        size = 1 << 28
        if {what!r} == "file":
            value = Path("big.bin")
            with value.open("wb") as file:
                file.truncate(size)
        else:
            value = np.zeros(size, "u1")
            value[::4096] = 1
        headwater.flush()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        headwater.save(value, "big")
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before >> 10)
        if {what!r} == "file":
            headwater.load("big", to="copy.bin")
            assert Path("copy.bin").stat().st_size == size
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before >> 10)
        else:
            assert (headwater.load("big") == value).all()
    """
    done = run(tmp_path, environment, body)
    assert (done.stderr, done.returncode) == ("", 0)
    # Whoever held the value as a whole would take 256 MiB.
    assert all(int(mib) < 64 for mib in done.stdout.split())
    assert saved(tmp_path) == ["big"]
