"""A project that the real DVC has made, read by the loader: commits, a branch, a tag, and a lock file that broke."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater import Lineage
from headwater.errors import BadRecord
from headwater.graph.connect import connect
from headwater.graph.facts import Fact, RunFact
from headwater.loaders.base import Item, Problem
from headwater.loaders.dvc import DvcLoader
from headwater.loaders.importing import import_source
from headwater.testing.oracle import expected_digest
from tests.support.other_packages import run_with

PACKAGE = "dvc==3.67.1"
MAKE = Path(__file__).parent.parent / "support" / "make_dvc_project.py"
# Raw data of the first commit, and of the third, as DVC hashed them.
RAW, MORE_RAW = (
    f"raw.csv@external:md5:{md5}" for md5 in ("8eddc7f9522ab982559f93c142940c20", "60deedf13ce7b7900afc1aefcda5d344")
)
TITLE, OTHER_TITLE = (
    f"title.txt@external:md5:{md5}" for md5 in ("7fd2cd2fdda189e6ce71a2e87808d422", "04909160b12db1b2ec42643403719434")
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    run_with([PACKAGE], MAKE, str(folder))
    return folder


@pytest.fixture
def lineage(project: Path, tmp_path: Path) -> Iterator[Lineage]:
    with connect(f"sqlite:///{tmp_path}/lineage.db") as found:
        report = import_source(found.store, DvcLoader(), str(project))
        assert (dict(report.read), report.skipped, report.warnings) == ({"stage": 15, "add": 2}, 0, 0)
        yield found


def facts_in(project: Path) -> list[Fact]:
    return [fact for found in DvcLoader().read(str(project)) if isinstance(found, Item) for fact in found.facts]


def runs_in(project: Path) -> dict[tuple[str, str], RunFact]:
    """Return the runs by the subject of the commit that first shows them, and their component."""
    runs = [fact for fact in facts_in(project) if isinstance(fact, RunFact)]
    return {(git(project, "log", "-1", "--format=%s", str(run.commit)), str(run.component)): run for run in runs}


def git(project: Path, *words: str) -> str:
    who = ["-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", project, *who, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_an_unchanged_stage_is_no_new_run_in_later_commits_branches_and_tags(project: Path) -> None:
    runs = runs_in(project)
    assert Counter(component for _, component in runs) == {
        "prepare": 2,
        "train@north": 4,
        "train@south": 4,
        "report": 5,
    }
    assert [commit for commit, component in runs if component == "prepare"] == ["first", "third"]
    assert [commit for commit, component in runs if component == "train@south"] == [
        *("first", "second", "deeper", "third"),
    ]


def test_params_and_metrics_are_those_of_the_commit(project: Path) -> None:
    runs = runs_in(project)
    said = {
        commit: (runs[commit, "train@north"].params, runs[commit, "train@north"].facets["metrics"])
        for commit in ("first", "second", "deeper", "third")
    }
    assert said == {
        "first": ({"depth": 3}, {"metrics-north.json": {"rows": 1, "depth": 3}}),
        "second": ({"depth": 5}, {"metrics-north.json": {"rows": 1, "depth": 5}}),
        "deeper": ({"depth": 9}, {"metrics-north.json": {"rows": 1, "depth": 9}}),
        "third": ({"depth": 5}, {"metrics-north.json": {"rows": 2, "depth": 5}}),
    }


def test_a_folder_is_a_state_with_the_digest_of_its_list(project: Path) -> None:
    [folder] = runs_in(project)["first", "prepare"].outputs
    assert (folder.name, folder.digest) == ("clean", "md5:6c4bbeea5fff95e78fb44e79e70fc02a.dir")
    assert folder.facets["nfiles"] == 2


@pytest.mark.parametrize(
    ("commit", "prepared", "raw", "title"),
    [
        ("first", "first", RAW, TITLE),
        ("second", "first", RAW, TITLE),
        ("deeper", "first", RAW, TITLE),
        ("third", "third", MORE_RAW, TITLE),
    ],
)
def test_a_report_is_traced_to_the_data_of_its_own_commit(
    lineage: Lineage, project: Path, commit: str, prepared: str, raw: str, title: str
) -> None:
    runs = runs_in(project)
    report, prepare = runs[commit, "report"], runs[prepared, "prepare"]
    trained = {place: runs[commit, f"train@{place}"] for place in ("north", "south")}

    found = lineage.trace(f"report.txt@{report.id}")

    states = {f"model-{place}.txt@{run.id}" for place, run in trained.items()}
    assert set(found.nodes) == {
        *(f"report.txt@{report.id}", report.id, f"clean@{prepare.id}", prepare.id, raw, title),
        *states,
        *(run.id for run in trained.values()),
    }


def test_a_commit_that_only_a_tag_holds_reads_the_models_of_the_first(lineage: Lineage, project: Path) -> None:
    runs = runs_in(project)
    report = runs["in other words", "report"]
    found = lineage.trace(f"report.txt@{report.id}")
    trained = {runs["first", f"train@{place}"].id for place in ("north", "south")}
    assert {run.id for run in found.runs()} == {report.id, runs["first", "prepare"].id, *trained}
    assert OTHER_TITLE in found.nodes


def test_the_impact_of_data_is_what_was_made_of_it_in_any_branch(lineage: Lineage, project: Path) -> None:
    runs = runs_in(project)
    of_first = {run.id for (commit, _), run in runs.items() if commit != "third"}
    assert {run.id for run in lineage.impact(RAW).runs()} == of_first
    assert {run.id for run in lineage.impact(MORE_RAW).runs()} == {run.id for run in runs.values()} - of_first


def test_any_order_and_any_repeats_give_one_digest(project: Path, tmp_path: Path) -> None:
    facts = facts_in(project)
    sent = [*facts, *facts]
    random.Random(11).shuffle(sent)
    with connect(f"sqlite:///{tmp_path}/lineage.db") as lineage:
        for start in range(0, len(sent), 7):
            lineage.store.record(sent[start : start + 7])
        import_source(lineage.store, DvcLoader(), str(project))
        assert lineage.store.digest() == expected_digest(facts)


@pytest.fixture
def broken(project: Path, tmp_path: Path) -> tuple[Path, str]:
    """A copy with one more commit, whose lock file was cut off, and a later one that has mended it; the bad commit."""
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    lock = copy / "dvc.lock"
    whole = lock.read_text()
    lock.write_text(whole[: len(whole) // 2] + "\n  - [")
    git(copy, "commit", "--all", "--message", "broken")
    bad = git(copy, "rev-parse", "HEAD")
    lock.write_text(whole.replace("title.txt > report.txt", "title.txt >report.txt"))
    git(copy, "commit", "--all", "--message", "mended")
    return copy, bad


def test_a_broken_lock_file_in_one_commit_is_named_and_the_others_are_read(broken: tuple[Path, str]) -> None:
    copy, commit = broken
    found = list(DvcLoader().read(str(copy)))
    [problem] = [one for one in found if isinstance(one, Problem)]
    assert str(problem.place).startswith(f"{commit[:12]}:dvc.lock:")
    runs = [fact for one in found if isinstance(one, Item) for fact in one.facts if isinstance(fact, RunFact)]
    assert len(runs) == 16


def test_where_none_may_be_broken_the_first_stops_it(broken: tuple[Path, str], tmp_path: Path) -> None:
    with connect(f"sqlite:///{tmp_path}/lineage.db") as lineage, pytest.raises(BadRecord, match=r"dvc\.lock"):
        import_source(lineage.store, DvcLoader(), str(broken[0]), is_strict=True)
