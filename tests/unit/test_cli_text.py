"""What people read: names cannot steer a terminal, ids are whole, values are short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from headwater.cli.text import brief, caption, duration, shown
from headwater.graph.erasure import Erased
from headwater.graph.facts import Status
from headwater.graph.model import Pointer, Run

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _run(ended: timedelta | None = None, component: str | None = "fit") -> Run:
    status = Status.RUNNING if ended is None else Status.FAILED
    return Run("r1", component, status, START, None if ended is None else START + ended)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a b/ä[1].csv", "a b/ä[1].csv"),
        ("a\nb", "a\\nb"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("evil\u202egpj", "evil\\u202egpj"),
    ],
)
def test_a_name_cannot_steer_the_terminal(name: str, text: str) -> None:
    assert shown(name) == text


def test_a_long_value_is_cut_and_says_so() -> None:
    assert brief("x" * 1_000) == "x" * 120 + "… (1,000 characters)"
    assert brief([1, "a"]) == "[1, 'a']"


@pytest.mark.parametrize(
    ("took", "text"),
    [
        (None, ""),
        (timedelta(0), "0 s"),
        (timedelta(seconds=1.5), "1.5 s"),
        (timedelta(minutes=90), "1.5 h"),
        (timedelta(days=2), "2.0 d"),
        (timedelta(seconds=-5), "0 s"),
    ],
)
def test_a_duration_is_in_the_largest_fitting_unit(took: timedelta | None, text: str) -> None:
    assert duration(_run(took)) == text


def test_a_run_is_told_by_component_id_status_start_and_duration() -> None:
    assert caption(_run(timedelta(minutes=3))).plain == "fit  r1  failed  2026-01-01 12:00:00  3.0 min"
    assert caption(_run(component=None)).plain == "run  r1  running  2026-01-01 12:00:00"


def test_a_state_is_told_by_name_and_maker_and_flag() -> None:
    state = Pointer("out@1.csv@0198node-1234", "out@1.csv", "data", flagged=True)
    assert caption(state).plain == "out@1.csv  0198node-1234  flagged"
    assert caption(state, whole=False).plain == "out@1.csv  …ode-1234  flagged"
    assert caption(Pointer("in@external:sha256:ab", "in", "data"), whole=False).plain == "in  external:sha256:ab"


def test_what_was_erased_says_when_and_for_which_request() -> None:
    state = Pointer("out@r1", "out", "data", erased=Erased(START, "d\n1"))
    assert caption(state).plain == "out  r1  erased on 2026-01-01 for request d\\n1"


def test_a_quarantined_state_says_so() -> None:
    state = Pointer("w@now", "w", "data", run="now", labels={"quarantined": "0f3a"})

    assert caption(state).plain == "w  now  quarantined"
