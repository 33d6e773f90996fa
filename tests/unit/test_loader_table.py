"""Tables as facts: what a row says, which columns are asked, and every way in which a cell can be wrong."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from headwater.errors import BadRecord, SourceError, UsageError
from headwater.graph.facts import Input, Output, Status
from headwater.loaders import files
from headwater.loaders.base import Item
from headwater.loaders.importing import import_source
from headwater.loaders.table import TableLoader, reading
from headwater.testing.oracle import expected_digest
from tests.support.tables import problems, read, runs

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PLAIN = """run,component,direction,name,start,end,digest,rows
r1,clean,input,raw.csv,2026-01-01T12:00:00Z,2026-01-01T13:00:00+00:00,,7
r1,clean,output,clean.csv,2026-01-01T12:00:00Z,2026-01-01T13:00:00+00:00,sha256:1,
"""


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


def test_rows_in_any_order_are_one_graph(tmp_path: Path) -> None:
    header, *rows = PLAIN.splitlines(keepends=True)

    forward = runs(read(tmp_path, PLAIN))
    backward = runs(read(tmp_path, "".join([header, *reversed(rows), *rows])))

    assert expected_digest(forward) == expected_digest(backward)
