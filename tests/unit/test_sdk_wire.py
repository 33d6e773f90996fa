"""A fact and its document say the same, and a document that says something else is refused by name."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from headwater.errors import InvalidFact
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact, TriggerResult
from headwater.graph.wire import fact_from_dict, fact_to_dict
from headwater.testing.rules import at
from headwater.testing.strategies import fact_sets


@given(fact_sets(4))
def test_a_fact_is_the_same_after_a_journey_as_json(facts: list[Fact]) -> None:
    arrived = [fact_from_dict(json.loads(json.dumps(fact_to_dict(fact)))) for fact in facts]
    assert arrived == facts
    assert [getattr(fact, "kept", None) for fact in arrived] == [getattr(fact, "kept", None) for fact in facts]


def test_a_document_holds_what_was_said_and_nothing_else() -> None:
    triggers = {"before_run": TriggerResult("failed", "no rows", duration_s=0.5)}
    read = (Input("a", at=at(1), facets={"rows": 2}),)
    fact = RunFact("r", "etl", started_at=at(0), inputs=read, outputs=(Output("b", "d"),), triggers=triggers)
    assert fact_to_dict(fact) == {
        "fact": "run",
        "id": "r",
        "component": "etl",
        "started_at": "2026-01-01T00:00:00.000000Z",
        "inputs": [{"name": "a", "at": "2026-01-01T00:00:01.000000Z", "facets": {"rows": 2}}],
        "outputs": [{"name": "b", "digest": "d"}],
        "triggers": {"before_run": {"outcome": "failed", "message": "no rows", "value": None, "duration_s": 0.5}},
        "at": "2026-01-01T00:00:00.000000Z",
    }


def test_no_tags_and_a_cleared_label_are_claims() -> None:
    tagless = ComponentFact("etl", tags=(), max_age=timedelta(days=2), at=at(0))
    cleared = Annotation("x@r", "label", None, key="client", at=at(0))
    assert [fact_from_dict(fact_to_dict(fact)) for fact in (tagless, cleared)] == [tagless, cleared]


def test_labels_travel_and_what_an_erasure_hides_does_not() -> None:
    read = RunFact("r", inputs=(Input("a", labels={"client": "c1"}),), at=at(0))
    assert fact_to_dict(read)["inputs"] == [{"name": "a", "labels": {"client": ["c1"]}}]
    hidden = Erasure.of_name("clients/c1", "gone", "d1", "00ff", at(0))
    document = fact_to_dict(hidden)
    assert (hidden.plain, "clients/c1" in json.dumps(document)) == ("clients/c1", False)
    arrived = fact_from_dict(document)
    assert (arrived, arrived.plain) == (hidden, None)  # type: ignore[union-attr]
    assert "clients/c1" not in repr(hidden)


def test_null_is_not_given() -> None:
    assert fact_from_dict({"fact": "run", "id": "r", "commit": None, "at": "2026-01-01T00:00:00Z"}) == RunFact(
        "r", at=at(0)
    )


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "fact is list"),
        ({}, "a fact of type None"),
        ({"fact": "rune", "id": "r"}, "a fact of type 'rune'"),
        ({"fact": "run"}, "run has no 'id'"),
        ({"fact": "run", "id": None}, "run.id is None, not text"),
        ({"fact": "run", "id": "r", "staus": "failed"}, "run has a field 'staus'"),
        ({"fact": "run", "id": 7}, "run.id is 7, not text"),
        ({"fact": "run", "id": "r", "inputs": "x"}, "run.inputs is str, not a list"),
        ({"fact": "run", "id": "r", "inputs": ["x"]}, r"run\.inputs\[0\] is str"),
        ({"fact": "run", "id": "r", "inputs": [{"name": "x", "at": "noon"}]}, r"run\.inputs\[0\]\.at is 'noon'"),
        ({"fact": "run", "id": "r", "at": "2026-01-01T00:00:00"}, "run.at .* has no time zone"),
        ({"fact": "run", "id": "r", "params": {"p": float("nan")}}, "run.params.p cannot be stored"),
        (
            {"fact": "run", "id": "r", "triggers": {"t": {"outcome": "passed", "duration_s": True}}},
            "duration_s is True",
        ),
        ({"fact": "run", "id": "r", "status": "done"}, "status 'done'"),
        ({"fact": "component", "name": "c", "max_age_us": 1.5}, "max_age_us is 1.5"),
        ({"fact": "component", "name": "c", "max_age_us": 10**40}, "more than can be kept"),
        ({"fact": "component", "name": "c", "facets": []}, "component.facets is list"),
        ({"fact": "annotation", "target": "x@r", "kind": "flag"}, "annotation has no 'value'"),
        ({"fact": "erasure", "kind": "payload", "request": "d"}, "the erasure of a payload has nothing"),
        ({"fact": "erasure", "kind": "name", "request": "d", "match": "ab", "salt": "xy"}, "has match, salt"),
        ({"fact": "run", "id": "r", "inputs": [{"name": "x", "labels": {"client": 1}}]}, "labels.client is int"),
    ],
)
def test_what_cannot_be_read_is_named(document: Any, told: str) -> None:
    with pytest.raises(InvalidFact, match=told):
        fact_from_dict(document)
