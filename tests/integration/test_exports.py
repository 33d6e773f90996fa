"""Exports: what comes back of them, and what other tools read."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import networkx
import pytest
from hypothesis import HealthCheck, given, settings
from prov.model import ProvDocument

from headwater.errors import UnknownKind
from headwater.graph.answer import node_document
from headwater.graph.connect import open_store
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact, TriggerResult
from headwater.graph.lineage.face import Lineage
from headwater.graph.model import Node, Run, reference
from headwater.graph.store import Store
from headwater.loaders import exporting
from headwater.loaders.base import Loader
from headwater.loaders.exporting import Exported, export_kinds, exporter
from headwater.loaders.facts import FactsLoader
from headwater.loaders.importing import import_source
from headwater.loaders.prov.loader import ProvLoader
from headwater.loaders.table import TableLoader
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import at
from headwater.testing.strategies import fact_sets
from tests.support.nasty_facts import nasty_facts

LOSSLESS: dict[str, tuple[str, Callable[[], Loader]]] = {
    "csv": ("export.csv", TableLoader),
    "facts": ("export.jsonl", FactsLoader),
    "prov": ("export.json", ProvLoader),
}
ODD = 'ünï, "quoted"\r\n\ttabs\U0001f33e; =1+1 <b>&amp;</b> ]]> \x0b\x1b %41 \\u0041'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with at_path(tmp_path / "source.db") as found:
        yield found


def at_path(path: Path) -> Store:
    return open_store(f"sqlite:///{path}")


def odd_facts() -> list[Fact]:
    return [
        RunFact(
            ODD,
            ODD,
            started_at=at(0.000001),
            ended_at=at(2),
            inputs=(Input(ODD, facets={ODD: [ODD]}), Input("day", at=at(1)), Input("day", digest="d")),
            outputs=(Output(ODD, "sha256:1", "model", {"rows": 7}), Output("https://api", type="data")),
            params={"empty": "", "none": None, "deep": {"x": [1, 2.5, True]}},
            triggers={"fresh": TriggerResult("error", ODD, {"n": None}, 0.1)},
            commit="",
            error=ODD,
            facets={ODD: ODD},
        ),
        RunFact("still", status=None, started_at=at(3), inputs=(ODD,)),  # type: ignore[arg-type]
        ComponentFact(ODD, description="", owner=ODD, tags=(), at=at(1), facets={"f": None}),
        Annotation(f"{ODD}@{ODD}", "flag", True, who=ODD, why="", at=at(5)),
        Annotation("nobody", "note", ODD, at=at(5)),
    ]


def written(kind: str, what: Exported, path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as to:
        exporter(kind).write(what, to)
    return path


@pytest.mark.parametrize("kind", LOSSLESS)
def test_an_import_of_an_export_is_the_same_graph_told_by_the_same_facts(
    store: Store, tmp_path: Path, kind: str
) -> None:
    store.record([*nasty_facts(3, 150), *odd_facts()])
    name, loader = LOSSLESS[kind]
    path = written(kind, Exported(store), tmp_path / name)

    with at_path(tmp_path / "made.db") as made:
        report = import_source(made, loader(), str(path))

        assert (report.problems, exporter(kind).loss) == ([], "")
        assert made.digest() == store.digest()
        assert list(made.facts()) == list(store.facts())


@pytest.mark.parametrize("kind", LOSSLESS)
def test_any_set_of_facts_comes_back(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    name, loader = LOSSLESS[kind]

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(fact_sets())
    def comes_back(facts: list[Fact]) -> None:
        folder = tmp_path_factory.mktemp(kind)
        with at_path(folder / "source.db") as source, at_path(folder / "made.db") as made:
            source.record(facts)
            import_source(made, loader(), str(written(kind, Exported(source), folder / name)))

            assert made.digest() == expected_digest(facts)

    comes_back()


@pytest.mark.parametrize("kind", LOSSLESS)
def test_an_answer_comes_back_with_the_states_that_its_runs_really_read(
    store: Store, tmp_path: Path, kind: str
) -> None:
    store.record(nasty_facts(4, 150))
    answer = Lineage(store).impact("c")
    name, loader = LOSSLESS[kind]
    path = written(kind, Exported(store, answer), tmp_path / name)

    with at_path(tmp_path / "made.db") as made:
        import_source(made, loader(), str(path))

        runs = [run.id for run in answer.runs()]
        assert made.stats()["runs"] == len(runs)
        assert set(made.sources(runs).edges) == set(store.sources(runs).edges)
        assert set(made.targets(runs).edges) == set(store.targets(runs).edges)


def test_a_whole_trace_makes_the_same_claims_as_its_store(store: Store) -> None:
    store.record(nasty_facts(4, 150))
    answer = Lineage(store).trace("c")

    facts = list(Exported(store, answer).facts())

    assert facts == list(store.facts([run.id for run in answer.runs()]))
    assert set(answer.edges) <= reference(facts).edges


def test_pages_leave_nothing_out_and_nothing_doubled(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.record(nasty_facts(8, 120))
    graph = reference(nasty_facts(8, 120))
    monkeypatch.setattr(exporting, "PAGE", 7)

    nodes = [node.id for node in Exported(store).nodes()]
    edges = list(Exported(store).edges())

    assert sorted(nodes) == sorted([*graph.runs, *graph.pointers])
    assert sorted(edges) == sorted(graph.edges)


def test_networkx_reads_the_graphml(store: Store, tmp_path: Path) -> None:
    store.record([*nasty_facts(9, 100), *odd_facts()[2:]])
    graph = reference(list(store.facts()))

    read = networkx.read_graphml(written("graphml", Exported(store), tmp_path / "export.graphml"))

    assert isinstance(read, networkx.DiGraph)
    assert {(a, b, kind) for a, b, kind in read.edges(data="kind")} == set(graph.edges)
    nodes: list[Node] = [*graph.runs.values(), *graph.pointers.values()]
    assert dict(read.nodes(data=True)) == {node.id: attributes(node) for node in nodes}


def attributes(node: Node) -> dict[str, Any]:
    said = {key: value for key, value in node_document(node).items() if value not in (None, {}) and key != "id"}
    label = f"{node.component or 'run'} {node.id}" if isinstance(node, Run) else node.id
    objects: dict[str, Any] = {key: json.dumps(said[key]) for key in ("labels", "erased") if key in said}
    return {**said, "label": label, **objects}


def test_graphml_escapes_what_no_xml_may_hold(store: Store) -> None:
    store.record([RunFact("r", ODD, started_at=at(0), outputs=(Output(ODD),))])
    to = io.StringIO()

    exporter("graphml").write(Exported(store), to)

    [node] = [node for node in networkx.parse_graphml(to.getvalue()).nodes if node != "r"]
    assert node == f"{ODD}@r".replace("\x0b", "\\x0b").replace("\x1b", "\\x1b")


def test_graphml_of_an_answer_is_the_answer(store: Store) -> None:
    store.record(nasty_facts(4, 100))
    answer = Lineage(store).trace("c")
    to = io.StringIO()

    exporter("graphml").write(Exported(store, answer), to)

    read = networkx.parse_graphml(to.getvalue())
    assert set(read.nodes) == set(answer.nodes)
    assert len(read.edges) == len(answer.edges)


def test_the_prov_library_sees_what_was_used_and_generated(store: Store, tmp_path: Path) -> None:
    store.record(
        [
            RunFact("fit", "train", started_at=at(0), ended_at=at(1.5), outputs=(Output("m@1", "sha256:1"),)),
            RunFact("use", "serve", started_at=at(2), inputs=(Input("m@1"), Input("day", at=at(3)))),
        ]
    )

    document = ProvDocument.deserialize(str(written("prov", Exported(store), tmp_path / "export.json")), format="json")

    assert document is not None
    lines = {line.strip() for line in document.get_provn().splitlines()}
    activity = "headwater:run/fit, 2026-01-01T00:00:00+00:00, 2026-01-01T00:00:01.500000+00:00"
    assert any(line.startswith(f"activity({activity}") for line in lines)
    assert any(line.startswith("wasGeneratedBy(") and "headwater:state/m%401%40fit" in line for line in lines)
    used = [line for line in lines if line.startswith("used(")]
    assert sorted("m%401%40fit" in line for line in used) == [False, True]
    assert document.unified().get_provn()


def test_what_others_add_to_a_prov_export_joins_what_it_speaks_of(store: Store, tmp_path: Path) -> None:
    store.record([RunFact("fit", "train", started_at=at(0), ended_at=at(1), outputs=("m",))])  # type: ignore[arg-type]
    path = written("prov", Exported(store), tmp_path / "export.json")
    document = json.loads(path.read_text("utf-8"))
    document["prefix"]["ex"] = "http://example.org/"
    document.setdefault("used", {})["ex:u"] = {"prov:activity": "ex:plot", "prov:entity": "headwater:state/m%40fit"}
    path.write_text(json.dumps(document), "utf-8")

    with at_path(tmp_path / "made.db") as made:
        import_source(made, ProvLoader(), str(path))

        assert [node.id for node in Lineage(made).impact("m").runs()] == ["example.org/plot"]
        assert made.run("fit").run == store.run("fit").run


def test_every_kind_has_an_exporter_and_an_unknown_one_names_them(checkout: Path) -> None:
    there = {path.stem for path in (checkout / "src/headwater/loaders/exports").glob("[!_]*.py")}

    for kind in export_kinds().values():
        module = kind.target.partition(":")[0].rpartition(".")[2]
        assert module not in there or exporter(kind.name).kind == kind.name
    with pytest.raises(
        UnknownKind, match=r"there is no kind 'dot' \(there are csv, cypher, facts, graphml, openlineage, prov\)"
    ):
        exporter("dot")
