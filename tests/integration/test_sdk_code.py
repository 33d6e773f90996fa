"""A run says which code ran: the commit that is checked out, whether it was changed, and the source that was loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import headwater
from headwater.graph.store import RunDetail
from tests.support.recorded import facet

PROGRAM = """
import headwater
headwater.configure("sqlite:///lineage.db")

@headwater.Component("stage").run
def work():
    return "größer"

work()
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout_of_program(tmp_path: Path) -> Path:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / ".gitignore").write_text("lineage.db*\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "A program")
    return tmp_path


def run_of(folder: Path) -> RunDetail:
    """Run the program there, and return its newest run."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("HEADWATER_", "GIT_"))}
    subprocess.run([sys.executable, "program.py"], cwd=folder, env=environ, check=True)
    with headwater.connect(f"sqlite:///{folder}/lineage.db") as lineage:
        return lineage.inspect(lineage.recent().runs[0].id)


def test_a_run_has_the_commit_and_says_whether_it_was_changed(checkout_of_program: Path) -> None:
    commit = git(checkout_of_program, "rev-parse", "HEAD")
    clean = run_of(checkout_of_program)
    (checkout_of_program / "untracked.csv").write_text("x")
    still_clean = run_of(checkout_of_program)
    with (checkout_of_program / "program.py").open("a") as file:
        file.write("# changed\n")
    dirty = run_of(checkout_of_program)
    assert [one.run.commit for one in (clean, still_clean, dirty)] == [commit] * 3
    assert [facet(one, "dirty") for one in (clean, still_clean, dirty)] == [False, False, True]


def test_a_program_outside_of_git_has_no_commit(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    found = run_of(tmp_path)
    assert (found.run.commit, facet(found, "dirty")) == (None, None)


def test_the_source_is_kept_once_for_each_digest(checkout_of_program: Path) -> None:
    first, again = run_of(checkout_of_program), run_of(checkout_of_program)
    path = checkout_of_program / "program.py"
    path.write_text(path.read_text("utf-8").replace("größer", "kleiner"), encoding="utf-8")
    changed = run_of(checkout_of_program)
    assert first.run.source == again.run.source != changed.run.source
    with headwater.connect(f"sqlite:///{checkout_of_program}/lineage.db") as lineage:
        kept = {key.key: str(text) for key, text in lineage.store.facets(["stage"]).items()}
    assert {key: text.count("größer") for key, text in kept.items()} == {
        f"source:{first.run.source}": 1,
        f"source:{changed.run.source}": 0,
    }
