"""Documents that `export prov` wrote and nobody changed: a record a line, read line by line however large they are.

They hold no name but Headwater's own, so every record says all in its claims. Any other layout goes to the library.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headwater.errors import SourceError
from headwater.loaders.base import Found, Item, Place, Problem, attempt
from headwater.loaders.facts import dated_fact
from headwater.loaders.files import Line, lines
from headwater.loaders.prov.names import CLAIM, NAMESPACE, PREFIX

HEAD = f'{{"prefix":{json.dumps({PREFIX: NAMESPACE}, separators=(",", ":"))}'
_CLAIM = f"{PREFIX}:{CLAIM}"


def is_own(path: Path) -> bool:
    """Say whether the file begins as an export does, with Headwater's prefix alone on the first line."""
    first = next(lines(path, most=len(HEAD) + 2), None)
    return first is not None and first.content == f"{HEAD},".encode()


def own_claims(path: Path, before: int) -> Iterator[Found]:
    """Give each claim of the document; `before` bytes were read of files before this one."""
    section, is_closed = "", False
    for line in lines(path):
        text = (line.content or b"").removesuffix(b",")
        is_closed = text == b"}" and line.content == text
        if line.number == 1 or text == b"}":
            continue
        if text.endswith(b'":{'):
            section = text[1:-3].decode(errors="replace")
            continue
        yield from _record(Place(str(path), line.number, section), line, text, before + line.position)
    if not is_closed:
        yield Problem(Place(str(path)), "the document ends before it is closed", "warning")


def _record(place: Place, line: Line, text: bytes, position: int) -> Iterator[Found]:
    try:
        claims = _claims(line, text)
    except SourceError as exc:
        yield Problem(place, str(exc), position=position)
        return
    yield from (_item(place, claim, position) for claim in claims)


def _item(place: Place, claim: object, position: int) -> Found:
    return attempt(place, lambda: read_claim(claim, place, position), position)


def _claims(line: Line, text: bytes) -> list[Any]:
    if line.content is None:
        raise SourceError("the line is longer than any record may be")
    try:
        [record] = json.loads(b"{%b}" % text).values()
    except (ValueError, RecursionError) as exc:
        raise SourceError(f"the record is not whole JSON: {exc}") from exc
    found = record.get(_CLAIM, []) if isinstance(record, dict) else []
    return found if isinstance(found, list) else [found]


def read_claim(text: object, place: Place, position: int) -> Item:
    """Return the fact that a claim says. Raises SourceError and InvalidFact for what is none."""
    try:
        document = json.loads(str(text))
    except (ValueError, RecursionError) as exc:
        raise SourceError(f"its claim is no JSON: {exc}") from exc
    fact = dated_fact(document)
    return Item(str(document["fact"]), place, (fact,), position=position)
