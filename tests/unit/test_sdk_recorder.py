"""The recorder never blocks, never raises, and loses nothing that a disk or a store will take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import InvalidFact, StoreUnavailable
from headwater.graph.connect import open_store
from headwater.graph.facts import Fact, RunFact
from headwater.sdk import recorder as module
from headwater.sdk import spool as spool_module
from headwater.sdk.counts import Counts
from headwater.sdk.recorder import Recorder
from headwater.sdk.spool import Spool
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import ran

DEADLINE_S = 20.0
FACTS = [ran(f"r{n}", n, n + 1, [f"f{n - 1}"], [f"f{n}"]) for n in range(6)]


class Store:
    """A sink that keeps what it takes, and may be told to fail or to wait."""

    def __init__(self) -> None:
        self.taken: list[Fact] = []
        self.error: Exception | None = None
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.is_asked = threading.Event()

    def __call__(self, facts: Sequence[Fact]) -> None:
        self.is_asked.set()
        self.may_go_on.wait(DEADLINE_S)
        if self.error is not None:
            raise self.error
        self.taken += facts


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(lambda: tmp_path / "spool")


@pytest.fixture
def recorder(store: Store, spool: Spool) -> Iterator[Recorder]:
    made = Recorder(store, spool, linger_s=0)
    yield made
    store.may_go_on.set()
    made.shutdown(DEADLINE_S)


def of(fact: Fact) -> Callable[[], Fact]:
    return lambda: fact


def hang(recorder: Recorder, store: Store) -> None:
    """Let the store hang with the first fact in its hands."""
    store.may_go_on.clear()
    recorder.put(of(FACTS[0]))
    assert store.is_asked.wait(DEADLINE_S)


def on_disk(spool: Spool) -> list[Fact]:
    return [fact for path in spool.files() for fact in spool.read(path)]


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds, or fail."""
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end
        threading.Event().wait(0.005)


def test_what_is_put_arrives_in_batches_and_is_counted(recorder: Recorder, store: Store) -> None:
    for fact in FACTS:
        recorder.put(of(fact))
    assert recorder.flush(DEADLINE_S)
    assert store.taken == FACTS
    assert recorder.stats() == module.RecorderStats(queued=0, sent=6, dropped=0, refused=0, spooled=0)


def test_a_full_queue_drops_and_counts_and_never_blocks(store: Store, spool: Spool) -> None:
    recorder = Recorder(store, spool, capacity=2, linger_s=0)
    hang(recorder, store)
    for fact in FACTS[1:]:
        recorder.put(of(fact))
    assert (recorder.stats().queued, recorder.stats().dropped) == (2, 3)
    store.may_go_on.set()
    assert recorder.flush(DEADLINE_S)
    assert store.taken == FACTS[:3]


def test_a_flush_gives_up_at_its_deadline(recorder: Recorder, store: Store) -> None:
    hang(recorder, store)
    assert recorder.flush(0.01) is False
    store.may_go_on.set()
    assert recorder.flush(DEADLINE_S) is True


def test_a_store_that_is_down_is_waited_for_on_disk(
    recorder: Recorder, store: Store, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    recorder.start_anew()
    store.error = StoreUnavailable("gone")
    recorder.put(of(FACTS[0]))
    assert recorder.flush(DEADLINE_S)
    assert on_disk(spool) == [FACTS[0]]
    assert recorder.stats().spooled == 1
    store.error = None
    eventually(lambda: not spool.files())
    assert store.taken == [FACTS[0]]
    assert (recorder.stats().sent, recorder.stats().spooled) == (1, 0)


def test_what_another_process_left_on_disk_is_sent(recorder: Recorder, store: Store, spool: Spool) -> None:
    spool.write(FACTS[:2])
    recorder.put(of(FACTS[2]))
    assert recorder.flush(DEADLINE_S)
    assert sorted(map(repr, store.taken)) == sorted(map(repr, FACTS[:3]))
    assert spool.files() == []


def test_a_fact_that_the_store_refuses_takes_no_other_with_it(spool: Spool) -> None:
    taken: list[Fact] = []

    def sink(facts: Sequence[Fact]) -> None:
        if FACTS[3] in facts:
            raise InvalidFact("not this one")
        taken.extend(facts)

    recorder = Recorder(sink, spool, linger_s=0.05)
    for fact in FACTS:
        recorder.put(of(fact))
    assert recorder.flush(DEADLINE_S)
    assert taken == [fact for fact in FACTS if fact is not FACTS[3]]
    assert (recorder.stats().refused, recorder.stats().sent) == (1, 5)


def test_a_run_that_cannot_be_described_is_counted(recorder: Recorder, store: Store) -> None:
    recorder.put(lambda: RunFact(""))
    recorder.put(of(FACTS[0]))
    assert recorder.flush(DEADLINE_S)
    assert (store.taken, recorder.stats().refused) == ([FACTS[0]], 1)


def test_waiting_returns_when_the_store_has_it(recorder: Recorder, store: Store) -> None:
    recorder.put_and_wait(of(FACTS[0]), DEADLINE_S)
    assert store.taken == [FACTS[0]]


def test_waiting_for_a_store_that_hangs_ends_on_the_disk(recorder: Recorder, store: Store, spool: Spool) -> None:
    hang(recorder, store)
    recorder.put_and_wait(of(FACTS[1]), 0.01)
    assert on_disk(spool) == [FACTS[1]]


def test_a_shutdown_puts_on_disk_what_a_store_that_hangs_holds_up(
    recorder: Recorder, store: Store, spool: Spool
) -> None:
    hang(recorder, store)
    recorder.put(of(FACTS[1]))
    assert recorder.shutdown(0.01) is False
    assert on_disk(spool) == FACTS[:2]
    assert recorder.shutdown(0.01) is True
    recorder.put(of(FACTS[2]))
    recorder.put_and_wait(of(FACTS[3]), DEADLINE_S)
    assert on_disk(spool) == FACTS[:4]


def test_a_disk_that_takes_nothing_either_is_counted(tmp_path: Path, store: Store) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    recorder = Recorder(store, Spool(lambda: tmp_path / "spool"), linger_s=0)
    store.error = StoreUnavailable("gone")
    recorder.put(of(FACTS[0]))
    assert recorder.flush(DEADLINE_S)
    assert recorder.stats().dropped == 1


def test_a_spool_has_an_end(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.write(FACTS)
    monkeypatch.setattr(spool_module, "LIMIT_BYTES", 10)
    with pytest.raises(OSError, match="more than 0 MiB"):
        spool.write(FACTS)
    assert on_disk(spool) == FACTS


def test_lines_of_a_spool_that_are_no_facts_are_set_aside(spool: Spool) -> None:
    spool.write(FACTS[:2])
    [path] = spool.files()
    path.write_bytes(b"garbage\n" + path.read_bytes())
    assert spool.read(path) == FACTS[:2]
    assert path.with_suffix(".bad").read_bytes() == b"garbage"


def test_a_write_that_fails_leaves_no_part_of_a_file(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    with pytest.raises(OSError, match="No space left"):
        spool.write(FACTS)
    assert list((tmp_path / "spool").iterdir()) == []


@settings(max_examples=15)
@given(order=st.permutations(range(6)), is_down=st.lists(st.booleans(), min_size=6, max_size=6))
def test_spooled_facts_give_the_same_graph_whenever_they_are_sent(
    order: list[int], is_down: list[bool], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("order")
    spool = Spool(lambda: folder / "spool")
    with open_store(f"sqlite:///{folder}/lineage.db") as graph:
        for place, down in zip(order, is_down, strict=True):
            spool.write([FACTS[place]]) if down else graph.record([FACTS[place]])
        for path in spool.files():
            graph.record(spool.read(path))
            spool.remove(path)
        assert graph.digest() == expected_digest(FACTS)


def test_the_recorder_is_not_recorded(recorder: Recorder) -> None:
    seen: list[bool] = []
    recorder.put(of(FACTS[0]), after=lambda: seen.append(module.is_recording_thread()))
    assert recorder.flush(DEADLINE_S)
    recorder.shutdown(DEADLINE_S)
    assert (seen, module.is_recording_thread()) == ([True], False)


def test_what_became_of_the_claims_is_kept_for_other_programs(store: Store, spool: Spool, tmp_path: Path) -> None:
    counts = Counts(lambda: tmp_path)
    for refuses in (False, True):
        recorder = Recorder(store, spool, counts, linger_s=0)
        store.error = InvalidFact("no") if refuses else None
        for fact in FACTS[:2]:
            recorder.put(lambda fact=fact: fact)  # type: ignore[misc]
        assert recorder.shutdown(DEADLINE_S)
        assert recorder.shutdown(DEADLINE_S)
    assert counts.total() == {"sent": 2, "dropped": 0, "refused": 2}


def test_counts_are_kept_while_the_program_runs(
    store: Store, spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COUNTED_EVERY_S", 0.0)
    counts = Counts(lambda: tmp_path)
    recorder = Recorder(store, spool, counts, linger_s=0)
    for sent, fact in enumerate(FACTS[:3], 1):
        recorder.put(lambda fact=fact: fact)  # type: ignore[misc]
        assert recorder.flush(DEADLINE_S)
        assert counts.total()["sent"] == sent
    recorder.shutdown(DEADLINE_S)
    assert counts.total()["sent"] == 3
