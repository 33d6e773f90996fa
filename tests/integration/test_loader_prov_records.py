"""PROV documents as facts: what activities, entities and relations become, in every notation that the library reads."""

from __future__ import annotations

import gzip
import json
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prov.model import Literal, ProvDocument

from headwater.errors import BadRecord, SourceError, UsageError
from headwater.graph.facts import Fact, RunFact, Status
from headwater.graph.model import reference
from headwater.loaders import files
from headwater.loaders.base import Item, Problem
from headwater.loaders.importing import import_source
from headwater.loaders.prov import reading
from headwater.loaders.prov.loader import ProvLoader
from headwater.testing.oracle import expected_digest, expected_walk
from tests.support.shared_data import shared_data

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ONE = datetime(2026, 1, 1, 13, tzinfo=UTC)


def document() -> ProvDocument:
    made = ProvDocument()
    made.add_namespace("ex", "http://example.org/")
    return made


def read(tmp_path: Path, made: ProvDocument, **options: Any) -> list[Item | Problem]:
    path = tmp_path / "made.json"
    made.serialize(str(path), format="json")
    return list(ProvLoader(**options).read(str(path)))


def runs(found: Sequence[Item | Problem]) -> dict[str, RunFact]:
    facts: list[Fact] = [fact for one in found if isinstance(one, Item) for fact in one.facts]
    return {fact.id: fact for fact in facts if isinstance(fact, RunFact)}


def reasons(found: Sequence[Item | Problem]) -> list[tuple[str, str]]:
    return [(one.severity, one.reason) for one in found if isinstance(one, Problem)]


def states(fact: RunFact) -> list[tuple[str, str | None]]:
    return [(claim.name, claim.state) for claim in fact.inputs]


def test_an_activity_is_a_run_bound_to_the_state_that_another_generated(tmp_path: Path) -> None:
    made = document()
    made.activity("ex:fit", NOON, ONE)
    made.wasGeneratedBy("ex:model", "ex:fit", ONE)
    made.used("ex:predict", "ex:model", NOON)
    made.used("ex:predict", "ex:trips")

    found = runs(read(tmp_path, made))

    fit, predict = found["example.org/fit"], found["example.org/predict"]
    assert (fit.started_at, fit.ended_at, fit.status) == (NOON, ONE, Status.COMPLETED)
    assert [output.name for output in fit.outputs] == ["example.org/model"]
    assert states(predict) == [("example.org/model", "example.org/model@example.org/fit"), ("example.org/trips", None)]
    assert [claim.at for claim in predict.inputs] == [NOON, None]


def test_the_plan_names_the_component_and_else_the_type_does(tmp_path: Path) -> None:
    made = document()
    made.activity("ex:a", other_attributes={"prov:type": "training"})
    made.activity("ex:b", other_attributes={"prov:type": "training"})
    made.wasAssociatedWith("ex:b", "ex:ann", plan="ex:plan")
    made.activity("ex:c")

    found = runs(read(tmp_path, made))

    assert [fact.component for fact in found.values()] == ["training", "example.org/plan", "prov:Activity"]


def test_attributes_agents_and_bundles_are_kept_beside_what_they_speak_of(tmp_path: Path) -> None:
    made = document()
    made.agent("ex:ann", {"prov:label": Literal("Ann", langtag="en")})
    made.activity("ex:fit", other_attributes={"ex:depth": 3, "ex:when": NOON})
    made.wasAssociatedWith("ex:fit", "ex:ann", other_attributes={"prov:role": "operator"})
    made.entity("ex:trips", {"ex:rows": 7})
    made.used("ex:fit", "ex:trips", other_attributes={"prov:role": "train"})
    made.wasAttributedTo("ex:trips", "ex:ann")
    made.bundle("ex:night").activity("ex:fit")

    fit = runs(read(tmp_path, made))["example.org/fit"]

    ann = {"http://example.org/ann": {"prov:label": {"$": "Ann", "lang": "en"}}}
    assert fit.facets == {
        "ex:depth": 3,
        "ex:when": {"$": NOON.isoformat(), "type": "xsd:dateTime"},
        "prov:wasAssociatedWith": {"agent": "http://example.org/ann", "prov:role": "operator"},
        "prov:bundle": "ex:night",
        "prov:agent": ann,
    }
    assert fit.inputs[0].facets == {
        "ex:rows": 7,
        "prov:role": "train",
        "prov:wasAttributedTo": {"agent": "http://example.org/ann"},
        "prov:agent": ann,
    }


def test_a_derivation_adds_to_the_activity_that_it_names_or_that_generated(tmp_path: Path) -> None:
    made = document()
    made.wasDerivedFrom("ex:b", "ex:a", activity="ex:make_b")
    made.wasGeneratedBy("ex:c", "ex:make_c")
    made.wasDerivedFrom("ex:c", "ex:b")

    found = runs(read(tmp_path, made))

    assert states(found["example.org/make_b"]) == [("example.org/a", None)]
    assert states(found["example.org/make_c"]) == [("example.org/b", "example.org/b@example.org/make_b")]
    assert len(found) == 2


def test_a_derivation_without_any_activity_is_a_run_of_its_own_that_says_so(tmp_path: Path) -> None:
    made = document()
    made.wasDerivedFrom("ex:b", "ex:a1")
    made.wasDerivedFrom("ex:b", "ex:a2")

    [fact] = runs(read(tmp_path, made)).values()

    assert (fact.component, fact.facets) == ("prov:wasDerivedFrom", {"prov:inferred": True})
    assert states(fact) == [("example.org/a1", None), ("example.org/a2", None)]
    assert [output.name for output in fact.outputs] == ["example.org/b"]


def test_a_generation_by_nobody_is_a_run_of_its_own(tmp_path: Path) -> None:
    made = document()
    made.wasGeneratedBy("ex:a", time=NOON)

    [fact] = runs(read(tmp_path, made)).values()

    assert (fact.component, fact.at) == ("prov:wasGeneratedBy", NOON)


def test_what_passed_between_two_activities_is_a_pointer_unless_an_entity_is_named(tmp_path: Path) -> None:
    made = document()
    made.wasInformedBy("ex:b", "ex:a")
    made.wasInformedBy("ex:d", "ex:c")
    made.wasGeneratedBy("ex:e", "ex:c")
    made.used("ex:d", "ex:e")

    found = runs(read(tmp_path, made))

    passed = "prov:wasInformedBy/example.org/a/example.org/b"
    assert states(found["example.org/b"]) == [(passed, f"{passed}@example.org/a")]
    assert states(found["example.org/d"]) == [("example.org/e", "example.org/e@example.org/c")]


def test_a_circle_is_imported_and_a_trace_on_it_ends(tmp_path: Path) -> None:
    made = document()
    made.used("ex:a", "ex:y")
    made.wasGeneratedBy("ex:x", "ex:a")
    made.used("ex:b", "ex:x")
    made.wasGeneratedBy("ex:y", "ex:b")
    made.wasDerivedFrom("ex:y", "ex:y")

    graph = reference(list(runs(read(tmp_path, made)).values()))

    nodes, edges = expected_walk(graph, "example.org/x@example.org/a", backward=True)
    assert len(nodes) == 4
    assert len(edges) == 5


@pytest.mark.parametrize(
    ("notation", "name"),
    [
        ("json", "x.json"),
        ("rdf", "x.trig"),
        ("rdf", "x.ttl"),
        ("provn", "x.provn"),
        ("xml", "x.xml"),
        ("jsonld", "x.jsonld"),
    ],
)
def test_every_notation_gives_the_same_runs_and_states(tmp_path: Path, notation: str, name: str) -> None:
    made = document()
    made.activity("ex:fit", NOON, ONE)
    made.used("ex:fit", "ex:trips", NOON)
    made.wasGeneratedBy("ex:model", "ex:fit")
    made.wasDerivedFrom("ex:plot", "ex:model")
    write(made, tmp_path / name, notation)

    found = runs(list(ProvLoader().read(str(tmp_path / name))))

    expected = runs(read(tmp_path, made))
    assert {run: (fact.inputs, fact.outputs, fact.started_at) for run, fact in found.items()} == {
        run: (fact.inputs, fact.outputs, fact.started_at) for run, fact in expected.items()
    }


def write(made: ProvDocument, path: Path, notation: str) -> None:
    with warnings.catch_warnings():
        # The library writes RDF with a call that rdflib has since renamed.
        warnings.simplefilter("ignore", DeprecationWarning)
        options = {"rdf_format": {".trig": "trig", ".ttl": "turtle"}[path.suffix]} if notation == "rdf" else {}
        made.serialize(str(path), format=notation, **options)


def test_the_published_documents_are_read_with_what_they_lack_named() -> None:
    found = {path.name: list(ProvLoader().read(str(path))) for path in shared_data("prov").glob("*.json")}

    assert list(runs(found["activity1.json"])) == ["example.org/a1"]
    [generated] = runs(found["attr_generation0.json"]).values()
    assert [output.name for output in generated.outputs] == ["example.org/e1"]
    assert {"$": "10", "type": "xsd:decimal"} in generated.outputs[0].facets["prov:type"]  # type: ignore[operator]
    [used] = runs(found["attr_usage0.json"]).values()
    assert states(used) == [("example.org/e1", None)]
    assert reasons(found["entity1.json"]) == [("warning", "nothing was done with it: left out")]
    assert reasons(found["usage1.json"]) == [("skipped", "used does not say of what")]


def test_times_without_a_zone_are_read_in_the_zone_of_the_option(tmp_path: Path) -> None:
    made = document()
    made.activity("ex:fit", datetime(2026, 7, 1, 12), None)  # noqa: DTZ001

    found = read(tmp_path, made, tz="Europe/Berlin")

    assert runs(found)["example.org/fit"].started_at == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert reasons(found) == [
        ("warning", "1 times have no zone and are read as Europe/Berlin: option tz names another"),
    ]


def test_an_end_before_the_start_is_doubted_and_neither_is_kept(tmp_path: Path) -> None:
    made = document()
    made.activity("ex:fit", ONE, NOON)

    found = read(tmp_path, made)

    assert reasons(found) == [("warning", "it ends before it starts: neither time is kept")]
    assert runs(found)["example.org/fit"].started_at is None


def test_names_that_no_run_may_have_are_escaped(tmp_path: Path) -> None:
    made = document()
    made.add_namespace("odd", "external:")
    made.activity("ex:ann@home")
    made.activity("odd:a")

    assert len(runs(read(tmp_path, made)).keys() & {"example.org/ann%40home", "external:a"}) == 1


def test_one_bad_record_does_not_stop_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "made.json"
    records = {"activity": {"ex:a": {}, "ex:b": {"prov:startTime": ["x", "y"]}}, "unheard": {"ex:c": {}}}
    path.write_text(json.dumps({"prefix": {"ex": "http://example.org/"}, **records}), "utf-8")

    found = list(ProvLoader().read(str(path)))

    assert list(runs(found)) == ["example.org/a"]
    assert sorted(one.place.path for one in found if isinstance(one, Problem)) == ["activity ex:b", "unheard ex:c"]
    with pytest.raises(BadRecord):
        import_source(None, ProvLoader(), str(path), is_strict=True)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.json", b'{"activity": {"ex:a"', "is not whole JSON"),
        ("x.json", b'{"prefix": {"ex": "http://ex/\xe9"}}', "is not in UTF-8: byte 29 is 0xe9"),
        ("x.json", b"[1]", "holds list"),
        ("x.ttl", b"<a> <b> ", "is no rdf document"),
        ("x.xml", b"<a>", "is no xml document"),
        ("x.provn", b"document entity(", "is no provn document"),
    ],
)
def test_a_file_that_is_no_document_is_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(SourceError, match=reason):
        list(ProvLoader().read(str(tmp_path / name)))


def test_no_entity_of_xml_is_unfolded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden", "utf-8")
    entities = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    spaces = 'xmlns:prov="http://www.w3.org/ns/prov#" xmlns:ex="http://example.org/"'
    activity = '<prov:activity prov:id="ex:a"><ex:t>&x;</ex:t></prov:activity>'
    path = tmp_path / "x.xml"
    path.write_text(f"{entities}<prov:document {spaces}>{activity}</prov:document>", "utf-8")

    [fact] = runs(list(ProvLoader().read(str(path)))).values()

    assert "hidden" not in str(fact)


def test_a_bomb_of_gzip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "document", partial(files.document, most=1 << 20))
    path = tmp_path / "x.json.gz"
    path.write_bytes(gzip.compress(b" " * (2 << 20)))

    with pytest.raises(SourceError, match="more than 1,048,576 bytes when unpacked"):
        list(ProvLoader().read(str(path)))


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="'Mars' is no time zone"):
        list(ProvLoader(tz="Mars").read("nowhere"))


OWN = """{"prefix":{"headwater":"urn:headwater:"},
"activity":{
"headwater:run/a":{"headwater:claim":"{\\"fact\\":\\"run\\",\\"id\\":\\"a\\",\\"at\\":\\"2026-01-01T00:00:00Z\\"}"},
"headwater:run/b":{"headwater:claim":"no fact"},
"headwater:run/c":{"headwater:claim":["{\\"fact\\":\\"run\\",\\"id\\":\\"c\\",\\"at\\":\\"2026-01-01T00:00:00Z\\"}","7"]}
},
"entity":{
"headwater:state/x%40a":{"prov:label":"x"}
}
}
"""


def test_an_export_of_our_own_is_read_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(OWN, "utf-8")

    found = list(ProvLoader().read(str(tmp_path / "own.json")))

    assert list(runs(found)) == ["a", "c"]
    places = [(one.place.line, one.place.path) for one in found]
    assert places == [(line, "activity") for line in (3, 4, 5, 5)]
    assert [reason.partition(" (")[0] for _, reason in reasons(found)] == [
        "its claim is no JSON: Expecting value: line 1 column 1",
        "fact is int, not an object with text keys",
    ]


def test_an_export_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(OWN[: OWN.index('b":{') + 20], "utf-8")

    found = list(ProvLoader().read(str(tmp_path / "own.json")))

    assert list(runs(found)) == ["a"]
    assert [severity for severity, _ in reasons(found)] == ["skipped", "warning"]


THINGS = st.sampled_from(["ex:e1", "ex:e2", "ex:e3"])
DEEDS = st.sampled_from(["ex:a1", "ex:a2"])
RELATIONS = st.one_of(
    st.tuples(st.just("used"), DEEDS, THINGS),
    st.tuples(st.just("wasGeneratedBy"), THINGS, st.none() | DEEDS),
    st.tuples(st.just("wasDerivedFrom"), THINGS, THINGS, st.none() | DEEDS),
    st.tuples(st.just("wasInformedBy"), DEEDS, DEEDS),
)


@given(data=st.data(), relations=st.lists(RELATIONS, max_size=8))
def test_the_order_and_number_of_records_do_not_matter(
    data: st.DataObject, relations: list[tuple[Any, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("prov")
    shuffled = data.draw(st.permutations([*relations, *relations[:2]]))

    first, second = (runs(read(folder, related(order))) for order in (relations, shuffled))

    assert expected_digest(list(first.values())) == expected_digest(list(second.values()))


def related(relations: Sequence[tuple[Any, ...]]) -> ProvDocument:
    made = document()
    for name, *arguments in relations:
        getattr(made, name)(*arguments)
    return made
