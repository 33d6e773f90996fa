"""What the graph needs is never freed, whoever writes meanwhile; what is erased is gone from the disk."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import uuid
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.errors import ArtifactsUnavailable, DamagedArtifact, UnknownArtifact
from headwater.graph.connect import connect
from headwater.graph.facts import Input, Output, RunFact, Status
from headwater.graph.lineage.face import Lineage
from headwater.sdk.artifacts.entries import Entry, encoded
from headwater.sdk.artifacts.erasure import free_erased
from headwater.sdk.artifacts.needs import holders
from headwater.sdk.artifacts.places import Folder
from headwater.sdk.artifacts.saved import save_value
from headwater.sdk.artifacts.store import ArtifactStore
from headwater.sdk.artifacts.sweep import Freed, collect, release
from headwater.sdk.artifacts.where import open_artifacts
from headwater.sdk.spool import Spool
from headwater.testing.rules import at

NOW = timedelta(0)


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    return open_artifacts(f"memory://{uuid.uuid4()}" if request.param == "memory" else str(tmp_path / "artifacts"))


@pytest.fixture
def folder(tmp_path: Path) -> ArtifactStore:
    return open_artifacts(str(tmp_path / "artifacts"))


@pytest.fixture
def lineage(tmp_path: Path) -> Iterator[Lineage]:
    with connect(f"sqlite:///{tmp_path}/lineage.db") as lineage:
        yield lineage


def put(store: ArtifactStore, digest: str, data: bytes) -> Entry:
    return store.put(lambda: digest, "bytes", lambda file: file.write(data), name=digest)


def needing(*needed: str) -> Callable[[Collection[str]], dict[str, list[str]]]:
    return lambda digests: {digest: ["somebody"] for digest in digests if digest in needed}


def kept(store: ArtifactStore) -> dict[str, bytes]:
    return {entry.digest: store.open(entry).read() for entry in store.entries()}


def held(store: ArtifactStore) -> list[str]:
    """Return the first word of each kind of thing that is in the place."""
    return sorted(
        found.key.partition("/")[0]
        for under in ("entries", "chunks", "trash", "parts")
        for found in store.place.found(under)
    )


def wrote(run: str, name: str, digest: str) -> RunFact:
    return RunFact(run, "stage", Status.COMPLETED, at(0), at(1), (), (Output(name, digest),))


def test_a_dry_run_tells_what_would_be_freed_and_removes_nothing(store: ArtifactStore) -> None:
    put(store, "needed", b"shared" + bytes(5 << 20))
    put(store, "forgotten", b"other" + bytes(5 << 20))
    found = collect(store, needing("needed"), grace=NOW)
    assert ([entry.digest for entry in found.entries], found.is_applied) == (["forgotten"], False)
    assert kept(store).keys() == {"needed", "forgotten"}
    assert collect(store, needing("needed"), grace=NOW, applies=True).size_bytes == found.size_bytes


def test_what_is_needed_or_new_stays(store: ArtifactStore) -> None:
    put(store, "needed", b"1")
    put(store, "forgotten", b"2")
    assert collect(store, needing("needed"), grace=timedelta(hours=1), applies=True).entries == ()
    freed = collect(store, needing("needed"), grace=NOW, applies=True)
    assert ([entry.digest for entry in freed.entries], freed.size_bytes) == (["forgotten"], 1)
    assert kept(store) == {"needed": b"1"}
    assert held(store) == ["chunks", "entries"]


def test_release_frees_at_once_but_what_others_share(store: ArtifactStore) -> None:
    put(store, "erased", bytes(4 << 20) + b"personal data")
    put(store, "other", bytes(4 << 20) + b"something else")
    freed = release(store, ["erased", "never saved"], needing("other"))
    assert ([entry.digest for entry in freed.entries], freed.size_bytes, freed.chunks) == (["erased"], 13, 1)
    assert kept(store) == {"other": bytes(4 << 20) + b"something else"}


def test_release_keeps_what_another_state_needs_and_says_who(store: ArtifactStore) -> None:
    put(store, "d", b"1")
    freed = release(store, ["d"], needing("d"))
    assert (freed.entries, freed.kept) == ((), {"d": ["somebody"]})
    assert kept(store) == {"d": b"1"}


def test_what_was_saved_for_another_graph_too_stays_and_names_it(tmp_path: Path) -> None:
    ours, theirs = (open_artifacts(str(tmp_path / "artifacts"), graph) for graph in ("ours", "theirs"))
    put(ours, "d", b"1")
    put(theirs, "d", b"1")
    put(theirs, "e", b"2")
    assert ours.renew("e") is not None
    assert collect(ours, needing(), grace=NOW, applies=True).entries == ()
    assert release(ours, ["d", "e"], needing("e")).kept == {"d": ["theirs"], "e": ["somebody", "theirs"]}
    assert kept(ours) == {"d": b"1", "e": b"2"}


def test_no_file_holds_what_was_released(folder: ArtifactStore, tmp_path: Path) -> None:
    put(folder, "erased", b"the address of a client" * 100)
    part = Path(str(folder.place), "parts", "left-by-a-killed-writer.part")
    part.write_bytes(b"the address of a client")
    orphan = Path(str(folder.place), "chunks", "ab", "abc")
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"the address of a client")
    freed = release(folder, ["erased"], needing())
    assert freed.size_bytes == 102 * len(b"the address of a client")
    assert not any(b"address" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_releasing_again_frees_nothing_more(store: ArtifactStore) -> None:
    put(store, "d", b"1")
    release(store, ["d"], needing())
    assert release(store, ["d"], needing()) == Freed((), 0, 0)


def test_the_states_of_the_graph_the_spool_and_external_data_need_their_content(
    lineage: Lineage, tmp_path: Path
) -> None:
    lineage.record([
        wrote("r1", "a", "made"),
        RunFact("r2", "s", Status.RUNNING, at(2), None, (Input("b", digest="read"),), (Output("c", "unfinished"),)),
    ])  # fmt: skip
    Spool(lambda: tmp_path / "spool").write([wrote("r3", "d", "spooled")])
    digests = ["made", "read", "unfinished", "spooled", "forgotten"]
    assert holders(lineage.store, digests, spool=tmp_path / "spool") == {
        "made": ["a@r1"],
        "read": ["b@external:read"],
        "unfinished": ["c@r2"],
        "spooled": ["d@r3"],
    }


def test_an_erased_state_needs_nothing_but_another_of_the_same_content_does(lineage: Lineage) -> None:
    lineage.record([wrote("r1", "a", "d"), wrote("r2", "b", "d"), wrote("r3", "c", "e")])
    assert holders(lineage.store, ["d", "e"], erased={"a@r1", "c@r3"}) == {"d": ["b@r2"]}


def test_what_only_erased_states_had_is_gone_and_the_rest_names_who_has_it(
    lineage: Lineage, folder: ArtifactStore, tmp_path: Path
) -> None:
    contents = {name: f"{name} of a client".encode() * 100 for name in ("own", "shared", "earlier")}
    for digest, data in contents.items():
        put(folder, digest, data)
    lineage.record([wrote("r1", "a", "own"), wrote("r2", "b", "shared"), wrote("r3", "c", "shared")])
    lineage.record([wrote("r4", "d", "earlier"), wrote("r5", "e", "earlier")])
    erased = {"a@r1", "b@r2", "d@r4", "e@r5"}
    freed = free_erased(lineage.store, contents, erased, artifacts=folder)
    assert sorted(entry.digest for entry in freed.entries) == ["earlier", "own"]
    assert (freed.kept, freed.size_bytes) == ({"shared": ["c@r3"]}, 1500 + 1900)
    raw = [path.read_bytes() for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    assert [any(contents[name] in data for data in raw) for name in contents] == [False, True, False]
    assert free_erased(lineage.store, ["own"], erased, artifacts=folder) == Freed((), 0, 0)


def test_many_contents_are_asked_for_in_parts(lineage: Lineage) -> None:
    lineage.record(
        [RunFact("r", "s", Status.COMPLETED, at(0), at(1), (), tuple(Output(f"x{n}", f"d{n}") for n in range(1200)))]
    )
    assert len(holders(lineage.store, [f"d{n}" for n in range(2000)])) == 1200


def test_a_value_that_is_saved_again_while_it_is_collected_stays(store: ArtifactStore) -> None:
    put(store, "d", b"1")

    def saved_meanwhile(_: Collection[str]) -> dict[str, list[str]]:
        assert store.renew("d") is not None
        return {}

    assert collect(store, saved_meanwhile, grace=NOW, applies=True).entries == ()
    assert kept(store) == {"d": b"1"}


def test_a_state_that_is_recorded_while_its_content_is_collected_keeps_it(store: ArtifactStore) -> None:
    put(store, "d", b"1")
    answers = iter([{}, {"d": ["recorded meanwhile"]}])
    assert collect(store, lambda _: next(answers), grace=NOW, applies=True).entries == ()
    assert kept(store) == {"d": b"1"}


def test_a_writer_whose_chunks_are_swept_away_writes_them_again(store: ArtifactStore) -> None:
    swept: list[Freed] = []

    def swept_first() -> str:
        if not swept:
            swept.append(release(store, [], needing()))
        return "d"

    store.put(swept_first, "bytes", lambda file: file.write(bytes(5 << 20)))
    assert swept[0].chunks == 2
    assert kept(store) == {"d": bytes(5 << 20)}


def test_an_entry_that_comes_while_its_chunks_lie_aside_gets_them_back(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = put(store, "d", b"1")
    store.place.remove(entry.key)
    move = store.place.move

    def moved_and_written(key: str, to: str) -> bool:
        found = move(key, to)
        store.place.write(entry.key, encoded(entry))
        return found

    monkeypatch.setattr(store.place, "move", moved_and_written)
    assert release(store, [], needing()).chunks == 0
    assert kept(store) == {"d": b"1"}


@pytest.mark.parametrize("under", ["entries", "chunks"])
def test_a_sweep_that_was_killed_is_undone_by_the_next(store: ArtifactStore, under: str) -> None:
    put(store, "d", b"1")
    [found] = store.place.found(under)
    store.place.move(found.key, f"trash/{found.key}")
    assert store.open(store.entry("d")).read() == b"1"
    collect(store, needing("d"), grace=NOW, applies=True)
    assert kept(store) == {"d": b"1"}
    assert held(store) == ["chunks", "entries"]


_digests = st.sampled_from("abc")
_steps = st.one_of(
    st.tuples(st.just("put"), _digests, st.sampled_from([b"1", b"2", b""])),
    st.tuples(st.just("release"), st.sets(_digests), st.sets(_digests)),
    st.tuples(st.just("collect"), st.just(None), st.sets(_digests)),
)


@given(st.lists(_steps, max_size=12))
def test_after_any_steps_just_what_is_needed_or_was_not_freed_is_there(steps: list[Any]) -> None:
    store = open_artifacts(f"memory://{uuid.uuid4()}")
    expected: dict[str, bytes] = {}
    for step, what, how in steps:
        if step == "put":
            put(store, what, how)
            expected[what] = how
            continue
        if step == "release":
            release(store, what, needing(*how))
        else:
            collect(store, needing(*how), grace=NOW, applies=True)
        gone = (set(expected) if what is None else what) - how
        expected = {digest: data for digest, data in expected.items() if digest not in gone}
        assert len(list(store.place.found("chunks"))) == len(set(expected.values()) - {b""})
    assert kept(store) == expected


def test_a_damaged_entry_stops_the_collection_before_anything_is_removed(folder: ArtifactStore) -> None:
    put(folder, "d", b"1")
    entry = put(folder, "e", b"2")
    Path(str(folder.place), entry.key).write_bytes(b"{}")
    with pytest.raises(DamagedArtifact):
        collect(folder, needing(), grace=NOW, applies=True)
    assert folder.open(folder.entry("d")).read() == b"1"


def test_damage_does_not_stand_in_the_way_of_a_release(folder: ArtifactStore) -> None:
    entries = [put(folder, digest, digest.encode() * 100) for digest in ("erased", "damaged and erased", "damaged")]
    for entry in entries[1:]:
        Path(str(folder.place), entry.key).write_bytes(b"{}")
    release(folder, ["erased", "damaged and erased"], needing())
    assert list(folder.place.found("chunks")) == []
    assert [found.key for found in folder.place.found("entries")] == [entries[2].key]


def test_the_part_of_a_living_writer_is_left_to_it(folder: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync = os.fsync
    freed: list[int] = []

    def collected_meanwhile(descriptor: int) -> None:
        if not freed:
            freed.append(folder.place.clear_parts())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", collected_meanwhile)
    folder.place.write("chunks/a", b"1")
    assert (freed, folder.place.read("chunks/a")) == ([0], b"1")


def test_there_is_one_sweep_at_a_time(folder: ArtifactStore) -> None:
    with folder.place.sweeping(), pytest.raises(ArtifactsUnavailable, match="another sweep"):
        release(folder, [], needing())


def test_savers_and_sweepers_at_once_lose_nothing_that_is_needed(folder: ArtifactStore, lineage: Lineage) -> None:
    """Four threads save and record values that share chunks, while a sweeper frees all that is not recorded."""
    saved: list[str] = []
    done = threading.Event()

    def save(thread: int) -> None:
        for n in range(8):
            value = bytes(5 << 20) + bytes([thread, n % 4])
            entry = save_value(folder, value, "x")
            lineage.record([wrote(f"r{thread}-{n}", "x", entry.digest)])
            saved.append(entry.digest)

    def sweep() -> None:
        while not done.is_set():
            collect(folder, lambda digests: holders(lineage.store, digests), grace=timedelta(seconds=60), applies=True)
            release(folder, ["nobody's"], lambda digests: holders(lineage.store, digests))

    sweeper = threading.Thread(target=sweep)
    savers = [threading.Thread(target=save, args=(n,)) for n in range(4)]
    for thread in (sweeper, *savers):
        thread.start()
    for thread in savers:
        thread.join()
    done.set()
    sweeper.join()
    assert len(saved) == 32
    assert [folder.faults(folder.entry(digest)) for digest in saved] == [[]] * 32


def test_kill_9_in_the_middle_of_saving_leaves_nothing_half_written(tmp_path: Path) -> None:
    body = """
        import sys
        from headwater.sdk.artifacts.where import open_artifacts
        from headwater.sdk.artifacts.saved import save_value
        import random
        n = 0
        while True:
            save_value(open_artifacts(sys.argv[1]), random.Random(n).randbytes(3 << 20), f"x{n}")
            n += 1
            print(n, flush=True)
    """
    for count in (1, 2, 3):
        command = [sys.executable, "-c", textwrap.dedent(body), str(tmp_path / "artifacts")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
            assert program.stdout is not None
            for _ in range(count):
                program.stdout.readline()
            program.kill()
    store = ArtifactStore(Folder(tmp_path / "artifacts"))
    entries = list(store.entries())
    assert len(entries) >= 3
    assert [store.faults(entry) for entry in entries] == [[]] * len(entries)
    needed = needing(*(entry.digest for entry in entries))
    collect(store, needed, grace=NOW, applies=True)
    assert list(store.place.found("parts")) == []
    used = {chunk.key for entry in entries for chunk in entry.chunks}
    assert {found.key for found in store.place.found("chunks")} == used


def test_what_is_freed_cannot_be_loaded(store: ArtifactStore) -> None:
    put(store, "d", b"1")
    release(store, ["d"], needing())
    with pytest.raises(UnknownArtifact):
        store.entry("d")
