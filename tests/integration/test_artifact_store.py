"""A payload is kept once, found by its content, verified when it is read, and named when it is damaged."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from headwater.errors import (
    ArtifactsFull,
    ArtifactsUnavailable,
    DamagedArtifact,
    UnknownArtifact,
    Unsaveable,
    UsageError,
)
from headwater.sdk.artifacts.entries import Entry
from headwater.sdk.artifacts.places import Folder
from headwater.sdk.artifacts.saved import file_name, save_file, write_to
from headwater.sdk.artifacts.store import ArtifactStore
from headwater.sdk.files import mark_file

_DATA = b"abc" * 1_500_000  # more than one chunk


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(Folder(tmp_path / "artifacts"))


def put(store: ArtifactStore, digest: str = "d", data: bytes = b"content", **about: str) -> Entry:
    return store.put(lambda: digest, "bytes", lambda file: file.write(data), **about)  # type: ignore[arg-type]


def files(store: ArtifactStore, under: str) -> list[Path]:
    return sorted(path for path in Path(str(store.place), under).rglob("*") if path.is_file())


def test_a_payload_comes_back_by_its_digest(store: ArtifactStore) -> None:
    put(store, "d", _DATA, name="x", kind="bytes")
    entry = store.entry("d")
    assert (entry.name, entry.kind, entry.size_bytes) == ("x", "bytes", len(_DATA))
    assert store.open(entry).read() == _DATA
    assert (store.has("d"), store.has("e"), store.faults(entry)) == (True, False, [])


def test_any_text_is_a_digest(store: ArtifactStore) -> None:
    digests = ["", "/etc/passwd", "../x", "a\0b", "ä" * 5000]
    for digest in digests:
        put(store, digest)
    assert sorted(entry.digest for entry in store.entries()) == sorted(digests)


def test_equal_chunks_are_kept_once(store: ArtifactStore) -> None:
    put(store, "d", bytes(9 << 20))
    put(store, "e", bytes(8 << 20))
    assert sorted(path.stat().st_size for path in files(store, "chunks")) == [1 << 20, 4 << 20]


def test_a_content_that_is_not_there_is_named(store: ArtifactStore) -> None:
    with pytest.raises(UnknownArtifact, match="content 'd'"):
        store.entry("d")


@pytest.mark.parametrize("damage", [b"", b"Content", b"content and more"])
def test_a_damaged_chunk_is_named_when_it_is_read(store: ArtifactStore, damage: bytes) -> None:
    entry = put(store)
    [chunk] = files(store, "chunks")
    chunk.write_bytes(damage)
    with pytest.raises(DamagedArtifact, match=f"{chunk.name} is damaged"):
        store.open(entry).read()
    assert store.faults(entry) == [f"{chunk} is damaged"]


def test_a_missing_chunk_is_named_and_comes_back_when_the_value_is_saved_again(store: ArtifactStore) -> None:
    entry = put(store)
    [chunk] = files(store, "chunks")
    chunk.unlink()
    assert store.faults(entry) == [f"{chunk} is missing"]
    assert store.renew("d") is None
    assert store.open(put(store)).read() == b"content"


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]", b"null", b"\xff"])
def test_a_damaged_entry_is_named_and_the_others_are_told(store: ArtifactStore, damage: bytes) -> None:
    put(store)
    [path] = files(store, "entries")
    path.write_bytes(damage)
    put(store, "e")
    with pytest.raises(DamagedArtifact, match=path.name):
        store.entry("d")
    with pytest.raises(DamagedArtifact, match=path.name):
        list(store.entries())
    damaged: list[str] = []
    assert [entry.digest for entry in store.entries(damaged)] == ["e"]
    assert path.name in damaged[0]


def test_an_entry_whose_bytes_were_changed_is_damaged(store: ArtifactStore) -> None:
    put(store)
    [path] = files(store, "entries")
    path.write_bytes(path.read_bytes().replace(b'"size_bytes": 7', b'"size_bytes": 8'))
    with pytest.raises(DamagedArtifact):
        store.entry("d")


def test_an_entry_of_a_newer_headwater_is_told_so(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headwater.sdk.artifacts.entries._VERSION", 2)
    put(store)
    monkeypatch.undo()
    with pytest.raises(DamagedArtifact, match="has version 2"):
        store.entry("d")


def test_saving_what_is_there_makes_it_new(store: ArtifactStore) -> None:
    first = put(store)
    again = store.renew("d")
    assert again is not None
    assert again.saved_at > first.saved_at
    assert store.entry("d") == again
    assert (store.renew("e"), store.renew("d", "npy")) == (None, None)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    with pytest.raises(ArtifactsUnavailable, match="file/artifacts cannot be used"):
        put(ArtifactStore(Folder(tmp_path / "file" / "artifacts")))


def test_a_full_disk_is_named_and_leaves_nothing_half_written(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    put(store, "before")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ArtifactsFull, match="No space left"):
        put(store, "d", b"more")
    assert files(store, "parts") == []
    assert [entry.digest for entry in store.entries()] == ["before"]


def test_a_file_is_saved_under_the_digest_of_its_bytes(store: ArtifactStore, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"abc")
    entry = save_file(store, str(path), "a.csv")
    assert entry.digest == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (entry.format, store.open(entry).read()) == ("file", b"abc")


def test_a_file_that_is_gone_or_was_written_meanwhile_is_not_saved(store: ArtifactStore, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(Unsaveable, match="there is no file"):
        save_file(store, str(path), "a.csv")
    path.write_bytes(b"abc")
    mark = mark_file(str(path))
    path.write_bytes(b"abcd")
    with pytest.raises(Unsaveable, match="has changed since"):
        save_file(store, str(path), "a.csv", mark)
    assert list(store.entries()) == []


def test_a_payload_is_written_to_a_file_whole_or_not_at_all(store: ArtifactStore, tmp_path: Path) -> None:
    entry = put(store, "d", b"abc")
    target = tmp_path / "out.bin"
    assert write_to(store, entry, target).read_bytes() == b"abc"
    files(store, "chunks")[0].write_bytes(b"abd")
    with pytest.raises(DamagedArtifact):
        write_to(store, entry, target, replaces=True)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.bin"]
    assert target.read_bytes() == b"abc"


@pytest.mark.parametrize("name", ["x" * 300, "nowhere/x", "file/x"])
def test_a_file_that_cannot_be_written_is_named(store: ArtifactStore, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match=f"{name[:100]}.* cannot be written"):
        write_to(store, put(store), tmp_path / name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("model", "model.bin"), ("a.bin", "a.bin"), ("s3://b/x/y", "y.bin"), ("..", "...bin"), ("/", "artifact.bin")],
)
def test_the_name_of_a_file_stays_in_its_folder(store: ArtifactStore, name: str, expected: str) -> None:
    assert file_name(put(store), name) == expected
