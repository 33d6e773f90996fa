"""PROV documents in real stores: circles end, re-imports change nothing, the published documents load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prov.model import ProvDocument

from headwater.graph.connect import open_store
from headwater.graph.lineage.face import Lineage
from headwater.graph.store import Store
from headwater.loaders.importing import import_source
from headwater.loaders.prov.loader import ProvLoader
from tests.support.shared_data import shared_data
from tests.support.stores import BOTH, opened, place_for


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with opened(place_for(request, tmp_path)) as found:
        yield found


def circle(length: int) -> ProvDocument:
    made = ProvDocument()
    made.add_namespace("ex", "http://example.org/")
    for number in range(length):
        made.used(f"ex:a{number}", f"ex:e{number}")
        made.wasGeneratedBy(f"ex:e{(number + 1) % length}", f"ex:a{number}")
    made.wasDerivedFrom("ex:out", "ex:e0")
    return made


def test_a_circle_is_imported_and_every_walk_on_it_ends(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "circle.json"
    circle(40).serialize(str(path), format="json")

    report = import_source(store, ProvLoader(), str(path))

    trace, impact = Lineage(store).trace("example.org/out"), Lineage(store).impact("example.org/e7")
    assert (report.skipped, report.warnings) == (0, 0)
    assert (len(trace), trace.is_complete) == (2 + 2 * 40, True)
    assert set(impact.nodes) == set(trace.nodes)


def test_files_in_any_order_and_number_are_one_graph(tmp_path: Path) -> None:
    circle(3).serialize(str(tmp_path / "a.json"), format="json")
    circle(4).serialize(str(tmp_path / "b.provn"), format="provn")
    with open_store(f"sqlite:///{tmp_path}/1.db") as once, open_store(f"sqlite:///{tmp_path}/2.db") as again:
        import_source(once, ProvLoader(), str(tmp_path))
        for name in ("b.provn", "a.json", "b.provn"):
            import_source(again, ProvLoader(), str(tmp_path / name))

        assert once.digest() == again.digest()


def test_the_published_documents_load_as_a_dry_run_says(tmp_path: Path) -> None:
    source = str(shared_data("prov"))
    dry = import_source(None, ProvLoader(), source)
    with open_store(f"sqlite:///{tmp_path}/1.db") as store:
        real = import_source(store, ProvLoader(), source)

        assert (dry.read, dry.facts, dry.skipped) == (real.read, real.facts, real.skipped)
        assert store.stats()["runs"] == 1
        assert [run.id for run in Lineage(store).trace("example.org/e1").runs()] == ["example.org/a1"]
