"""A payload falls into the same chunks however it is written, comes back whole, and shares what others have."""

from __future__ import annotations

import hashlib
import io
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.sdk.artifacts.chunks import LEAST_BYTES, MOST_BYTES
from headwater.sdk.artifacts.streams import ChunkReader, ChunkWriter

_seeds = st.integers(0, 1000)


def content(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


def rows(first: int, last: int) -> bytes:
    """Return lines of text, each the same whenever it is asked for."""
    return b"".join(b"%d,%s\n" % (n, hashlib.sha256(b"%d" % n).hexdigest().encode()) for n in range(first, last))


def cut(*pieces: bytes) -> list[bytes]:
    chunks: list[bytes] = []
    writer = ChunkWriter(chunks.append)
    for piece in pieces:
        writer.write(piece)
    assert writer.finish() == sum(map(len, pieces))
    return chunks


@given(_seeds, st.integers(0, 2 * MOST_BYTES), st.lists(st.integers(0, 2 * MOST_BYTES), max_size=3))
def test_chunks_are_the_content_and_do_not_depend_on_the_writes(seed: int, size: int, places: list[int]) -> None:
    data = content(seed, size)
    bounds = [0, *sorted(min(place, size) for place in places), size]
    chunks = cut(*(data[a:b] for a, b in pairwise(bounds)))
    assert b"".join(chunks) == data
    assert chunks == cut(data)
    assert all(LEAST_BYTES <= len(chunk) <= MOST_BYTES for chunk in chunks[:-1])
    assert all(0 < len(chunk) <= MOST_BYTES for chunk in chunks[-1:])


def test_rows_that_are_added_and_dropped_leave_most_chunks_as_they_are() -> None:
    before, after = cut(rows(0, 100_000)), cut(rows(2_000, 102_000))
    new = sum(map(len, set(after) - set(before)))
    assert new < 0.35 * sum(map(len, after))


def test_a_place_that_is_overwritten_changes_the_chunk_that_it_is_in() -> None:
    data = bytearray(content(1, 8 << 20))
    before = set(cut(bytes(data)))
    data[5_000_000] ^= 1
    assert 1 <= len(set(cut(bytes(data))) - before) <= 2


def test_content_without_any_place_to_cut_falls_into_the_largest_chunks() -> None:
    assert [len(chunk) for chunk in cut(bytes(2 * MOST_BYTES + 1))] == [MOST_BYTES, MOST_BYTES, 1]


@given(
    st.lists(st.binary(min_size=1, max_size=5), max_size=5),
    st.lists(
        st.tuples(st.sampled_from([io.SEEK_SET, io.SEEK_END]), st.integers(0, 30), st.integers(-1, 30)), max_size=6
    ),
)
def test_reading_chunks_is_reading_a_file(chunks: list[bytes], steps: list[tuple[int, int, int]]) -> None:
    reader = io.BufferedReader(ChunkReader([len(chunk) for chunk in chunks], lambda n: chunks[n]), 4)
    expected = io.BytesIO(b"".join(chunks))
    for whence, offset, size in steps:
        back = -min(offset, len(expected.getvalue()))
        place = (offset, whence) if whence == io.SEEK_SET else (back, whence)
        assert reader.seek(*place) == expected.seek(*place)
        assert reader.read(size) == expected.read(size)
        assert reader.tell() == expected.tell()


def test_there_is_no_place_before_the_first_byte() -> None:
    with pytest.raises(ValueError, match="no place -1"):
        ChunkReader([], lambda _: b"").seek(-1)
