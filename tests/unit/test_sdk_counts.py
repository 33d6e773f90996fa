"""The counts of recorders survive torn lines and many programs, and are forgotten after a week."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from headwater import clock
from headwater.sdk.counts import DAYS, Counts


@pytest.fixture
def counts(tmp_path: Path) -> Counts:
    return Counts(lambda: tmp_path / "spool")


def test_nothing_was_counted_where_nothing_is(counts: Counts) -> None:
    assert counts.total() == {"sent": 0, "dropped": 0, "refused": 0}


def test_many_add_to_one_file(counts: Counts) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(counts.add, Counter(sent=2, dropped=1)) for _ in range(200)]:
            done.result()
    assert counts.total() == {"sent": 400, "dropped": 200, "refused": 0}


@pytest.mark.parametrize("torn", [b'{"sent": 5', b"[1]", b'{"sent": "many"}', b"\xff", b"null"])
def test_a_line_that_cannot_be_read_counts_nothing(counts: Counts, tmp_path: Path, torn: bytes) -> None:
    counts.add(Counter(sent=1))
    [file] = (tmp_path / "spool").iterdir()
    file.write_bytes(torn + b"\n" + file.read_bytes())
    assert counts.total()["sent"] == 1


def test_a_week_is_told_and_what_is_older_is_removed(counts: Counts, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    today = clock.now().date()
    for days in (DAYS - 1, DAYS):
        (folder / f"{today - timedelta(days=days)}.counts").write_text('{"sent": 10}\n')
    counts.add(Counter(sent=1))
    assert counts.total()["sent"] == 11
    assert len(list(folder.iterdir())) == 2
