"""Tables as facts: what a row says, which columns are asked, and every way in which a cell can be wrong."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas
import pyarrow  # type: ignore[import-untyped]  # it ships no types
import pytest
from pyarrow import parquet

from headwater.errors import BadRecord, SourceError, UsageError
from headwater.graph.facts import Input, Output, RunFact, Status
from headwater.loaders import files
from headwater.loaders.base import Item, Problem
from headwater.loaders.importing import import_source
from headwater.loaders.table import TableLoader, import_frame, reading
from headwater.testing.oracle import expected_digest

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PLAIN = """run,component,direction,name,start,end,digest,rows
r1,clean,input,raw.csv,2026-01-01T12:00:00Z,2026-01-01T13:00:00+00:00,,7
r1,clean,output,clean.csv,2026-01-01T12:00:00Z,2026-01-01T13:00:00+00:00,sha256:1,
"""


def read(tmp_path: Path, content: str | bytes, file: str = "t.csv", **options: Any) -> list[Item | Problem]:
    path = tmp_path / file
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(TableLoader(**options).read(str(path)))


def runs(found: list[Item | Problem]) -> list[RunFact]:
    facts = [fact for one in found if isinstance(one, Item) for fact in one.facts]
    return [fact for fact in facts if isinstance(fact, RunFact)]


def problems(found: list[Item | Problem]) -> list[tuple[int | None, str]]:
    return [(one.place.line, one.reason) for one in found if isinstance(one, Problem)]


def test_a_row_says_that_a_run_read_or_wrote_something(tmp_path: Path) -> None:
    one, two = found = read(tmp_path, PLAIN)

    first, second = runs(found)
    assert (first.id, first.component, first.status, first.started_at) == ("r1", "clean", Status.COMPLETED, NOON)
    assert (first.inputs, second.outputs) == ((Input("raw.csv"),), (Output("clean.csv", "sha256:1"),))
    assert (first.inputs[0].facets, second.outputs[0].facets) == ({"rows": "7"}, {})
    assert isinstance(one, Item)
    assert isinstance(two, Item)
    assert (one.place.line, two.place.line, one.opaque) == (2, 3, ("rows",))


def test_options_name_the_columns(tmp_path: Path) -> None:
    table = "Job;Lauf;Art;Datei;Beginn\nclean;r1;OUT;a;01.01.2026\nclean;r1;OUT;a;2026-01-01 13:00\n"

    options = {"run": "Lauf", "component": "Job", "direction": "Art", "name": "Datei", "start": "Beginn"}
    found = read(tmp_path, table, delimiter=";", tz="Europe/Berlin", **options)

    [fact] = runs(found)
    assert (fact.id, fact.component, fact.started_at, fact.outputs) == ("r1", "clean", NOON, (Output("a"),))
    assert problems(found) == [(2, "Beginn is '01.01.2026', not a time of ISO 8601")]


def test_a_time_without_a_zone_needs_the_option(tmp_path: Path) -> None:
    table = "run,start\nr1,2026-01-01T12:00:00\n"

    [(line, reason)] = problems(read(tmp_path, table))
    [fact] = runs(read(tmp_path, table, tz="UTC"))

    assert line == 2
    assert reason.startswith("start 2026-01-01T12:00:00 has no time zone (name it: option tz=")
    assert fact.started_at == NOON


def test_a_table_without_a_status_tells_of_what_was_done_and_one_with_it_is_believed(tmp_path: Path) -> None:
    without = runs(read(tmp_path, "run,start\nr1,2026-01-01T12:00:00Z\n"))
    given = runs(read(tmp_path, "run,start,status\nr1,2026-01-01T12:00:00Z,Failed\nr2,2026-01-01T12:00:00Z,\n"))

    assert [fact.status for fact in (*without, *given)] == [Status.COMPLETED, Status.FAILED, None]


def test_a_table_without_times_is_doubted(tmp_path: Path) -> None:
    found = read(tmp_path, "run\nr1\n")

    assert problems(found) == [(1, "no column 'start' or 'end': all runs are dated 1970 (option start=COLUMN)")]
    assert len(runs(found)) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",etl,input,a,,", "nothing stands in the column 'run'"),
        ("r1,etl,,a,,", "nothing stands in the column 'direction'"),
        ("r1,etl,input,,,", "nothing stands in the column 'name'"),
        ("r1,etl,sideways,a,,", "direction is 'sideways', neither input nor output"),
        ("r1,etl,input,a,later,", "start is 'later', not a time of ISO 8601"),
        ("r1,etl,input,a,,tired", "status is 'tired', none of running, aborted, failed, completed"),
        ("r1,etl,input", "it has 3 cells, the header has 6"),
        ("r@1,etl,input,a,,", "run id 'r@1' holds '@' or begins with 'external' (use a UUID, or escape the id)"),
        ('"r1"x,etl,input,a,,', "no row of CSV: ',' expected after '\"'"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_the_rest_is_read(tmp_path: Path, row: str, reason: str) -> None:
    table = f'run,component,direction,name,start,status\nr0,etl,input,"a\nb",,\n{row}\nr2,etl,output,c,,\n'

    found = read(tmp_path, table)

    assert problems(found) == [(4, reason)]
    assert [fact.id for fact in runs(found)] == ["r0", "r2"]


def test_strict_stops_at_the_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("run,start\nr1,2026-01-01T12:00:00Z\n,x\n", "utf-8")

    with pytest.raises(BadRecord, match=r"t\.csv:3: "):
        import_source(None, TableLoader(), str(path), is_strict=True)


@pytest.mark.parametrize(
    ("encoding", "option"), [("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("latin-1", "latin-1")]
)
def test_encodings_are_recognised_by_their_mark_or_named(tmp_path: Path, encoding: str, option: str | None) -> None:
    table = "run,name,direction,start\nr1,café,input,2026-01-01T12:00:00Z\n".encode(encoding)

    [fact] = runs(read(tmp_path, table, encoding=option))

    assert fact.inputs == (Input("café"),)


def test_a_cell_in_another_encoding_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    table = b"run,name,direction,start\nr1,caf\xe9,input,\nr2,b,input,\n"

    found = read(tmp_path, table)

    assert problems(found) == [(2, "'caf\\udce9' is not in the encoding of the file")]
    assert [fact.id for fact in runs(found)] == ["r2"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("name,direction\na,input\n", "has no column 'run' of run ids, but name, direction"),
        ("", "has no column 'run' of run ids"),
        ("run,run\n1,2\n", "has two columns 'run'"),
        (gzip.compress(PLAIN.encode() * 100)[:-20], "cannot be read behind line"),
    ],
)
def test_what_is_no_table_of_runs_is_refused(tmp_path: Path, content: str | bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        read(tmp_path, content, "t.csv.gz" if isinstance(content, bytes) else "t.csv")


@pytest.mark.parametrize("options", [{"tz": "Mars"}, {"delimiter": "ab"}, {"encoding": "klingon"}])
def test_an_option_that_makes_no_sense_is_refused(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=next(iter(options.values()))):
        read(tmp_path, PLAIN, **options)


def test_a_line_that_is_too_long_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_RECORD_BYTES", 100)
    table = f"run,start\nr1,{'x' * 10_000}\nr2,2026-01-01T12:00:00Z\n"

    found = read(tmp_path, table)

    assert problems(found) == [(2, "the line has more than 100 characters")]
    assert [fact.id for fact in runs(found)] == ["r2"]
    assert files.MAX_RECORD_BYTES > 100


def test_a_quote_that_is_never_closed_is_one_bad_row(tmp_path: Path) -> None:
    found = read(tmp_path, 'run,start\nr1,\nr2,"2026\nr3,\n')

    assert problems(found) == [(3, "no row of CSV: unexpected end of data")]
    assert [fact.id for fact in runs(found)] == ["r1"]


def test_every_file_of_a_folder_is_read_and_the_position_grows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(PLAIN, "utf-8")
    (tmp_path / "b.tsv.gz").write_bytes(gzip.compress(b"run\tstart\nr9\t2026-01-01T12:00:00Z\n"))

    loader = TableLoader()
    found = list(loader.read(str(tmp_path)))

    assert [fact.id for fact in runs(found)] == ["r1", "r1", "r9"]
    assert found[-1].position == loader.total(str(tmp_path))
    assert loader.fingerprint(str(tmp_path)) == loader.fingerprint(str(tmp_path))


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


def test_rows_in_any_order_are_one_graph(tmp_path: Path) -> None:
    header, *rows = PLAIN.splitlines(keepends=True)

    forward = runs(read(tmp_path, PLAIN))
    backward = runs(read(tmp_path, "".join([header, *reversed(rows), *rows])))

    assert expected_digest(forward) == expected_digest(backward)
