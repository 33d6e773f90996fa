"""Checks and canonical forms of the values that facts carry: names, ids, times, JSON.

A value that passes here is stored exactly by every store; one that cannot be is refused with a named error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

from headwater.errors import InvalidFact, InvalidName, InvalidValue, TooLarge
from headwater.ids import is_external

JSON: TypeAlias = "bool | int | float | str | list[JSON] | tuple[JSON, ...] | Mapping[str, JSON] | None"

MAX_NAME_BYTES = 4096
MAX_ID_BYTES = 512
MAX_TEXT_BYTES = 1 << 20

_SHOWN = 40


class CanonicalText(str):
    """JSON text exactly as `canonical` writes it, made by a faster writer of valid Unicode: it is taken as it is."""

    __slots__ = ()


def canonical(value: JSON, what: str = "value") -> str:
    """Return the one JSON text of `value`: sorted keys, no blanks; equal values give equal text.

    Raises InvalidValue for what JSON cannot hold exactly (NaN, infinities, lone surrogates, keys that are not text,
    other types), TooLarge above 1 MiB.
    """
    try:
        if type(value) is CanonicalText:
            text: str = value
        else:
            if not isinstance(value, str):
                _check_keys(value)
            text = _encode(value)
        size = len(text) if text.isascii() else len(text.encode())
    except (TypeError, ValueError, RecursionError) as exc:
        raise InvalidValue(f"{what} cannot be stored as JSON: {str(exc)[:200]}") from exc
    if size > MAX_TEXT_BYTES:
        raise TooLarge(f"{what} has {size:,} bytes, more than {MAX_TEXT_BYTES:,}")
    return text


def comparable(text: str) -> str:
    """Return JSON text whose order among others is one by code points and in UTF-16, by which Neo4j compares.

    Surrogates come before U+E000, so what lies behind U+FFFE is escaped; the value is the same.
    """
    return text if text.isascii() else _BEYOND.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]


def _check_keys(value: JSON) -> None:
    """Raise TypeError for a key that JSON would turn into text."""
    if type(value) is dict or isinstance(value, Mapping):
        if not _TEXT.issuperset(map(type, value)) and not all(isinstance(key, str) for key in value):
            raise TypeError(f"the keys {[key for key in value if not isinstance(key, str)][:3]} are not text")
        items: Iterable[JSON] = value.values()
    elif isinstance(value, (list, tuple)):
        items = value
    else:
        return
    for item in items:
        if type(item) not in _LEAVES:
            _check_keys(item)


def _as_dict(value: object) -> object:
    """Return a mapping that is no dict as one, for the encoder."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is not JSON")


_TEXT = frozenset({str})
_LEAVES = frozenset({str, int, float, bool, type(None)})
_BEYOND = re.compile("[\uffff-\U0010ffff]")
_encode = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_as_dict
).encode


def check_name(name: str, what: str = "name") -> str:
    """Return `name` unchanged.

    Raise InvalidName when it is empty, not text, over 4096 bytes of UTF-8, or not storable.
    """
    # Few names stand in many facts.
    return _checked_once(name, what, MAX_NAME_BYTES) if type(name) is str else _checked(name, what, MAX_NAME_BYTES)


def check_run_id(run: str) -> str:
    """Return the run id unchanged; raise InvalidName when it could not be told from the rest of a state's id."""
    _checked(run, "run id", MAX_ID_BYTES)
    if "@" in run or is_external(run):
        raise InvalidName(f"run id {run!r} holds '@' or begins with 'external'", hint="use a UUID, or escape the id")
    return run


def check_digest(digest: str) -> str:
    """Return the content digest unchanged, for example `sha256:9f86...`.

    Raise InvalidName when it holds an `@` or is too long.
    """
    _checked(digest, "digest", MAX_ID_BYTES)
    if "@" in digest:
        raise InvalidName(f"digest {digest!r} holds '@'", hint="write digests as algorithm:hexadecimal")
    return digest


def check_text(text: str, what: str) -> str:
    """Return free text unchanged; it may be empty and up to 1 MiB long."""
    if not isinstance(text, str):
        raise InvalidValue(f"{what} is {type(text).__name__}, not text")
    if "\0" in text:
        raise InvalidValue(f"{what} holds a NUL character")
    if _size(text, what, InvalidValue) > MAX_TEXT_BYTES:
        raise TooLarge(f"{what} has more than {MAX_TEXT_BYTES:,} bytes")
    return text


def _checked(text: str, what: str, limit: int) -> str:
    if not isinstance(text, str) or not text:
        raise InvalidName(f"{what} {text!r} is empty or not text")
    size = _size(text, what, InvalidName)
    if size > limit:
        raise InvalidName(f"{what} {text[:_SHOWN]!r}... has {size} bytes, more than {limit}")
    if "\0" in text:
        raise InvalidName(f"{what} {text!r} holds a NUL character")
    return text


_checked_once = lru_cache(maxsize=2048)(_checked)


def _size(text: str, what: str, failure: type[InvalidFact]) -> int:
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError as exc:
        shown = text[max(0, exc.start - _SHOWN) : exc.start + 1]
        raise failure(f"{what} {shown!r} holds a lone surrogate at position {exc.start}") from exc
