from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.deletion.chain import Audit, Head, audited, exported, sealed

SAID = st.dictionaries(st.sampled_from(["by", "at", "reason", "é"]), st.text(max_size=6), max_size=3)


def chain(said: list[dict[str, str]]) -> list[str]:
    head, lines = Head(), []
    for fields in said:
        line, head = sealed(head, {**fields, "kind": "request"})
        lines.append(line)
    return lines


def export(lines: list[str]) -> bytes:
    return "".join(exported(lines)).encode()


def record_at(content: bytes, place: int) -> int:
    """The number of the record in whose line a byte stands."""
    return content[:place].count(b"\n") + 1


CHAINS = st.lists(SAID, max_size=4).map(chain)


@given(CHAINS)
def test_an_unaltered_export_is_intact(lines: list[str]) -> None:
    found = audited(export(lines))

    assert found.is_intact
    assert found.entries == len(lines)


@given(CHAINS, st.data())
def test_any_changed_byte_is_found_and_its_record_named(lines: list[str], data: st.DataObject) -> None:
    content = export(lines)
    place = data.draw(st.integers(0, len(content) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))

    found = audited(content[:place] + bytes([other]) + content[place + 1 :])

    assert found.altered == record_at(content, place)


def test_every_byte_is_watched() -> None:
    content = export(chain([{"by": "ann"}]))
    missed = [
        (place, other)
        for place, byte in enumerate(content)
        for other in {byte ^ 1, byte ^ 32, ord("\n"), ord(" ")} - {byte}
        if audited(content[:place] + bytes([other]) + content[place + 1 :]).altered != record_at(content, place)
    ]

    assert missed == []


@given(CHAINS, st.data())
def test_a_byte_more_or_less_is_found_and_its_record_named(lines: list[str], data: st.DataObject) -> None:
    content = export(lines)
    place = data.draw(st.integers(0, len(content) - 1))
    more = data.draw(st.binary(min_size=1, max_size=2))

    without = audited(content[:place] + content[place + 1 :])
    with_more = audited(content[:place] + more + content[place:])

    assert without.altered == record_at(content, place)
    assert not with_more.is_intact


@given(st.lists(SAID, min_size=2, max_size=5).map(chain), st.data())
def test_records_that_change_places_are_found_at_the_first(lines: list[str], data: st.DataObject) -> None:
    a, b = sorted(data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=2, max_size=2, unique=True)))
    swapped = [*lines]
    swapped[a], swapped[b] = lines[b], lines[a]
    content = "".join(f"{line}\n" for line in swapped).encode() + export(lines).splitlines(keepends=True)[-1]

    assert audited(content).altered == a + 1


@given(st.lists(SAID, min_size=1, max_size=5).map(chain), st.data())
def test_a_record_left_out_is_found_at_its_place(lines: list[str], data: st.DataObject) -> None:
    gone = data.draw(st.integers(0, len(lines) - 1))
    content = export(lines).splitlines(keepends=True)

    found = audited(b"".join([*content[:gone], *content[gone + 1 :]]))

    assert found.altered == gone + 1


@given(CHAINS, st.data())
def test_an_export_that_ends_early_is_found(lines: list[str], data: st.DataObject) -> None:
    content = export(lines)
    kept = data.draw(st.integers(0, len(content) - 1))

    assert audited(content[:kept]).altered == record_at(content, kept)


@given(st.lists(SAID, min_size=1, max_size=5).map(chain), st.data())
def test_records_taken_off_the_end_with_a_new_seal_are_found_by_a_digest_that_was_noted_down(
    lines: list[str], data: st.DataObject
) -> None:
    noted = audited(export(lines)).head.digest
    shorter = export(lines[: data.draw(st.integers(0, len(lines) - 1))])

    assert audited(shorter).is_intact
    assert not audited(shorter, noted).is_intact
    assert audited(export(lines), noted).is_intact


@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n", b"[]\n", b'{"kind":"seal"}\n', b"[" * 100_000 + b"\n"])
def test_what_is_no_export_is_altered_from_its_first_record(content: bytes) -> None:
    found = audited(content)

    assert (found.entries, found.altered) == (0, 1)
    assert isinstance(found, Audit)
