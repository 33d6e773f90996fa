"""The three homes: of time, of identity and of failures."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import clock, errors, ids
from headwater.errors import HeadwaterError, InvalidFact, NaiveDatetime, UnknownPointer

FAILURES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HeadwaterError)]
STANDARD = {
    "ValueError": ValueError,
    "LookupError": LookupError,
    "ImportError": ImportError,
    "ConnectionError": ConnectionError,
    "TimeoutError": TimeoutError,
    "PermissionError": PermissionError,
}

zones = st.timedeltas(min_value=timedelta(hours=-23), max_value=timedelta(hours=23)).map(timezone)
moments = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 (hypothesis takes its bounds naive)
    max_value=datetime(9998, 12, 31),  # noqa: DTZ001
    timezones=zones,
)
run_ids = st.text(min_size=1).filter(lambda text: "@" not in text and not text.startswith(ids.EXTERNAL))


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().tzinfo is UTC


@given(moments)
def test_microseconds_keep_an_instant_exactly(moment: datetime) -> None:
    utc = clock.as_utc(moment)
    assert utc == moment
    assert utc.tzinfo is UTC
    assert clock.from_micros(clock.to_micros(moment)) == moment


@given(moments, moments)
def test_text_and_microseconds_sort_as_the_instants_do(one: datetime, other: datetime) -> None:
    earlier = one < other
    assert (clock.to_micros(one) < clock.to_micros(other)) == earlier
    assert (clock.isoformat(clock.as_utc(one)) < clock.isoformat(clock.as_utc(other))) == earlier


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2019, 3, 1, tzinfo=UTC), "2019-03-01T00:00:00.000000Z"),
        (datetime(2019, 3, 1, 8, 5, 9, 7, tzinfo=UTC), "2019-03-01T08:05:09.000007Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_text_has_six_digits_and_z(moment: datetime, text: str) -> None:
    assert clock.isoformat(moment) == text


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), clock.EPOCH, datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_time_survive(moment: datetime) -> None:
    assert clock.from_micros(clock.to_micros(moment)) == moment


def test_a_naive_time_is_refused_by_its_name_and_value() -> None:
    with pytest.raises(NaiveDatetime, match="started_at 2019-03-01T00:00:00 has no time zone"):
        clock.as_utc(datetime(2019, 3, 1), "started_at")  # noqa: DTZ001 (the fault under test)


@pytest.mark.parametrize(
    "moment",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
    ],
)
def test_an_instant_that_utc_cannot_hold_is_refused_by_name(moment: datetime) -> None:
    with pytest.raises(InvalidFact, match=f"ended_at {moment.year:04}-"):
        clock.as_utc(moment, "ended_at")


def test_new_run_ids_are_time_sortable_uuids_of_version_seven() -> None:
    made = [ids.new_run_id() for _ in range(1000)]
    assert made == sorted(set(made))
    assert {UUID(run).version for run in made} == {7}


@given(st.text(min_size=1), run_ids)
def test_a_state_id_is_split_into_the_name_and_the_run_that_made_it(name: str, run: str) -> None:
    assert ids.split_state_id(ids.state_id(name, run)) == (name, run)
    assert not ids.is_external(run)


@pytest.mark.parametrize(("digest", "state"), [(None, "a@b.csv@external"), ("sha256:ab", "a@b.csv@external:sha256:ab")])
def test_an_external_state_keeps_its_name_and_its_digest(digest: str | None, state: str) -> None:
    assert ids.external_id("a@b.csv", digest) == state
    name, maker = ids.split_state_id(state) or ("", "")
    assert (name, ids.is_external(maker)) == ("a@b.csv", True)


def test_a_text_without_a_maker_is_no_state_id() -> None:
    assert ids.split_state_id("features.csv") is None


@pytest.mark.parametrize("kind", FAILURES)
def test_the_docstring_is_the_default_message(kind: type[HeadwaterError]) -> None:
    failure = kind()
    assert failure.message == kind.__doc__
    assert failure.message.endswith(".")
    assert "\n" not in failure.message


@pytest.mark.parametrize("kind", FAILURES)
def test_a_failure_is_one_json_shape(kind: type[HeadwaterError]) -> None:
    shape = kind("it broke", hint="mend it").to_dict()
    assert json.loads(json.dumps(shape)) == {"error": {"code": kind.code, "message": "it broke", "hint": "mend it"}}


@pytest.mark.parametrize("kind", FAILURES)
def test_the_status_is_a_refusal_or_a_fault(kind: type[HeadwaterError]) -> None:
    assert 400 <= kind.status <= 599


def test_every_failure_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in FAILURES]
    assert sorted(set(codes)) == sorted(codes)


def test_the_drawn_tree_is_the_tree() -> None:
    drawn = {}
    branch = [HeadwaterError]
    for indent, name, twin in re.findall(
        r"^    ([ │]*)[├└]── (\w+)(?: \((\w+)\))?", errors.__doc__ or "", re.MULTILINE
    ):
        kind = getattr(errors, name)
        branch = [*branch[: len(indent) // 4 + 1], kind]
        drawn[kind] = (branch[-2], *((STANDARD[twin],) if twin else ()))
    assert drawn == {kind: kind.__bases__ for kind in FAILURES if kind is not HeadwaterError}


def test_the_message_of_a_failure_ends_with_what_to_do() -> None:
    assert str(UnknownPointer("no pointer 'x'", hint="look again")) == "no pointer 'x' (look again)"
    assert str(HeadwaterError("it broke")) == "it broke"


def test_a_hint_given_to_one_failure_does_not_reach_the_next() -> None:
    UnknownPointer("no pointer 'x'", hint="look again")
    assert UnknownPointer("no pointer 'x'").hint == "`headwater search TEXT` lists the names that contain a text"
