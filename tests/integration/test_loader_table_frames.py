"""Tables of other libraries as facts: Parquet files and frames of pandas say the same as CSV."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas
import pyarrow  # type: ignore[import-untyped]  # it ships no types
import pytest
from pyarrow import parquet

from headwater.errors import SourceError
from headwater.loaders.table import TableLoader, import_frame
from tests.support.tables import problems, read, runs

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def frame() -> pandas.DataFrame:
    start = pandas.to_datetime(["2026-01-01T12:00:00Z", "NaT"], utc=True)
    ids, names = ["r1", "r2"], ["a", None]
    return pandas.DataFrame(
        {"run": ids, "name": names, "direction": ["output", None], "start": start, "score": [0.5, float("nan")]}
    )


def test_parquet_and_pandas_say_the_same_as_csv(tmp_path: Path) -> None:
    frame().to_parquet(tmp_path / "t.parquet")
    frame().to_csv(tmp_path / "t.csv", index=False)

    by_kind = [list(TableLoader().read(str(tmp_path / name))) for name in ("t.parquet", "t.csv")]

    assert [problems(found) for found in by_kind] == [[], []]
    assert [(fact.id, fact.started_at) for fact in runs(by_kind[0])] == [("r1", NOON), ("r2", None)]
    assert runs(by_kind[0])[0].outputs[0].facets == {"score": 0.5}
    assert [fact.started_at for fact in runs(by_kind[0])] == [fact.started_at for fact in runs(by_kind[1])]


def test_times_in_parquet_are_cut_to_microseconds_and_need_a_zone(tmp_path: Path) -> None:
    nanoseconds = 1_767_268_800_000_000_001
    table = pyarrow.table({"run": ["r1"], "start": pyarrow.array([nanoseconds], pyarrow.timestamp("ns"))})
    parquet.write_table(table, tmp_path / "t.parquet")

    naive = list(TableLoader().read(str(tmp_path / "t.parquet")))
    [fact] = runs(list(TableLoader(tz="UTC").read(str(tmp_path / "t.parquet"))))

    assert [line for line, _ in problems(naive)] == [1]
    assert fact.started_at == NOON


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is no Parquet file"):
        read(tmp_path, b"PAR1 and nothing else", "t.parquet")


def test_a_frame_is_counted_without_a_store() -> None:
    report = import_frame(None, frame(), component="stage")

    assert (report.kind, report.read, report.facts, report.skipped) == ("table", {"row": 2}, {"runs": 2}, 0)
