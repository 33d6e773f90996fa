"""The fast reading of events gives what the plain one gives, whatever numbers, names and texts stand in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.graph.facts import RunFact
from headwater.graph.values import CanonicalText, canonical
from headwater.graph.wire import fact_from_dict, fact_to_dict
from headwater.loaders.openlineage import fast
from headwater.loaders.openlineage.mapping import event_facts
from tests.support.openlineage import dataset, run_event

NUMBERS = [
    *(
        "0",
        "-0",
        "-0.0",
        "1e5",
        "1E5",
        "-1e-7",
        "1e16",
        "0.0001",
        "0.00001",
        "10.00001",
        "1.5e300",
        "3.14",
        "0.3333333333333333",
    ),
    *("9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616"),
    *("12345678901234567890123.5", "9999999999999998.0", "99999999999999980.0", "123456789012345678.5"),
]
TEXTS = ["3e5", "a 3e5", "-4e21-", "é", "\u2028", '"\\', "\x7f", "\x1f", "0.0000", "😀"]

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


def texts(content: bytes) -> dict[str, str]:
    """Return the canonical texts of an object's values as the fast way makes them."""
    found = fast.parsed(content)
    write = fast.writer(found)
    return {key: canonical(write(value)) for key, value in found.items()}


@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values, max_size=4),
    st.booleans(),
    st.sampled_from([None, 2]),
)
def test_any_object_is_written_as_canonical_writes_it(
    value: dict[str, Any], ascii_only: bool, indent: int | None
) -> None:
    content = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert texts(content) == {key: canonical(one) for key, one in value.items()}


@pytest.mark.parametrize("before", ["", " ", "-7, ", '"x", '])
@pytest.mark.parametrize("number", NUMBERS)
def test_every_number_is_written_as_canonical_writes_it(number: str, before: str) -> None:
    content = f'{{"a": [{before}{number}]}}'
    assert texts(content.encode()) == {"a": canonical(json.loads(content)["a"])}


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_is_written_as_canonical_writes_it(text: str) -> None:
    assert texts(json.dumps({"a": {text: [text]}}).encode()) == {"a": canonical({text: [text]})}


@pytest.mark.skipif(not fast.IS_FAST, reason="orjson is not installed")
def test_what_is_usual_in_events_is_read_fast() -> None:
    content = b'{"run": {"runId": "018f3e2a-4e21-7e5f-8e3a-aa0e2e9a0001", "n": [1, 2.5, -3]}}'
    assert isinstance(fast.writer(fast.parsed(content))({"a": 1}), CanonicalText)


@pytest.mark.parametrize("content", [b"", b"[", b'{"a": NaN}', b'{"a": 01}', b"\xff{}", b'{"a": "\xff"}', b"{" * 2_000])
def test_what_is_no_json_is_refused_as_the_standard_library_does(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises((ValueError, RecursionError)) as quick:
        fast.parsed(content)
    monkeypatch.setattr(fast, "IS_FAST", False)
    with pytest.raises((ValueError, RecursionError)) as slow:
        fast.parsed(content)
    assert str(quick.value) == str(slow.value)


def test_the_facts_are_the_same_with_and_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = [dataset("b", schema={"fields": [{"name": "x", "type": "int"}]})]
    content = json.dumps(run_event("COMPLETE", "r1", 2, inputs=[dataset("日")], outputs=outputs)).encode()
    quick = event_facts(fast.parsed(content)).facts
    monkeypatch.setattr(fast, "IS_FAST", False)
    slow = event_facts(fast.parsed(content)).facts
    [first, second] = [[fact for fact in facts if isinstance(fact, RunFact)] for facts in (quick, slow)]
    assert [fact.kept for fact in first] == [fact.kept for fact in second]
    assert [fact_to_dict(fact) for fact in quick] == [fact_to_dict(fact) for fact in slow]
    assert [fact.kept for fact in first] == [fact_from_dict(fact_to_dict(fact)).kept for fact in first]  # type: ignore[union-attr]
