"""Stores that the real ml-metadata package has made, read by the loader."""

from __future__ import annotations

import random
from pathlib import Path
from typing import cast

import pytest

from headwater.errors import SourceError
from headwater.graph.connect import connect
from headwater.graph.facts import Fact, RunFact
from headwater.graph.values import JSON
from headwater.loaders.base import Item
from headwater.loaders.importing import import_source
from headwater.loaders.mlmd import MlmdLoader
from headwater.testing.oracle import expected_digest
from tests.support.other_packages import run_with

PACKAGE = "ml-metadata==1.17.1"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("mlmd") / "metadata.db"
    run_with([PACKAGE], Path(__file__).parent.parent / "support" / "make_mlmd_store.py", str(path))
    return str(path)


def facts_in(source: str) -> list[Fact]:
    return [fact for found in MlmdLoader().read(source) if isinstance(found, Item) for fact in found.facts]


def test_a_model_is_traced_to_the_run_that_made_its_examples_and_not_to_the_cached_one(
    source: str, tmp_path: Path
) -> None:
    with connect(f"sqlite:///{tmp_path}/lineage.db") as lineage:
        report = import_source(lineage.store, MlmdLoader(), source)
        runs = [fact for fact in facts_in(source) if isinstance(fact, RunFact)]
        found = lineage.trace("/taxi/model/2")

    assert (dict(report.read), report.skipped, report.warnings) == ({"execution": 4}, 0, 0)
    assert [run.component for run in runs] == ["taxi.ExampleGen", "taxi.Trainer"] * 2
    states = {f"/taxi/model/2@{runs[3].id}", f"/taxi/examples/1@{runs[0].id}", "/data/raw.csv@external:mlmd:1"}
    assert set(found.nodes) == {*states, runs[3].id, runs[0].id}
    assert runs[2].facets["reused"] == [f"/taxi/examples/1@{runs[0].id}"]


def test_what_the_package_wrote_is_read_as_it_was_meant(source: str) -> None:
    run = next(fact for fact in facts_in(source) if isinstance(fact, RunFact))

    assert dict(run.params) == {"steps": 3, "rate": 0.1}
    assert run.outputs[0].facets["properties"] == {"producer": {"split": ["train", "eval"], "rows": 12.0}}
    [event] = cast("list[dict[str, JSON]]", run.outputs[0].facets["events"])
    assert (event["type"], event["path"]) == ("OUTPUT", ["examples", 0])
    assert run.facets["contexts"] == [
        {"type": "node", "name": "taxi.ExampleGen"},
        {"type": "pipeline_run", "name": "run-1"},
    ]


@pytest.mark.parametrize("version", [6, 7, 8, 9])
def test_every_older_version_that_is_read_gives_the_same_graph(source: str, version: int) -> None:
    assert expected_digest(facts_in(f"{source}.v{version}")) == expected_digest(facts_in(source))


def test_an_older_version_than_those_is_refused(source: str) -> None:
    with pytest.raises(SourceError, match="version 5 of its schema"):
        facts_in(f"{source}.v5")


def test_an_import_that_is_shuffled_and_repeated_gives_the_same_digest(source: str, tmp_path: Path) -> None:
    facts = facts_in(source)
    sent = [*facts, *facts]
    random.Random(7).shuffle(sent)
    with connect(f"sqlite:///{tmp_path}/lineage.db") as lineage:
        for fact in sent:
            lineage.store.record([fact])
        import_source(lineage.store, MlmdLoader(), source)
        assert lineage.store.digest() == expected_digest(facts)


def test_a_store_that_may_not_be_written_is_read_and_left_as_it_was(source: str) -> None:
    path, before = Path(source), Path(source).read_bytes()
    path.chmod(0o444)
    facts_in(source)
    path.chmod(0o644)

    assert path.read_bytes() == before
    assert not list(path.parent.glob(f"{path.name}-*"))
