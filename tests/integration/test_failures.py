"""What goes wrong around a file is a named error, and nothing is lost, half-written or spoiled by it."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import mkdtemp

import pytest

from headwater.errors import (
    CorruptStore,
    HeadwaterError,
    NotAStore,
    SchemaTooNew,
    StoreBusy,
    StoreClosed,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from headwater.graph.connect import open_store
from headwater.graph.embedded import SQLiteEngine
from headwater.graph.facts import RunFact
from headwater.graph.query_store import QueryStore
from headwater.queries.catalogue import catalogue
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import ran
from tests.support.neo4j_database import Database
from tests.support.stores import opened
from tests.support.writers import batch, open_once, run_all

NOBODY = 65534
FORKED_RUNS = 10
FIRST = ran("first", 0, 1, outputs=["x"])
SECOND = ran("second", 2, 3, ["x"], ["y"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lineage.db"


@pytest.fixture
def file(path: Path) -> Database:
    """A closed store that holds one run."""
    with opened(place := Database(f"sqlite:///{path}")) as store:
        store.record([FIRST])
    return place


def foreign(path: Path, *statements: str) -> sqlite3.Connection:
    """Make a database of another program, and leave it open."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in (*statements, "CREATE TABLE theirs (x)", "INSERT INTO theirs VALUES (1)"):
        connection.execute(statement)
    return connection


@pytest.mark.parametrize("content", [b"hello", b"\0" * 4096, b"a,b\n1,2\n" * 1000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(NotAStore, match="not an SQLite database"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("setting", ["application_id = 7", "user_version = 3", "journal_mode = WAL"])
def test_a_database_of_another_program_is_refused_and_left_alone(path: Path, setting: str) -> None:
    with closing(foreign(path, f"PRAGMA {setting}")):
        before = {found: found.read_bytes() for found in path.parent.iterdir()}
        with pytest.raises(NotAStore, match="another program"):
            open_store(f"sqlite:///{path}")
        assert {found: found.read_bytes() for found in path.parent.iterdir()} == before


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    with open_store(f"sqlite:///{path}") as store:
        store.record([FIRST])
        assert store.digest() == expected_digest([FIRST])


@pytest.mark.parametrize("where", ["", "missing\0.db"])
def test_a_folder_is_no_file(tmp_path: Path, where: str) -> None:
    with pytest.raises(HeadwaterError):
        open_store(f"sqlite:///{tmp_path}/{where}")


def test_a_folder_that_cannot_be_made_is_named(path: Path) -> None:
    path.touch()
    with pytest.raises(StoreUnavailable, match="inside cannot be made"):
        open_store(f"sqlite:///{path}/inside/lineage.db")


def test_a_store_of_a_newer_version_is_refused_and_left_alone(file: Database, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE schema_version SET version = 99")
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew, match="version 99"):
        opened(file)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:4096] + b"\xff" * (len(content) - 4096),
        lambda content: content[: len(content) // 2],
        lambda content: content[:100] + b"\xff" * 3996 + content[4096:],
    ],
    ids=["overwritten", "cut", "first page"],
)
def test_a_damaged_file_is_named(file: Database, path: Path, spoil: Callable[[bytes], bytes]) -> None:
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(CorruptStore, match=r"lineage\.db is damaged"):
        _use(file)


def _use(place: Database) -> None:
    with opened(place) as store:
        store.record([SECOND])
        store.digest()


@pytest.mark.usefixtures("file")
def test_a_store_locked_by_another_program_is_busy_and_then_goes_on(path: Path) -> None:
    with (
        QueryStore(SQLiteEngine(path, busy_timeout_s=0.05)) as store,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match="locked"):
            store.record([SECOND])
        assert store.digest() == expected_digest([FIRST])
        other.execute("ROLLBACK")
        store.record([SECOND])
        assert store.digest() == expected_digest([FIRST, SECOND])


def test_a_closed_store_says_so(file: Database) -> None:
    store = opened(file)
    store.close()
    store.close()
    for use in (lambda: store.record([SECOND]), store.stats, store.digest, lambda: store.resolve("x")):
        with pytest.raises(StoreClosed):
            use()


def say_how_it_fails(place: Database, pipe: Connection) -> None:
    """As a user without rights: open, read and record; say what each came to."""
    catalogue()
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    try:
        with opened(place) as store:
            pipe.send(("read", store.stats()["runs"]))
            store.record([SECOND])
    except StoreError as exc:
        pipe.send((type(exc), exc.hint))


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that another user may enter; pytest's are closed."""
    folder = Path(mkdtemp(prefix="headwater-"))
    yield folder
    folder.chmod(0o700)
    subprocess.run(["rm", "-r", folder], check=True)


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "said"),
    [
        (0o555, 0o444, [StoreReadOnly]),
        (0o555, 0o666, [StoreReadOnly]),
        (0o777, 0o444, ["read", StoreReadOnly]),
        (0o555, 0o000, [StoreUnavailable]),
        (0o555, None, [StoreUnavailable]),
    ],
)
def test_what_may_not_be_written_is_named(
    public: Path, folder_mode: int, file_mode: int | None, said: list[object]
) -> None:
    place = Database(f"sqlite:///{public}/lineage.db")
    if file_mode is not None:
        opened(place).close()
        (public / "lineage.db").chmod(file_mode)
    public.chmod(folder_mode)

    found = run_all(say_how_it_fails, place, [()])

    assert [what for what, _ in found] == said
    assert "permissions" in found[-1][1]


def fill(place: Database, pipe: Connection, room: int) -> None:
    """Record batches until no file may grow any more, then go on without that limit.

    Args:
        room: by how many bytes a file may outgrow the largest one of the empty store.
    """
    with opened(place) as store:
        folder = Path(place.url.removeprefix("sqlite:///")).parent
        most = max(file.stat().st_size for file in folder.iterdir()) + room
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        recorded = _fill(store)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        pipe.send((recorded, store.digest()))
        store.record(batch("w", recorded))
        pipe.send((recorded + 1, store.digest()))


def _fill(store: QueryStore) -> int:
    for number in range(10_000):
        try:
            store.record(batch("w", number))
        except StoreError:
            return number
    raise AssertionError("it never filled up")


def _digest_of(batches: int) -> str:
    return expected_digest([fact for number in range(batches) for fact in batch("w", number)])


@pytest.mark.parametrize("room", [100_000, 200_000])
def test_a_write_that_fails_halfway_leaves_what_was_there(path: Path, room: int) -> None:
    said = run_all(fill, Database(f"sqlite:///{path}"), [(room,)])
    assert [digest for _, digest in said] == [_digest_of(batches) for batches, _ in said]
    assert said[0][0] > 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(tmp_path)]
    if os.getuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_a_full_disk_is_named_and_nothing_is_half_written(small_disk: Path) -> None:
    with opened(Database(f"sqlite:///{small_disk}/lineage.db")) as store:
        recorded = _fill(store)
        assert recorded > 0
        with pytest.raises(StoreFull):
            store.record(batch("w", recorded))
        assert store.digest() == _digest_of(recorded)
        subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
        store.record(batch("w", recorded))
        assert store.digest() == _digest_of(recorded + 1)


def test_eight_processes_make_one_new_store_at_the_same_moment(bare_place: Database) -> None:
    runs = run_all(open_once, bare_place, [()] * 8)
    with opened(bare_place) as store:
        assert sorted(store.run(run).run.id for run in runs) == sorted(runs)
        assert store.stats()["runs"] == 8


def test_a_migration_that_another_process_has_applied_changes_nothing(place: Database) -> None:
    with opened(place) as store, opened(place) as other:
        store.record([FIRST])
        other.engine.migrate("schema/001_lineage", 1)
        assert store.digest() == other.digest() == expected_digest([FIRST])


def record_and_leave(place: Database, pipe: Connection) -> None:
    with opened(place) as store:
        store.record([ran("theirs", 2, 3, outputs=["x"])])
    pipe.send("done")


def test_a_process_that_leaves_does_not_take_the_log_of_one_that_opened_the_store_twice(place: Database) -> None:
    mine, theirs, later = ran("mine", 0, 1, outputs=["x"]), ran("theirs", 2, 3, outputs=["x"]), ran("later", 4, 5)
    with opened(place) as store, opened(place):
        store.record([mine])
        run_all(record_and_leave, place, [()])
        store.record([later])
        run_all(check_digest, place, [(expected_digest([mine, theirs, later]),)])
    run_all(check_digest, place, [(expected_digest([mine, theirs, later]),)])


def check_digest(place: Database, pipe: Connection, digest: str) -> None:
    with opened(place) as store:
        assert store.digest() == digest
    pipe.send("done")


def fork_and_write(place: Database, pipe: Connection) -> None:
    """Record in a parent and in its child at once, in a store that was open before the fork; the parent ends first."""
    store = opened(place)
    store.record([_run("before")])
    assert store.stats()["runs"] == 1
    hears, says = os.pipe()
    child = os.fork()
    if child == 0:
        _record_some(store, "child")
        os.read(hears, 1)
        store.record([_run("child-last")])
        store.close()
        os._exit(0)
    _record_some(store, "parent")
    store.close()
    with opened(place) as other:
        other.record([_run("other")])
    os.write(says, b"!")
    pipe.send(os.waitpid(child, 0)[1])


def _record_some(store: QueryStore, side: str) -> None:
    for number in range(FORKED_RUNS):
        store.record([_run(f"{side}-{number}")])
        store.stats()


def _run(name: str) -> RunFact:
    return ran(name, 0, 1, ["x"], ["y"])


def test_a_store_may_be_used_on_both_sides_of_a_fork(place: Database) -> None:
    assert run_all(fork_and_write, place, [()]) == [0]
    names = [f"{side}-{number}" for side in ("parent", "child") for number in range(FORKED_RUNS)]
    with opened(place) as store:
        runs = [_run(name) for name in (*names, "before", "child-last", "other")]
        assert store.digest() == expected_digest(runs)
