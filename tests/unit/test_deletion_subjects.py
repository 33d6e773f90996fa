from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.deletion.subjects import KINDS, Subject, parse
from headwater.errors import InvalidFact, UsageError
from headwater.graph.erasure import new_salt


@pytest.mark.parametrize(
    ("text", "kind", "inner"),
    [
        ("raw.csv", "name", "raw.csv"),
        ("raw.csv@0198-ab", "state", "raw.csv@0198-ab"),
        ("raw.csv@external", "state", "raw.csv@external"),
        ("raw.csv@external:sha256:00", "state", "raw.csv@external:sha256:00"),
        ("sha256:9f86d081884c7d659a2feaa0c55ad015", "digest", "sha256:9f86d081884c7d659a2feaa0c55ad015"),
        ("clients/c42/*", "pattern", "clients/c42/*"),
        ("client=c42", "label", "client=c42"),
        ("year=2024/month=1/part.csv", "name", "year=2024/month=1/part.csv"),
        ("s3://bucket/c42.csv", "name", "s3://bucket/c42.csv"),
        ("name:client=c42", "name", "client=c42"),
        ("name:joe@example.com", "name", "joe@example.com"),
        ("name:label:x", "name", "label:x"),
        ("label:path=a/b", "label", "path=a/b"),
    ],
)
def test_a_text_says_what_kind_of_subject_it_is(text: str, kind: str, inner: str) -> None:
    assert parse(text) == Subject(kind, inner)  # type: ignore[arg-type]


@given(st.builds(lambda kind, text: (kind, text), st.sampled_from(KINDS), st.text("ab:=@*/[1", min_size=1)))
def test_the_text_of_a_subject_means_it(made: tuple[str, str]) -> None:
    try:
        subject = Subject(*made)  # type: ignore[arg-type]
    except (InvalidFact, UsageError):
        return
    assert parse(str(subject)) == subject


@pytest.mark.parametrize("text", ["", "label:client=", "label:=c42", "state:@run", "state:name"])
def test_a_text_that_can_be_no_subject_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


def test_only_who_knows_subject_and_salt_recognises_the_hash() -> None:
    salt = new_salt()
    known = parse("client=c42").hash(salt)

    assert known == parse("label:client=c42").hash(salt)
    assert known != parse("client=c43").hash(salt)
    assert known != parse("name:client=c42").hash(salt)
    assert known != parse("client=c42").hash(new_salt())


@pytest.mark.parametrize("text", ["account C42 closed", "clients/c42/profile.json"])
def test_a_free_text_that_gives_the_subject_away_is_noticed(text: str) -> None:
    assert parse("client=c42").is_told_by(text)
    assert parse("clients/c42/*").is_told_by("see clients/c42/a") is True
    assert not parse("client=c42").is_told_by("account closed, ticket 4711")
