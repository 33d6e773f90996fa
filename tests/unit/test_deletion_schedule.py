from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from headwater.deletion.plan import Cost, Plan, Saving
from headwater.deletion.schedule import Queued, schedule
from headwater.errors import UsageError

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = Plan(
    requests=("q1", "q2"),
    policy="",
    situation="",
    verdicts=(),
    cost=Cost(reruns=10, work_median_s=100.0, work_p90_s=200.0, elapsed_median_s=50.0, elapsed_p90_s=3_600.0),
    saving=Saving(2, 15, 150.0, own=Cost(reruns=4, work_median_s=40.0, work_p90_s=80.0)),
)
QUEUE = [Queued("q1", NOW - DAY, NOW + 2 * DAY), Queued("q2", NOW, NOW + 9 * DAY)]


def test_the_latest_start_leaves_the_first_due_request_its_time() -> None:
    now, tonight, latest = schedule(PLAN, QUEUE, NOW).options

    assert (now.start, tonight.start) == (NOW, datetime(2026, 3, 10, 22, tzinfo=UTC))
    assert latest.start == NOW + 2 * DAY - timedelta(hours=1)
    assert latest.done == NOW + 2 * DAY
    assert now.late == tonight.late == latest.late == ()


def test_requests_that_join_share_the_reruns() -> None:
    now, _, latest = schedule(PLAN, QUEUE, NOW).options

    assert (now.further, now.reruns, now.share) == (0, 10, 5)
    assert latest.further == pytest.approx(47 / 24)
    assert latest.reruns == pytest.approx(10 + 47 / 24 * 2)
    assert latest.work_p90_s == pytest.approx(200 + 47 / 24 * 40)
    assert latest.share == pytest.approx((10 + 47 / 12) / (2 + 47 / 24))


def test_who_cannot_be_in_time_is_named() -> None:
    queue = [QUEUE[0], Queued("q2", NOW, NOW + timedelta(minutes=30))]

    found = schedule(PLAN, queue, NOW)

    assert [option.late for option in found.options] == [("q2",)] * 3
    assert found.options[2].start == NOW


def test_after_ten_at_night_tonight_is_tomorrow() -> None:
    late = NOW.replace(hour=23)

    assert schedule(PLAN, QUEUE, late).options[1].start == datetime(2026, 3, 11, 22, tzinfo=UTC)


def test_a_queue_must_hold_requests_of_the_plan() -> None:
    with pytest.raises(UsageError, match="no request waits"):
        schedule(PLAN, [], NOW)
    with pytest.raises(UsageError, match="'q9'"):
        schedule(PLAN, [Queued("q9", NOW, NOW)], NOW)


def test_a_schedule_is_json() -> None:
    document = schedule(PLAN, QUEUE, NOW).to_dict()

    assert document["options"][0]["start"] == "2026-03-10T12:00:00.000000Z"
    assert (document["reruns_alone"], len(document["options"]), len(document["assumptions"])) == (15, 3, 5)
