"""What travels between a store and its client is the same at the other end, and what cannot be read is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.errors import AuthenticationFailed, NotAStore, StoreBusy, StoreError, StoreUnavailable, UnknownPointer
from headwater.graph import packing
from headwater.graph.facts import FacetKey, Status
from headwater.graph.measures import Logged, Measured, Terms, Window
from headwater.graph.metrics.incidents import Incident
from headwater.graph.metrics.store import Alert, Figure
from headwater.graph.metrics.windows import Joined
from headwater.graph.model import Component, Node, Pointer, Run
from headwater.graph.plain import form_of
from headwater.graph.protocol import method_of
from headwater.graph.refusals import ForAWhile, failure_of, for_a_while, unnamed
from headwater.graph.store import InputAge, OutputFilter, Page, RunDetail, Subgraph, Watermark

AT = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)
MEASURED = Measured("predict", "recall", "r1", 0.25, 7, "7 d", Terms(">= 0.5", "page", 2, 3), at=AT)
instants = st.datetimes(timezones=st.just(UTC))
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4)
labels = st.dictionaries(names, names, max_size=2)
pointers = st.builds(
    Pointer,
    names.map(lambda text: f"{text}@r"),
    names,
    st.sampled_from(["data", "model"]),
    st.none() | st.just("d"),
    st.none() | instants,
    st.none() | names,
    st.booleans(),
    labels,
)
statuses = st.sampled_from(Status)
runs = st.tuples(names, st.none() | names, statuses, instants, st.none() | instants, st.booleans(), labels).map(
    lambda told: Run(told[0], told[1], told[2], told[3], told[4], flagged=told[5], labels=told[6])
)


FIGURE = {"component": "c", "metric": "", "aggregate": "mae", "window": "all", "at": "2026-01-01T00:00:00Z"}


def travelled(hint: Any, value: Any) -> Any:
    form = form_of(hint)
    return form.decode(form.read(form.write(form.encode(value))))


@given(st.lists(pointers | runs, max_size=6, unique_by=lambda node: node.id), st.booleans(), st.data())
def test_a_subgraph_is_the_same_after_its_journey(nodes: list[Any], is_upstream: bool, data: st.DataObject) -> None:
    far = st.lists(st.sampled_from([node.id for node in nodes] or ["x"]), max_size=2)
    found = Subgraph({n.id: n for n in nodes}, {n.id: data.draw(far) for n in nodes}, is_upstream)
    again = travelled(Subgraph, found)
    assert again == found
    assert sorted(again.edges) == sorted(found.edges)


def test_a_subgraph_has_one_text_whatever_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes: dict[str, Node] = {
        'é"\n': Pointer('é"\n', "\u2028𝄞", "data", None, AT),
        "r": Run("r", "c", Status.FAILED, AT, None),
    }
    document = form_of(Subgraph).encode(Subgraph(nodes, {ident: [] for ident in nodes}, False))
    texts = []
    for is_fast in (True, False):
        monkeypatch.setattr(packing, "IS_FAST", is_fast)
        texts.append(packing.write(document))
        assert packing.unpacked(packing.read(texts[-1])).nodes == nodes
    assert texts[0] == texts[1]


def test_a_field_that_is_nothing_for_all_nodes_is_left_out() -> None:
    found = Subgraph(
        {"a@r": Pointer("a@r", "a", "data"), "r": Run("r", None, Status.RUNNING, AT, None)},
        {"a@r": ["r"], "r": []},
        True,
    )
    packed = form_of(Subgraph).encode(found)
    assert packed["pointers"].keys() == {"id", "name", "type"}
    assert packed["runs"].keys() == {"id", "component", "status", "started_at", "ended_at"}
    empty = Subgraph({"r": Run("r", None, Status.FAILED, AT, AT, error="")}, {"r": []}, True)
    assert travelled(Subgraph, empty) == empty


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Component, Component("etl", None, "ann", ("a", "b"), timedelta(days=2, microseconds=1))),
        (Page, Page(7, (AT, "r1"))),
        (OutputFilter, OutputFilter(["a"], AT, None, "*.csv", True, ("k", "v"))),
        (Watermark, Watermark(7, True)),
        (InputAge, InputAge("r", AT, "x@w", None, None, Status.FAILED, {"t": {"v": 1}}, timedelta(1), None, "s")),
        (
            RunDetail,
            RunDetail(Run("r", "c", Status.COMPLETED, AT, AT), [], [], [], {FacetKey("run", "r", "", "k"): [1.5]}),
        ),
        (Logged | Measured, MEASURED),
        (Logged | Measured, Logged("predict", {"a": [1, None], "b": None}, "label", "", None, AT)),
        (Measured, Measured("predict", "recall", "r1", None, 0, message="ValueError: no", at=AT)),
        (Incident, Incident(MEASURED, None, 1, "i")),
        (Incident, Incident(MEASURED, MEASURED, 2, "i")),
        (Alert, Alert("i.1", "opened", "i", MEASURED)),
        (Joined, Joined("p", {"a": [1.5]}, None, "é", "r1")),
        (Figure, Figure(None, 0)),
        *((Window, window) for window in (None, 1_000, timedelta(days=7), timedelta(microseconds=1))),
    ],
)
def test_a_record_is_the_same_after_its_journey(hint: Any, value: Any) -> None:
    assert travelled(hint, value) == value


def test_what_is_at_its_default_is_left_out_and_what_is_new_passed_over() -> None:
    assert form_of(Page).encode(Page()) == {}
    assert form_of(Watermark).decode({"position": 1, "rebinding": False, "since": "later"}) == Watermark(1, False)


@pytest.mark.parametrize(
    ("name", "document", "words"),
    [
        ("resolve", {}, "reference is missing"),
        ("resolve", {"reference": 5}, "reference: 5 is not str"),
        ("resolve", {"reference": "x", "at": "soon"}, "at: Invalid isoformat"),
        ("resolve", {"reference": "x", "by": "name"}, "by is no parameter of resolve"),
        ("search", {"text": "x", "most": True}, "most: True is not int"),
        ("sources", {"ids": "x"}, "ids: 'x' is not list"),
        ("runs", {"page": {"before": ["2026-01-01T00:00:00Z"]}}, "page: "),
        ("record", {"facts": [{"fact": "walk"}]}, "a fact of type 'walk'"),
        ("outputs", {"where": {"label": ["a", "b", "c"]}, "most": 1}, "where: "),
        ("metrics.record", {"facts": [{"fact": "run", "id": "r"}]}, "a fact of type 'run'"),
        ("metrics.joined", {"window": "7 years"}, "is missing"),
        ("metrics.figure", {**FIGURE, "window": "last 0"}, "'last 0' is no window"),
        ("metrics.figure", {**FIGURE, "window": "99999999999999 d"}, "'99999999999999 d' is no window"),
        ("metrics.figure", {**FIGURE, "aggregate": "mine"}, "aggregate: 'mine' is no ready metric"),
        ("metrics.claim", {"component": "c", "lease_s": 10**400}, "lease_s: the number is too large"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, document: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        method_of(name).understood(document)


@pytest.mark.parametrize("document", [{}, {"upstream": True, "pointers": {}, "runs": {"id": []}, "links": []}, []])
def test_what_is_no_subgraph_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="subgraph"):
        form_of(Subgraph).decode(document)


def test_a_failure_is_found_by_its_code_and_else_by_its_status() -> None:
    told = {"code": "unknown_pointer", "message": "no x", "hint": "search"}
    found = failure_of(told, 404)
    assert (type(found), found.message, found.hint) == (UnknownPointer, "no x", "search")
    by_status = {401: AuthenticationFailed, 403: AuthenticationFailed, 404: NotAStore, 429: StoreBusy, 500: StoreError}
    for status, kind in by_status.items():
        assert type(failure_of({**told, "code": "new"}, status)) is kind
    assert type(unnamed("u", 502, None)) is StoreUnavailable
    assert isinstance(for_a_while(StoreBusy()), ForAWhile)
    assert type(for_a_while(found)) is UnknownPointer
