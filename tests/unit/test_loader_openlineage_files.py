from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headwater.errors import BadRecord, SourceError
from headwater.graph.connect import open_store
from headwater.graph.store import Store
from headwater.loaders import registry
from headwater.loaders.base import Found, Item
from headwater.loaders.importing import import_source
from headwater.loaders.openlineage import OpenLineageLoader, records
from headwater.testing.oracle import expected_digest
from tests.support.openlineage import dataset, facts_of, run_event

EVENTS = [run_event("START", "r1", 1, inputs=[dataset("日")]), run_event("COMPLETE", "r1", 2, outputs=[dataset("b")])]
LINES = "".join(f"{json.dumps(event)}\n" for event in EVENTS)
PRETTY = json.dumps(EVENTS[0], indent=2, ensure_ascii=False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/lineage.db") as found:
        yield found


def read(path: Path) -> list[Found]:
    return list(OpenLineageLoader().read(str(path)))


def kinds(found: list[Found]) -> list[str]:
    return [one.kind if isinstance(one, Item) else f"{one.place.line or one.place.path}: {one.reason}" for one in found]


def written(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("name", ["e.ndjson", "e.jsonl", "e.json", "no suffix"])
@pytest.mark.parametrize("content", [LINES, f"\n{LINES}\n\n", LINES.replace("\n", "\r\n"), LINES.rstrip()])
def test_events_stand_one_a_line(tmp_path: Path, name: str, content: str) -> None:
    assert kinds(read(written(tmp_path, name, content))) == ["START", "COMPLETE"]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(EVENTS),
        json.dumps(EVENTS, indent=2),
        f" [ {PRETTY},\n{json.dumps(EVENTS[1])} ] ",
        f"{PRETTY}\n{json.dumps(EVENTS[1], indent=1)}",
        f"\ufeff{PRETTY}{json.dumps(EVENTS[1])}",
    ],
)
def test_events_stand_in_documents_and_lists(tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "e.json", content)
    whole = read(path)
    monkeypatch.setattr(records, "_CHUNK", 1)
    assert read(path) == [
        Item(i.kind, i.place, i.facts, i.opaque, p.position)
        for i, p in zip(whole, read(path), strict=True)
        if isinstance(i, Item)
    ]
    assert kinds(whole) == ["START", "COMPLETE"]


def test_packed_files_and_folders_in_folders_are_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    written(tmp_path, "b.ndjson.gz", gzip.compress(LINES.encode()))
    written(tmp_path / "sub", "a.json", PRETTY)
    written(tmp_path, "c.json.gz", gzip.compress(json.dumps(EVENTS, indent=1).encode()))
    written(tmp_path, "README.md", "no event")
    assert kinds(read(tmp_path)) == ["START", "COMPLETE", "START", "COMPLETE", "START"]


def test_the_position_never_falls_and_ends_at_the_total(tmp_path: Path) -> None:
    written(tmp_path, "a.ndjson", LINES)
    written(tmp_path, "b.json", json.dumps(EVENTS))
    positions = [one.position or 0 for one in read(tmp_path)]
    assert positions == sorted(positions)
    assert positions[-1] == OpenLineageLoader().total(str(tmp_path))


def test_a_bad_line_is_named_and_passed_over(tmp_path: Path) -> None:
    bad = [b"{", b'{"eventTime": 5}', b"\xff", b"[" * 9999, b'{"a": NaN}']
    path = written(tmp_path, "e.ndjson", b"\n".join([*bad, LINES.encode()]))
    found = kinds(read(path))
    assert found[5:] == ["START", "COMPLETE"]
    starts = ["1: no whole JSON", "2: the event has none of", "3: no UTF-8", "4: no whole JSON", "5: no whole JSON"]
    assert [told.startswith(start) for told, start in zip(found, starts, strict=False)] == [True] * 5


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"[{json.dumps(EVENTS[0])},\n{PRETTY[:-9]}", "/1: no whole JSON"),
        (f"[{json.dumps(EVENTS[0])}", "/1: no whole JSON: the list has no end"),
        (f"[{json.dumps(EVENTS[0])}] x", "/1: no whole JSON: something follows the list"),
        (f"{PRETTY}\n{{,}}", "#1: no whole JSON"),
        (f"{PRETTY}\n\x01", "#1: no whole JSON"),
    ],
)
def test_a_document_that_breaks_off_is_named_and_what_came_before_counts(
    tmp_path: Path, content: str, reason: str
) -> None:
    first, second = kinds(read(written(tmp_path, "e.json", content)))
    assert first == "START"
    assert second.startswith(reason)


def test_a_file_that_is_no_json_is_refused_alone_and_passed_over_among_others(tmp_path: Path) -> None:
    bad = written(tmp_path, "a.json", PRETTY.encode("utf-16"))
    with pytest.raises(SourceError, match=r"a\.json: no UTF-8"):
        read(bad)
    written(tmp_path, "b.json", PRETTY)
    assert [told[:10] for told in kinds(read(tmp_path))] == ["#0: no UTF", "START"]


@pytest.mark.parametrize("name", ["a.ndjson.gz", "a.json.gz"])
def test_a_packed_file_that_breaks_off_is_named(tmp_path: Path, name: str) -> None:
    written(tmp_path, name, gzip.compress(LINES.encode())[:-9])
    written(tmp_path, "b.json", PRETTY)
    *_, broken, sound = kinds(read(tmp_path))
    assert "cannot be read to its end" in broken
    assert sound == "START"


def test_a_document_larger_than_any_event_ends_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 300)
    monkeypatch.setattr(records, "_CHUNK", 100)
    written(tmp_path, "a.json.gz", gzip.compress(b'[{"x": "' + b"y" * 2000))
    written(tmp_path, "b.ndjson", LINES)
    found = kinds(read(tmp_path))
    assert found == ["/0: no whole JSON: a record is longer than 300 characters", "START", "COMPLETE"]


def test_an_import_records_what_the_events_mean_and_a_dry_run_counts_the_same(tmp_path: Path, store: Store) -> None:
    path = written(tmp_path, "e.ndjson", f"{LINES}x\n")
    loader = registry.loader("openlineage") if "openlineage" in registry.kinds() else OpenLineageLoader()
    dry = import_source(None, loader, str(path)).to_dict()
    real = import_source(store, loader, str(path)).to_dict()
    assert store.digest() == expected_digest(facts_of(EVENTS))
    assert _counts(dry) == _counts(real) == ({"START": 1, "COMPLETE": 1}, {"runs": 2}, 1)


def test_a_strict_import_ends_at_the_first_bad_event(tmp_path: Path, store: Store) -> None:
    path = written(tmp_path, "e.ndjson", f"{json.dumps(EVENTS[0])}\nx\n{json.dumps(EVENTS[1])}")
    with pytest.raises(BadRecord, match=r"e\.ndjson:2: no whole JSON"):
        import_source(store, OpenLineageLoader(), str(path), is_strict=True)
    assert store.digest() == expected_digest(facts_of(EVENTS[:1]))


def _counts(report: dict[str, Any]) -> tuple[Any, Any, Any]:
    return report["read"], report["facts"], report["skipped"]


@pytest.mark.parametrize("content", ["[000", "[1 2x]", "[truetrue]"])
def test_values_that_nothing_divides_end_their_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "events.json"
    path.write_text(content)
    assert [record.problem for record in records.records(path)][-1].startswith("no whole JSON: Expecting ',' delimiter")  # type: ignore[union-attr]
