from __future__ import annotations

from typing import Any

import pytest

from headwater.deletion.ledger import Ledger
from headwater.errors import UnknownRequest, UsageError

AT = "2026-03-01T00:00:00.000000Z"


def entry(kind: str, **said: Any) -> dict[str, Any]:
    return {"kind": kind, "at": AT, "by": "ann", **said}


def requested(ident: str) -> dict[str, Any]:
    return entry("request", request=ident, reason="ticket", due=None, subjects=["00"])


def planned(ident: str, *requests: str) -> dict[str, Any]:
    return entry("plan", plan=ident, requests=list(requests))


def statuses(*entries: dict[str, Any]) -> dict[str, str]:
    return {one.id: one.status for one in Ledger.of(entries).requests.values()}


def test_a_request_goes_through_its_stations() -> None:
    steps = [
        requested("r1"),
        planned("p1", "r1"),
        entry("approval", plan="p1"),
        entry("execution", plan="p1", execution="e1", place={"host": "h", "pid": 1}),
        entry("step", plan="p1", step="wave 1"),
        entry("stop", plan="p1", code="rerun_failed"),
        entry("execution", plan="p1", execution="e2", place={"host": "h", "pid": 2}),
        entry("completion", plan="p1", requests=["r1"], reports={"r1": "sha256:00"}),
    ]

    found = [statuses(*steps[: n + 1])["r1"] for n in range(len(steps))]

    wanted = ["open", "planned", "approved", "executing", "executing", "stopped", "executing", "completed"]
    assert found == wanted


def test_a_new_plan_takes_the_place_of_the_old_one_and_asks_for_approval_again() -> None:
    steps = [requested("r1"), planned("p1", "r1"), entry("approval", plan="p1"), requested("r2")]
    ledger = Ledger.of([*steps, planned("p2", "r1", "r2")])

    assert (ledger.requests["r1"].status, ledger.requests["r1"].plan) == ("planned", "p2")
    assert not ledger.counts(ledger.plans["p1"])
    assert ledger.plan().id == "p2"


def test_a_withdrawn_request_ends_its_plan() -> None:
    ledger = Ledger.of([requested("r1"), planned("p1", "r1"), entry("withdrawal", request="r1")])

    assert ledger.open_requests() == []
    with pytest.raises(UnknownRequest):
        ledger.plan()


def test_the_same_plan_made_again_is_not_approved() -> None:
    ledger = Ledger.of([requested("r1"), planned("p1", "r1"), entry("approval", plan="p1"), planned("p1", "r1")])

    assert ledger.plan().approved_by is None


def test_the_beginning_of_an_id_is_enough_if_it_is_the_only_one() -> None:
    ledger = Ledger.of([requested("20260301-aa"), requested("20260301-ab"), planned("sha256:abcdef", "20260301-aa")])

    assert ledger.request("20260301-ab").id == "20260301-ab"
    assert ledger.plan("abcd").id == "sha256:abcdef"
    with pytest.raises(UsageError, match="begins 2 ids"):
        ledger.request("20260301")
    for unknown in ("2027", "", "20"):
        with pytest.raises(UnknownRequest):
            ledger.request(unknown)


def test_the_entries_of_a_request_are_its_own_and_those_of_its_plans() -> None:
    steps = [requested("r1"), requested("r2"), planned("p1", "r1"), planned("p2", "r2"), entry("approval", plan="p1")]

    assert Ledger.of(steps).of_request("r1") == [steps[0], steps[2], steps[4]]


def test_entries_of_kinds_that_are_not_known_change_nothing() -> None:
    assert statuses(requested("r1"), entry("verification", request="r1"), entry("to_dict")) == {"r1": "open"}
