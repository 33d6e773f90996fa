"""The history of a DVC project, from lock files as DVC writes them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from headwater.errors import SourceError
from headwater.graph.facts import RunFact
from headwater.graph.model import Graph, reference
from headwater.loaders.base import Item, Problem
from headwater.loaders.dvc.loader import DvcLoader

LOCK = """\
schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
    deps:
    - path: raw.csv
      hash: md5
      md5: {raw}
      size: 10
    outs:
    - path: clean.csv
      hash: md5
      md5: {clean}
      size: 9
  train:
    cmd: python train.py
    deps:
    - path: clean.csv
      hash: md5
      md5: {clean}
      size: 9
    outs:
    - path: model.joblib
      hash: md5
      md5: {model}
      size: 5
"""


def git(repository: Path, *words: str, at: int = 0) -> None:
    times = {f"GIT_{who}_DATE": f"2026-01-01T00:00:{at:02}Z" for who in ("AUTHOR", "COMMITTER")}
    who = ["-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", repository, *who, *words], check=True, capture_output=True, env={"HOME": "", **times})


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A project of two commits: the second has new data, and a new model of them."""
    git(tmp_path, "init", "--initial-branch=main")
    for at, (raw, clean, model) in enumerate([("a1", "b1", "c1"), ("a2", "b2", "c2")]):
        lock = LOCK.format(raw=raw * 16, clean=clean * 16, model=model * 16)
        (tmp_path / "dvc.lock").write_text(lock)
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-m", f"version {at}", at=at)
    return tmp_path


def graph_of(repository: Path) -> Graph:
    found = list(DvcLoader().read(str(repository)))
    assert [one for one in found if isinstance(one, Problem)] == []
    return reference(fact for one in found if isinstance(one, Item) for fact in one.facts)


def test_each_state_of_a_stage_is_a_run_that_is_bound_by_its_digests(repository: Path) -> None:
    graph = graph_of(repository)
    stages = {run.id: run.component for run in graph.runs.values()}
    assert sorted(filter(None, stages.values())) == ["prepare", "prepare", "train", "train"]
    read = {(stages[bound.run], graph.pointers[bound.state].digest): bound.state for bound in graph.consumptions}
    assert {key for key in read if key[0] == "train"} == {("train", f"md5:{c * 16}") for c in ("b1", "b2")}
    for (stage, _), state in read.items():
        assert stage == "prepare" or stages[str(graph.pointers[state].run)] == "prepare"


def test_the_same_lock_file_again_is_no_new_run(repository: Path) -> None:
    before = graph_of(repository)
    git(repository, "commit", "--allow-empty", "-m", "nothing new", at=9)
    git(repository, "branch", "other")
    assert graph_of(repository).runs == before.runs


def test_reading_again_gives_the_same_facts(repository: Path) -> None:
    assert list(DvcLoader().read(str(repository))) == list(DvcLoader().read(str(repository)))


def test_a_broken_lock_file_is_told_and_the_rest_is_read(repository: Path) -> None:
    (repository / "dvc.lock").write_text("stages:\n  train: [\n")
    git(repository, "commit", "-am", "broken", at=5)
    found = list(DvcLoader().read(str(repository)))
    assert [one for one in found if isinstance(one, Problem)]
    assert sum(isinstance(f, RunFact) for one in found if isinstance(one, Item) for f in one.facts) == 4


def test_what_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        list(DvcLoader().read(str(tmp_path)))
