from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from headwater.errors import BadRecord, HeadwaterError, MissingExtra, SourceError, StoreBusy, UnknownKind, UsageError
from headwater.graph.connect import open_store
from headwater.graph.facts import Fact
from headwater.graph.store import Store
from headwater.loaders import files, registry
from headwater.loaders.base import Found, Item, Place, Problem, attempt
from headwater.loaders.importing import import_source
from headwater.loaders.kinds import Kind
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import ran


@dataclass(frozen=True, slots=True)
class NumberLoader:
    """Reads lines that hold whole numbers: each is a run of so many seconds."""

    factor: int = 1
    is_loud: bool = False
    kind: ClassVar[str] = "numbers"

    def read(self, source: str) -> Iterator[Found]:
        for line in files.lines(Path(source), most=20):
            place = Place(source, line.number)
            yield attempt(place, lambda line=line, place=place: self._item(line, place), line.position)  # type: ignore[misc]

    def _item(self, line: files.Line, place: Place) -> Item:
        if line.content is None or not line.content.isdigit():
            raise SourceError("not a number")
        facts = (ran(f"r{line.number}", 0, self.factor * int(line.content), outputs=["x"]),)
        return Item("number", place, facts, opaque=("blank",), position=line.position)

    def total(self, source: str) -> int | None:
        return files.total_bytes([Path(source)])

    def fingerprint(self, source: str) -> str | None:
        return files.fingerprint([Path(source)])


def expected(*seconds: tuple[int, int]) -> str:
    return expected_digest([ran(f"r{line}", 0, end, outputs=["x"]) for line, end in seconds])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/lineage.db") as found:
        yield found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.txt"
    path.write_text("1\n2\nzwei\n4\n")
    return path


def test_a_bad_record_is_told_with_its_place_and_stops_nothing(store: Store, source: Path) -> None:
    report = import_source(store, NumberLoader(), str(source))
    assert store.digest() == expected((1, 1), (2, 2), (4, 4))
    assert (dict(report.read), dict(report.facts), report.skipped) == ({"number": 3}, {"runs": 3}, 1)
    assert [(str(p.place), p.reason) for p in report.problems] == [(f"{source}:3", "not a number")]
    assert report.to_dict()["opaque"] == {"blank": 3}


def test_where_none_may_be_bad_the_records_before_stay(store: Store, source: Path) -> None:
    with pytest.raises(BadRecord, match=r"numbers.txt:3: not a number"):
        import_source(store, NumberLoader(), str(source), is_strict=True)
    assert store.digest() == expected((1, 1), (2, 2))


def test_a_dry_run_counts_the_same_and_writes_nothing(store: Store, source: Path) -> None:
    dry = import_source(None, NumberLoader(), str(source))
    assert store.stats()["runs"] == 0
    wet = import_source(store, NumberLoader(), str(source))
    assert (dry.read, dry.facts, dry.skipped) == (wet.read, wet.facts, wet.skipped)
    assert (dry.is_dry_run, wet.is_dry_run) == (True, False)


class Dying:
    """A store whose process dies at the second batch."""

    def __init__(self, store: Store) -> None:
        self.store, self.batches = store, 0

    def record(self, facts: Iterator[Fact]) -> None:
        self.batches += 1
        if self.batches > 1:
            raise StoreBusy
        self.store.record(facts)


def test_an_interrupted_import_goes_on_behind_what_is_durable(store: Store, source: Path, tmp_path: Path) -> None:
    mark = tmp_path / "marks" / "one.json"
    with pytest.raises(StoreBusy):
        import_source(Dying(store), NumberLoader(), str(source), checkpoint=mark, batch_facts=2)  # type: ignore[arg-type]
    report = import_source(store, NumberLoader(), str(source), checkpoint=mark, batch_facts=2)
    assert (report.resumed_behind, dict(report.read)) == (2, {"number": 1})
    assert store.digest() == expected((1, 1), (2, 2), (4, 4))
    assert not mark.exists()


@pytest.mark.parametrize("damage", ["changed source", "torn mark"])
def test_what_does_not_fit_the_mark_is_read_from_the_beginning(
    store: Store, source: Path, tmp_path: Path, damage: str
) -> None:
    mark = tmp_path / "one.json"
    with pytest.raises(StoreBusy):
        import_source(Dying(store), NumberLoader(), str(source), checkpoint=mark, batch_facts=2)  # type: ignore[arg-type]
    if damage == "changed source":
        source.write_text("7\n8\n9\n")
    else:
        mark.write_text("{")
    report = import_source(store, NumberLoader(), str(source), checkpoint=mark)
    assert report.resumed_behind == 0
    assert report.read["number"] == 3


def test_progress_is_told_in_bytes_read(store: Store, source: Path) -> None:
    told: list[int] = []
    import_source(store, NumberLoader(), str(source), batch_facts=1, progress=told.append)
    assert told[-1] == NumberLoader().total(str(source)) == source.stat().st_size


def test_lines_are_read_from_packed_files_and_long_ones_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "numbers.gz"
    path.write_bytes(gzip.compress(b"1\n" + b"9" * 5_000_000 + b"\n2"))
    assert [(line.number, line.content) for line in files.lines(path, most=20)] == [(1, b"1"), (2, None), (3, b"2")]


def test_a_damaged_package_is_a_source_error(tmp_path: Path) -> None:
    path = tmp_path / "numbers.gz"
    path.write_bytes(gzip.compress(b"1\n" * 1000)[:-12])
    with pytest.raises(SourceError, match="cannot be read to its end"):
        list(files.lines(path))


def test_a_document_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b"0" * 10_000_000))
    with pytest.raises(SourceError, match="more than 1,000,000 bytes"):
        files.document(path, most=1_000_000)


def test_a_folder_gives_its_files_in_order_packed_ones_too(tmp_path: Path) -> None:
    for name in ("b.json", "a/z.json.gz", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [p.relative_to(tmp_path).as_posix() for p in files.files(str(tmp_path), [".json"])] == [
        "a/z.json.gz",
        "b.json",
    ]


@pytest.mark.parametrize("missing", ["nowhere", "."])
def test_no_file_is_a_source_error(missing: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        files.files(str(tmp_path / missing), [".json"])


@pytest.fixture
def numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Kind("numbers", f"{__name__}:NumberLoader", "whole numbers")
    broken = Kind("broken", "package_that_is_not_there:Loader", "nothing", extra="broken")
    monkeypatch.setattr(registry, "_OWN", (ours, broken))


@pytest.mark.usefixtures("numbers")
def test_options_are_read_by_their_types() -> None:
    assert registry.loader("numbers", {"factor": "3", "is-loud": "true"}) == NumberLoader(3, True)


@pytest.mark.usefixtures("numbers")
@pytest.mark.parametrize(
    ("kind", "options", "failure"),
    [
        ("letters", {}, UnknownKind),
        ("broken", {}, MissingExtra),
        ("numbers", {"colour": "red"}, UsageError),
        ("numbers", {"factor": "x"}, UsageError),
        ("numbers", {"is_loud": "yes"}, UsageError),
    ],
)
def test_what_cannot_be_made_is_a_named_error(
    kind: str, options: dict[str, str], failure: type[HeadwaterError]
) -> None:
    with pytest.raises(failure):
        registry.loader(kind, options)


def test_a_problem_is_what_attempt_caught() -> None:
    def refuse() -> Found:
        raise SourceError("odd")

    assert attempt(Place("f", 2, "/a"), refuse) == Problem(Place("f", 2, "/a"), "odd")
    assert str(Place("f", 2, "/a")) == "f:2 /a"


def test_a_report_is_one_json_document(source: Path) -> None:
    document = import_source(None, NumberLoader(), str(source)).to_dict()
    assert json.loads(json.dumps(document)) == document
